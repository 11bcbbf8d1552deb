import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from centre import Centre, Worker, now
from sqlalchemy import delete, insert, update
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api import stream, websocket
from cli.doors import bind, opened
from cli.settings import Server
from dialer.facts import Direction, TrunkChanged
from dialer.shapes import Reason
from identity.login.models import api_key, session
from identity.roles.models import membership
from identity.roles.rights import Role
from identity.users.models import user
from kit import ids, metrics
from kit.db import Database

WITHIN_S = 10


@pytest.fixture
def remembers() -> int:
    return stream.RECENT


@pytest.fixture
async def centre(database: Database, remembers: int) -> AsyncIterator[Centre]:
    async with Centre(database, remembers).open() as made:
        yield made


@pytest.fixture
async def project(centre):
    return await centre.project()


@pytest.fixture
async def worker(centre, project):
    return await centre.worker(project)


class Door:
    """The served application, and clients of its event stream."""

    def __init__(self, host: str, app) -> None:
        self.host = host
        self.app = app

    def open(self, worker: Worker | None = None, query: str = "", **more):
        headers = {} if worker is None else {"Cookie": f"ahize_session={worker.token}"}
        headers |= more.pop("headers", {})
        origin = more.pop("origin", f"http://{self.host}")
        url = f"ws://{self.host}/api/v1/events{query}"
        return connect(url, additional_headers=headers, origin=origin, **more)


@pytest.fixture
async def door(centre):
    settings = Server(port=0)
    listening = bind(settings)
    app = centre.app()
    async with opened(app, settings, listening):
        yield Door(f"127.0.0.1:{listening.getsockname()[1]}", app)


