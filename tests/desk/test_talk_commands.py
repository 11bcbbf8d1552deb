"""Commands of operators and supervisors on a call, and what the journal makes of what came of them; on both stores."""

import asyncio

import pytest
from centre import Centre, now
from sqlalchemy import select, update

from campaigns.projects.models import project
from desk.calls.models import call
from dialer.facts import (
    CallConnected,
    CallEnded,
    CallHeld,
    CallMonitored,
    CallResumed,
    CallStarted,
    CallTransferred,
    Direction,
    EndedBy,
    HeldBy,
    MonitoringEnded,
    OperatorChanged,
    TransferFailed,
)
from dialer.shapes import CallId, MonitorMode, OperatorId, ProjectId, Reason
from dialer.status import HandedOn, ListeningView, TalkView
from identity.audit.models import audit
from identity.roles.rights import Role
from kit import ids


async def events(centre: Centre) -> list[tuple[str, str, dict[str, object]]]:
    """Type, topic and body of all events so far, in order."""
    found = await centre.journal.read(0)
    return [(each.event.type, each.event.topic, each.event.body) for each in found]


async def row_of(centre: Centre, call_id: str):
    async with centre.db.read() as conn:
        return (await conn.execute(select(call).where(call.c.id == call_id))).mappings().one()


async def talking(centre: Centre):
    """A project with a talk: the project, its operator, the call."""
    here = await centre.project()
    worker = await centre.worker(here, extension="1001")
    return here, worker, await centre.talk(await centre.customer(await centre.campaign(here)), worker)


# ---------------------------------------------------------------- the doors


@pytest.mark.parametrize(
    ("path", "body", "command"),
    [
        ("hold", None, ("hold", True)),
        ("resume", None, ("hold", False)),
        ("mute", None, ("mute", True)),
        ("unmute", None, ("mute", False)),
        ("keys", {"keys": "12#"}, ("press", "12#")),
        ("transfer", {"operator": "a" * 32}, ("transfer", "a" * 32, False)),
        ("transfer", {"operator": "a" * 32, "warm": True}, ("transfer", "a" * 32, True)),
        ("transfer", {"extension": "1007"}, ("transfer_to_phone", "1007", False)),
        ("transfer", {"extension": "1007", "warm": True}, ("transfer_to_phone", "1007", True)),
        ("transfer/complete", None, ("end_transfer", True)),
        ("transfer/cancel", None, ("end_transfer", False)),
    ],
)
async def test_an_operator_commands_the_call_that_he_has(centre: Centre, ask, path, body, command):
    here, worker, talk = await talking(centre)
    colleague = await centre.worker(here)

    foreign = await ask(colleague, "POST", f"/calls/{talk}/{path}", body)
    own = await ask(worker, "POST", f"/calls/{talk}/{path}", body)

    assert (foreign.status_code, own.status_code) == (403, 204)
    name, *values = command
    assert centre.engine.commands == [(name, talk, worker.id, *values)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("keys", {"keys": "12E"}),
        ("keys", {"keys": ""}),
        ("transfer", {}),
        ("transfer", {"extension": "+881612345678"}),
        ("transfer", {"operator": "a" * 32, "extension": "1007"}),
    ],
)
async def test_what_is_no_key_and_nobody_is_refused(centre: Centre, ask, path, body):
    _, worker, talk = await talking(centre)

    answer = await ask(worker, "POST", f"/calls/{talk}/{path}", body)

    assert (answer.status_code, centre.engine.commands) == (422, [])


async def test_a_call_that_is_over_takes_no_commands(centre: Centre, ask):
    here, worker, talk = await talking(centre)
    await centre.record(CallEnded(CallId(talk), ProjectId(here), EndedBy.CUSTOMER, Reason("bye"), 5.0, now()))

    answer = await ask(worker, "POST", f"/calls/{talk}/hold")

    assert (answer.status_code, answer.json()["code"]) == (409, "call_over")