async def take(socket) -> dict:
    """The next message that is not of the lossy lane."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), WITHIN_S))
        if message["type"] != "tick":
            return message


async def start(socket) -> tuple[dict, dict]:
    """Hello and snapshot of a fresh stream."""
    return await take(socket), await take(socket)


async def close_code(socket) -> int:
    """Read on until the server closes."""
    async with asyncio.timeout(WITHIN_S):
        with suppress(ConnectionClosed):
            async for _ in socket:
                pass
    return socket.close_code


async def trunk_changes(centre, count, start=0):
    for number in range(start, start + count):
        await centre.record(TrunkChanged(f"trunk-{number}", True, Reason("registered"), now()))


# ---------------------------------------------------------------- who gets in


async def test_without_a_sign_in_the_stream_is_refused_before_it_is_accepted(door, worker):
    forged = Worker(worker.id, worker.name, "no-such-session")
    for client in (None, forged):
        with pytest.raises(InvalidStatus) as refused:
            await door.open(client).__aenter__()
        assert refused.value.response.status_code == 403


async def test_a_token_in_the_address_opens_nothing(door, worker):
    with pytest.raises(InvalidStatus) as refused:
        await door.open(None, f"?token={worker.token}&authorization=Bearer+{worker.token}").__aenter__()
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", None, "null", "http://127.0.0.1:1"])
async def test_a_cookie_from_a_foreign_page_is_refused(door, worker, origin):
    with pytest.raises(InvalidStatus) as refused:
        await door.open(worker, origin=origin).__aenter__()
    assert refused.value.response.status_code == 403


async def test_an_administrator_without_a_second_factor_is_refused(centre, door):
    bare = await centre.worker(None, role=Role.ADMINISTRATOR, second_factor=False)
    with pytest.raises(InvalidStatus) as refused:
        await door.open(bare).__aenter__()
    assert refused.value.response.status_code == 403


async def test_a_bearer_key_opens_the_stream_without_an_origin(centre, door, worker):
    key = "ahize_test-key"
    row = {"id": ids.new(), "digest": centre.seal.digest("api-key", key), "user": worker.id, "name": "wallboard"}
    more = {"scopes": ["desk.work"], "created_at": now(), "expires_at": now().replace(year=2100)}
    await centre.db.write(lambda tx: tx.conn.execute(insert(api_key).values(**row, **more)))

    async with door.open(None, origin=None, headers={"Authorization": f"Bearer {key}"}) as socket:
        assert (await take(socket))["type"] == "hello"
    with pytest.raises(InvalidStatus):
        await door.open(worker, headers={"Authorization": "Bearer ahize_wrong"}).__aenter__()


async def test_a_user_has_five_streams_at_most(door, worker):
    open_ones = [await door.open(worker).__aenter__() for _ in range(stream.MAX_SOCKETS)]

    with pytest.raises(InvalidStatus) as refused:
        await door.open(worker).__aenter__()
    assert refused.value.response.status_code == 403

    for socket in open_ones:
        await socket.close()
    async with asyncio.timeout(WITHIN_S), door.open(worker) as socket:
        assert (await take(socket))["type"] == "hello"


# ---------------------------------------------------------------- order and resuming


async def test_a_call_comes_as_events_in_order_with_the_pop_for_its_operator(centre, door, project, worker):
    customer = await centre.customer(await centre.campaign(project, "hot"), "Fatma Kaya")
    supervisor = await centre.worker(project, role=Role.SUPERVISOR)

    async with door.open(worker) as desk, door.open(supervisor) as board:
        hello, resync = await start(desk)
        await start(board)
        call_id = await centre.talk(customer, worker)
        await centre.end(call_id, worker)
        mine = [await take(desk) for _ in range(4)]
        watched = [await take(board) for _ in range(5)]

    assert (hello["resumed"], resync["snapshot"]["operator"]["state"]) == (False, "offline")
    assert resync["position"] == resync["snapshot"]["position"] == hello["position"]
    assert [message["event"]["type"] for message in mine] == [
        "ahize.call.connected.v1",
        "ahize.operator.changed.v1",
        "ahize.call.ended.v1",
        "ahize.operator.changed.v1",
    ]
    first = hello["position"] + 1
    assert [message["position"] for message in watched] == list(range(first, first + 5))
    shown = mine[0]["event"]
    assert (shown["subject"], shown["data"]["operator"]) == (call_id, worker.id)
    assert (shown["pop"]["call"], shown["pop"]["person"]["name"]) == (call_id, "Fatma Kaya")
    assert not any("pop" in message["event"] for message in watched)
    assert "5321005001" not in json.dumps([mine, watched])


async def test_who_comes_back_gets_what_was_missed_while_events_are_written(centre, door, worker):
    async with door.open(worker) as socket:
        hello, _ = await start(socket)
    seen = [hello["position"]]

    async with asyncio.TaskGroup() as writing:
        writing.create_task(trunk_changes(centre, 150))
        while seen[-1] < 150:
            async with door.open(worker, f"?after={seen[-1]}&epoch={hello['epoch']}") as socket:
                assert (await take(socket))["resumed"]
                wanted = min(37, 150 - seen[-1])
                seen += [(await take(socket))["position"] for _ in range(wanted)]

    assert seen == list(range(seen[0], 151))


@pytest.mark.parametrize("remembers", [8])
async def test_who_was_away_for_long_is_replayed_from_the_store(centre, door, worker):
    await trunk_changes(centre, 40)
    async with door.open(worker) as socket:
        hello, _ = await start(socket)

    async with door.open(worker, f"?after=3&epoch={hello['epoch']}") as socket:
        again = await take(socket)
        positions = [(await take(socket))["position"] for _ in range(37)]

    assert again["resumed"]
    assert positions == list(range(4, 41))


@pytest.mark.parametrize(
    "place", ["?after=2", "?after=2&epoch=another", "?after=99999&epoch={epoch}", "?epoch={epoch}"]
)
async def test_without_a_good_place_the_stream_starts_from_a_snapshot(centre, door, worker, place):
    await trunk_changes(centre, 5)
    async with door.open(worker) as socket:
        hello, _ = await start(socket)

    async with door.open(worker, place.format(epoch=hello["epoch"])) as socket:
        hello, resync = await start(socket)

    assert (hello["resumed"], resync["type"], resync["position"]) == (False, "resync", hello["position"])


async def test_a_reload_in_a_call_gets_the_pop_back(centre, door, project, worker):
    call_id = await centre.talk(await centre.customer(await centre.campaign(project)), worker, Direction.IN)

    async with door.open(worker) as socket:
        _, resync = await start(socket)

    assert resync["snapshot"]["call"]["call"] == call_id
    assert resync["snapshot"]["operator"]["state"] == "talking"


# ---------------------------------------------------------------- whose events


async def test_events_of_a_foreign_project_or_colleague_are_never_seen(centre, door, project, worker):
    foreign = await centre.project()
    colleague = await centre.worker(project)
    stranger = await centre.worker(foreign)
    supervisor = await centre.worker(project, role=Role.SUPERVISOR)
    everywhere = await centre.worker(None, role=Role.ADMINISTRATOR)
    ours = await centre.customer(await centre.campaign(project))
    theirs = await centre.customer(await centre.campaign(foreign))

    async with (
        door.open(worker) as desk,
        door.open(supervisor) as board,
        door.open(everywhere) as system,
    ):
        for socket in (desk, board, system):
            await start(socket)
        await centre.talk(theirs, stranger)
        await centre.talk(ours, colleague)
        await trunk_changes(centre, 1)
        mine = [await take(desk)]
        watched = [await take(board) for _ in range(4)]
        all_of_them = [await take(system) for _ in range(7)]

    assert [message["event"]["type"] for message in mine] == ["ahize.trunk.changed.v1"]
    assert {message["event"]["data"].get("project", project) for message in watched} == {project}
    assert {message["event"]["data"].get("project", foreign) for message in all_of_them} == {project, foreign}

    async with door.open(worker, f"?after=0&epoch={centre.stream.epoch}") as again:
        await take(again)
        assert (await take(again))["event"]["type"] == "ahize.trunk.changed.v1"


@pytest.mark.parametrize("what", ["disabled", "signed out", "role taken"])
async def test_the_stream_ends_when_the_sign_in_or_its_rights_do(centre, door, worker, monkeypatch, what):
    monkeypatch.setattr(websocket, "LOOK_AGAIN_S", 0.1)
    statements = {
        "disabled": update(user).where(user.c.id == worker.id).values(disabled_at=now()),
        "signed out": delete(session).where(session.c.user == worker.id),
        "role taken": delete(membership).where(membership.c.user == worker.id),
    }
    async with door.open(worker) as socket:
        await start(socket)
        await centre.db.write(lambda tx: tx.conn.execute(statements[what]))

        assert await close_code(socket) == 4401


async def test_the_stream_ends_at_once_when_it_is_told(centre, door, worker):
    async with door.open(worker) as socket:
        await start(socket)
        await centre.db.write(lambda tx: tx.conn.execute(delete(session).where(session.c.user == worker.id)))
        door.app.state.endings.tell(worker.id)

        async with asyncio.timeout(2):
            assert await close_code(socket) == 4401


# ---------------------------------------------------------------- clients that misbehave


async def test_a_client_that_stops_reading_is_cut_and_others_go_on(centre, door, project, worker):
    supervisor = await centre.worker(project, role=Role.SUPERVISOR)
    bulk, before = Reason("x" * 20_000), cut()

    async with door.open(worker, max_queue=1) as stuck, door.open(supervisor) as other:
        await start(stuck)
        await start(other)
        for number in range(600):
            await centre.record(TrunkChanged(f"trunk-{number}", True, bulk, now()))
            last = await take(other)
            if cut() > before:
                break

        assert await close_code(stuck) == 4408
        await trunk_changes(centre, 1)
        assert (await take(other))["position"] == last["position"] + 1


def cut() -> float:
    return metrics.registry.get_sample_value("ahize_stream_cut_total") or 0.0


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["not json"], 4400),
        (['{"type":"dispose"}'], 4400),
        (["[" * 60_000], 4400),
        ([b"\x00\x01"], 4400),
        (["x" * (websocket.MAX_FRAME + 1)], 1009),
        (['{"type":"ping"}'] * (websocket.MAX_FRAMES_A_SECOND + 1), 4429),
    ],
)
async def test_whatever_is_no_ping_ends_the_stream(door, worker, frames, code):
    async with door.open(worker) as socket:
        await start(socket)
        for frame in frames:
            await socket.send(frame)

        assert await close_code(socket) == code


async def test_a_ping_is_answered_with_the_time_of_the_service(door, worker):
    async with door.open(worker) as socket:
        await start(socket)
        await socket.send('{"type":"ping"}')

        answer = await take(socket)

    assert answer["type"] == "pong"
    assert abs(datetime.fromisoformat(answer["at"]) - datetime.now(UTC)) < timedelta(seconds=5)


async def test_no_compression_is_agreed_on(door, worker):
    async with door.open(worker, compression="deflate") as socket:
        assert socket.protocol.extensions == []


async def test_a_second_desk_is_told_to_both(door, worker):
    async with door.open(worker) as first:
        await start(first)
        assert json.loads(await first.recv()) == {"type": "tick", "name": "desks", "value": 1}
        async with door.open(worker) as second:
            await start(second)
            assert json.loads(await first.recv())["value"] == 2
            assert json.loads(await second.recv())["value"] == 2
        assert json.loads(await asyncio.wait_for(first.recv(), WITHIN_S))["value"] == 1