async def test_a_desk_that_is_loaded_again_sees_how_its_talk_stands(centre: Centre, ask):
    here, worker, talk = await talking(centre)
    boss = await centre.worker(here, role=Role.SUPERVISOR)
    centre.engine.talks[worker.id] = TalkView(CallId(talk), True, False, 4.5, HandedOn("1007", True, False))
    centre.engine.listens[boss.id] = ListeningView(CallId(talk), MonitorMode.WHISPER, True)

    mine, theirs = [(await ask(each, "GET", "/desk")).json() for each in (worker, boss)]

    transfer = {"extension": "1007", "warm": True, "answered": False}
    assert mine["talk"] == {"call": talk, "held": True, "muted": False, "hold_s": 4.5, "transfer": transfer}
    assert (mine["listening"], theirs["talk"]) == (None, None)
    assert theirs["listening"] == {"call": talk, "mode": "whisper", "begun": True}


async def test_only_supervisors_of_the_project_listen(centre: Centre, ask):
    here, worker, talk = await talking(centre)
    there = await centre.project()
    boss = await centre.worker(here, role=Role.SUPERVISOR, extension="1009")
    others = [
        await centre.worker(there, role=Role.SUPERVISOR, extension="1010"),
        await centre.worker(here, role=Role.MANAGER),
        await centre.worker(None, role=Role.ADMINISTRATOR),
        worker,
    ]

    refused = [(await ask(each, "PUT", f"/calls/{talk}/monitoring", {"mode": "listen"})).status_code for each in others]
    done = await ask(boss, "PUT", f"/calls/{talk}/monitoring", {"mode": "whisper"})
    left = await ask(boss, "DELETE", f"/calls/{talk}/monitoring")

    assert (refused, done.status_code, left.status_code) == ([404, 403, 403, 403], 204, 204)
    assert centre.engine.commands == [("monitor", talk, boss.id, "1009", "whisper"), ("stop_monitoring", talk, boss.id)]


async def test_a_supervisor_without_a_phone_is_told_so(centre: Centre, ask):
    here, _, talk = await talking(centre)
    boss = await centre.worker(here, role=Role.SUPERVISOR)

    answer = await ask(boss, "PUT", f"/calls/{talk}/monitoring", {"mode": "listen"})

    assert (answer.status_code, answer.json()["code"]) == (409, "no_extension")


# ---------------------------------------------------------------- what came of it


async def test_the_time_on_hold_stands_in_the_call_and_the_desk_is_told(centre: Centre, ask):
    here, worker, talk = await talking(centre)
    of = (CallId(talk), ProjectId(here), OperatorId(worker.id))
    before = len(await events(centre))

    await centre.record(CallHeld(*of, HeldBy.OPERATOR, now()), CallResumed(*of, HeldBy.OPERATOR, 4.5, now()))
    so_far = (await row_of(centre, talk))["hold_s"]
    ended = CallEnded(*of[:2], EndedBy.CUSTOMER, Reason("bye"), 60.0, now(), of[2], hold_s=9.25)
    await centre.record(ended)

    shown = (await ask(worker, "GET", f"/calls/{talk}")).json()
    assert (so_far, shown["hold_s"]) == (4.5, 9.25)
    told = await placed(centre, before + 3)
    assert [(kind, topic) for kind, topic, _ in told[before:]] == [
        ("ahize.call.held.v1", f"operator:{worker.id}"),
        ("ahize.call.resumed.v1", f"operator:{worker.id}"),
        ("ahize.call.ended.v1", f"operator:{worker.id}"),
    ]
    assert (told[before + 1][2]["hold_s"], told[before + 1][2]["by"]) == (4.5, "operator")


async def test_a_call_handed_on_is_the_next_operators_and_keeps_its_first_connect_time(centre: Centre):
    here, worker, talk = await talking(centre)
    next_one = await centre.worker(here)
    first = (await row_of(centre, talk))["connect_ms"]
    before = len(await events(centre))
    of = (CallId(talk), ProjectId(here), OperatorId(worker.id))

    await centre.record(
        TransferFailed(*of, "1007", Reason("phone_refused", {"status": 486}), now()),
        CallTransferred(*of, now(), to=OperatorId(next_one.id)),
        CallConnected(*of[:2], OperatorId(next_one.id), 0.0, now()),
    )

    row = await row_of(centre, talk)
    assert (row["operator"], row["connect_ms"]) == (next_one.id, first)
    told = await placed(centre, before + 3)
    assert [(kind, topic.partition(":")[2]) for kind, topic, _ in told[before:]] == [
        ("ahize.call.transfer_failed.v1", worker.id),
        ("ahize.call.transferred.v1", worker.id),
        ("ahize.call.connected.v1", next_one.id),
    ]
    assert told[before + 1][2]["to"] == next_one.id


async def test_a_call_that_is_over_is_neither_held_nor_handed_on_any_more(centre: Centre):
    here, worker, talk = await talking(centre)
    of = (CallId(talk), ProjectId(here), OperatorId(worker.id))
    await centre.record(CallEnded(*of[:2], EndedBy.ENGINE, Reason("lost"), 5.0, now(), of[2]))
    before = len(await events(centre))

    await centre.record(
        CallHeld(*of, HeldBy.OPERATOR, now()),
        CallResumed(*of, HeldBy.OPERATOR, 4.5, now()),
        CallTransferred(*of, now(), extension="1007"),
        TransferFailed(*of, "1007", Reason("phone_refused"), now()),
        OperatorChanged(of[2], "ready", None, now()),
    )

    told = await placed(centre, before + 1)
    assert [kind for kind, _, _ in told[before:]] == ["ahize.operator.changed.v1"]


@pytest.mark.parametrize("shown", [False, True])
async def test_who_listened_to_what_is_in_the_trail_and_the_operator_is_told_where_the_project_says_so(
    centre: Centre, shown: bool
):
    here, worker, talk = await talking(centre)
    boss = await centre.worker(here, role=Role.SUPERVISOR)
    await centre.db.write(
        lambda tx: tx.conn.execute(update(project).where(project.c.id == here).values(monitoring_shown=shown))
    )
    before, began, ended = len(await events(centre)), now(), now()
    of = (CallId(talk), ProjectId(here), OperatorId(worker.id), OperatorId(boss.id))

    await centre.record(
        CallMonitored(*of, MonitorMode.LISTEN, began),
        CallMonitored(*of, MonitorMode.WHISPER, now()),
        MonitoringEnded(*of, Reason("stopped"), began, ended),
    )

    async with centre.db.read() as conn:
        lines = (await conn.execute(select(audit).where(audit.c.subject == talk).order_by(audit.c.id))).all()
    assert {(line.actor, line.project) for line in lines} == {(boss.id, here)}
    assert [(line.action, line.detail.get("mode")) for line in lines] == [
        ("call.monitored", "listen"),
        ("call.monitored", "whisper"),
        ("call.monitoring_ended", None),
    ]
    assert (lines[0].at, lines[2].detail["from"], lines[2].at) == (began, began.isoformat(), ended)
    told = await placed(centre, before + 3)
    receiver = f"operator:{worker.id}" if shown else f"project:{here}"
    assert [(kind, topic) for kind, topic, _ in told[before:]] == [
        ("ahize.call.monitored.v1", receiver),
        ("ahize.call.monitored.v1", receiver),
        ("ahize.call.monitoring_ended.v1", receiver),
    ]


# ---------------------------------------------------------------- who calls


async def test_a_withheld_number_and_who_sent_the_call_on_are_shown_masked(centre: Centre, ask):
    here = await centre.project()
    worker = await centre.worker(here)
    made = ids.new()
    started = CallStarted(
        CallId(made),
        Direction.IN,
        ProjectId(here),
        None,
        now(),
        called="+902125550000",
        withheld=True,
        diverted_by=("+902121112233", "sip:desk@firm.example"),
    )
    connected = CallConnected(CallId(made), ProjectId(here), OperatorId(worker.id), 10.0, now())

    await centre.record(started, connected)

    shown = (await ask(worker, "GET", f"/calls/{made}")).json()
    assert (shown["withheld"], shown["number_masked"]) == (True, None)
    assert len(shown["diverted_by_masked"]) == 2
    assert "2112233" not in str(shown)
    raw = (await row_of(centre, made))["diverted_sealed"]
    assert b"112233" not in raw


async def placed(centre: Centre, count: int) -> list[tuple[str, str, dict[str, object]]]:
    """All events, once there are `count` of them."""
    async with asyncio.timeout(5), centre.journal.subscribe() as coming:
        if coming.start < count:
            async for item in coming:
                if item.position >= count:
                    break
    return await events(centre)
