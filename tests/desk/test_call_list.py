"""Lists of calls: what is asked for, nothing that is another's, and fast on both stores."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from centre import Centre, Worker
from sqlalchemy import Select, func, insert, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

from campaigns.lists.models import attempt
from contacts import sealing
from desk.calls import listing
from desk.calls.listing import Place, Wanted
from desk.calls.models import call
from desk.recordings.models import recording
from dialer.facts import Direction
from dialer.outcomes import Outcome
from identity.audit.models import audit
from identity.roles.models import membership
from identity.roles.rights import Actor, Grant, Role
from kit import ids, phones

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUALITY = {"loss": 0.01, "jitter_ms": 4.0, "round_trip_ms": 80.0, "mos": 4.1}


@dataclass
class Calls:
    """Rows of calls, each a minute before the last."""

    centre: Centre
    project: str
    count: int = 0

    async def add(self, *, number: str = "+905321005001", recorded: str | None = None, **values) -> str:
        made, at = ids.new(), NOON - timedelta(minutes=self.count)
        self.count += 1
        seal = self.centre.seal
        row = {
            "id": made,
            "project": self.project,
            "direction": "out",
            "started_at": at,
            "connected_at": at,
            "ended_at": at,
            "number_sealed": seal.seal(number, sealing.NUMBER),
            "number_digest": sealing.number_digest(seal, number),
            **values,
        }
        sound = {"id": ids.new(), "call": made, "project": row["project"], "key_sealed": b"x", "seconds": 3.0}

        async def work(tx) -> None:
            await tx.conn.execute(insert(call).values(row))
            if recorded is not None:
                await tx.conn.execute(insert(recording).values(**sound, state=recorded, started_at=at))

        await self.centre.db.write(work)
        return made


@pytest.fixture
async def calls(centre: Centre) -> Calls:
    return Calls(centre, await centre.project())


@pytest.fixture
async def supervisor(calls: Calls) -> Worker:
    return await calls.centre.worker(calls.project, role=Role.SUPERVISOR)


@pytest.fixture
def found(ask):
    """The ids that a worker is given for a query."""

    async def asked(worker: Worker, query: str = "") -> list[str]:
        answer = await ask(worker, "GET", f"/calls?{query}")
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    return asked


async def test_a_call_is_shown_with_its_sound_its_end_and_its_recording(calls: Calls, supervisor: Worker, ask):
    made = await calls.add(quality=QUALITY, first_voice_ms=900.0, recorded="kept")

    (shown,) = (await ask(supervisor, "GET", "/calls")).json()["items"]

    assert (shown["id"], shown["quality"], shown["first_voice_ms"]) == (made, QUALITY, 900.0)
    assert (shown["outcome"], shown["number_masked"]) == ("connected", phones.mask("+905321005001"))
    assert [(each["state"], each["seconds"]) for each in shown["recordings"]] == [("kept", 3.0)]
    assert "5321005001" not in str(shown)


async def test_calls_are_chosen_by_what_is_asked(calls: Calls, supervisor: Worker, found):
    someone = await calls.centre.worker(calls.project)
    campaign = await calls.centre.campaign(calls.project)
    mine = await calls.add(operator=someone.id)
    incoming = await calls.add(direction="in", called="+902120000000")
    dialed = await calls.add(campaign=campaign)
    heard = await calls.add(recorded="kept")
    gone = await calls.add(recorded="erased")
    missed = await calls.add(direction="in", connected_at=None)
    on = await calls.add(ended_at=None, connected_at=None)

    assert await found(supervisor) == [mine, incoming, dialed, heard, gone, missed, on]
    assert await found(supervisor, f"operator={someone.id}") == [mine]
    assert await found(supervisor, "direction=in") == [incoming, missed]
    assert await found(supervisor, f"campaign={campaign}") == [dialed]
    assert await found(supervisor, "recorded=true") == [heard]
    assert await found(supervisor, "recorded=false") == [mine, incoming, dialed, gone, missed, on]
    assert await found(supervisor, "outcome=abandoned") == [missed]
    assert await found(supervisor, f"project={calls.project}&outcome=connected&direction=in") == [incoming]


async def test_an_outgoing_call_that_nobody_took_ended_as_its_attempt_did(calls: Calls, supervisor: Worker, found):
    campaign = await calls.centre.campaign(calls.project)
    ringing = await calls.centre.ring(await calls.centre.customer(campaign))
    early = await calls.add(attempt=ringing.id, connected_at=None)
    ended = attempt.update().where(attempt.c.id == ringing.id).values(outcome=Outcome.HUNG_UP_EARLY.value)
    await calls.centre.db.write(lambda tx: tx.conn.execute(ended))

    assert await found(supervisor, "outcome=hung_up_early") == [early]
    assert await found(supervisor, "outcome=abandoned") == []


async def test_a_day_is_that_of_the_zone(calls: Calls, supervisor: Worker, found, ask):
    evening = await calls.add(started_at=datetime(2026, 3, 1, 20, 59, tzinfo=UTC))
    night = await calls.add(started_at=datetime(2026, 3, 1, 21, 0, tzinfo=UTC))
    where = f"project={calls.project}"

    assert await found(supervisor, f"day=2026-03-01&{where}") == [evening], "Istanbul is at +3"
    assert await found(supervisor, f"day=2026-03-02&{where}") == [night]
    assert await found(supervisor, "day=2026-03-01&zone=UTC") == [night, evening]
    assert await found(supervisor, f"day=2026-03-01&days=2&{where}") == [night, evening]
    refused = await ask(supervisor, "GET", "/calls?day=2026-03-01")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "zone")


async def test_a_number_is_found_however_it_is_asked_for_and_the_search_is_noted(
    calls: Calls, supervisor: Worker, found
):
    await calls.add()
    theirs = await calls.add(number="+905321005002")

    assert await found(supervisor, f"number=0532+100+50+02&project={calls.project}") == [theirs]
    assert await found(supervisor, "number=%2B905321005002") == [theirs]

    async with calls.centre.db.read() as conn:
        lines = (await conn.execute(select(audit).where(audit.c.action == "calls.searched"))).all()
    assert [(line.actor, line.project) for line in lines] == [
        (supervisor.id, calls.project),
        (supervisor.id, None),
    ]
    assert "532" not in str([(line.subject, line.detail) for line in lines])


async def test_who_may_not_read_calls_sees_his_own_without_recordings_and_cannot_ask_by_number(
    calls: Calls, found, ask
):
    operator = await calls.centre.worker(calls.project)
    own = await calls.add(operator=operator.id, recorded="kept")
    await calls.add()

    (shown,) = (await ask(operator, "GET", "/calls")).json()["items"]
    refused = await ask(operator, "GET", f"/calls?number=05321005001&project={calls.project}")

    assert (shown["id"], shown["recordings"]) == (own, [])
    assert await found(operator, f"operator={'f' * 32}") == []
    assert await found(operator, "recorded=true") == []
    assert (refused.status_code, refused.json()["code"]) == (403, "no_right")


async def test_nothing_foreign_is_in_a_list(calls: Calls, supervisor: Worker, found, ask):
    other = await calls.centre.project("Taksi")
    foreign = await calls.add(project=other, recorded="kept")
    both = await calls.centre.worker(calls.project, role=Role.SUPERVISOR)
    elsewhere = await calls.centre.worker(other)
    ours = await calls.add(recorded="kept")
    await calls.add(project=other, operator=both.id)

    assert await found(supervisor) == await found(both) == [ours]
    assert await found(supervisor, "number=%2B905321005001") == [ours]
    assert await found(elsewhere) == []
    assert (await ask(supervisor, "GET", f"/calls?project={other}")).status_code == 404
    manager = await calls.centre.worker(None, role=Role.MANAGER)
    assert foreign in await found(manager)


async def test_who_reads_in_one_project_and_works_in_another_sees_all_of_the_one_and_his_own_of_the_other(
    calls: Calls, found
):
    other = await calls.centre.project("Taksi")
    reader = await calls.centre.worker(calls.project, role=Role.MANAGER)
    work = {"id": ids.new(), "user": reader.id, "project": other, "role": "operator"}
    await calls.centre.db.write(lambda tx: tx.conn.execute(insert(membership).values(work)))
    read = await calls.add()
    await calls.add(project=other)
    own = await calls.add(project=other, operator=reader.id)

    assert await found(reader) == [read, own]


async def test_pages_follow_each_other_without_gap_or_repeat(calls: Calls, supervisor: Worker, ask):
    made = [await calls.add() for _ in range(3)]
    twins = [await calls.add(started_at=NOON - timedelta(hours=1)) for _ in range(4)]
    seen, cursor = [], ""
    for _ in range(9):
        page = (await ask(supervisor, "GET", f"/calls?limit=2{cursor}")).json()
        seen += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == [*made, *sorted(twins, reverse=True)]


async def test_a_rare_call_is_found_by_asking_on_and_no_page_looks_at_all(
    calls: Calls, supervisor: Worker, ask, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "LOOKED_AT", 3)
    for _ in range(7):
        await calls.add()
    rare = await calls.add(direction="in")
    pages, cursor = [], ""
    while not pages or cursor:
        page = (await ask(supervisor, "GET", f"/calls?direction=in{cursor}")).json()
        pages.append([each["id"] for each in page["items"]])
        cursor = "" if page["next_cursor"] is None else f"&cursor={page['next_cursor']}"

    assert pages == [[], [], [rare]]


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=1-2", "number=abc", "number=05321005001", "direction=up", "outcome=x", "colour=red"]
)
async def test_what_cannot_be_asked_is_refused_by_name(supervisor: Worker, ask, query: str):
    refused = await ask(supervisor, "GET", f"/calls?{query}")

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].endswith(query.split("=", 1)[0])


# ---------------------------------------------------------------- many calls


def somebody(*grants: Grant) -> Actor:
    return Actor("a" * 32, "a", "A", "tr", None, grants)


ANYWHERE = somebody(Grant(None, Role.MANAGER))
HERE = somebody(Grant("p1", Role.SUPERVISOR))
OPERATOR = somebody(Grant("p1", Role.OPERATOR))
DAY = {"since": NOON, "until": NOON + timedelta(days=1)}


@pytest.fixture
async def many(centre: Centre) -> Centre:
    """2,000 calls of 40 projects and operators, 80 campaigns."""
    rows = [
        {
            "id": ids.new(),
            "project": f"p{n % 40}",
            "campaign": f"c{n % 80}",
            "operator": f"o{n % 40}",
            "direction": "out",
            "started_at": NOON + timedelta(minutes=n),
            "number_digest": secrets.token_bytes(32),
        }
        for n in range(2_000)
    ]

    async def work(tx) -> None:
        await tx.conn.execute(insert(call), rows)
        await tx.conn.execute(text("ANALYZE"))

    await centre.db.write(work)
    return centre


BY_INDEX = [
    (ANYWHERE, Wanted(), "ix_call_started"),
    (ANYWHERE, Wanted(**DAY), "ix_call_started"),
    (ANYWHERE, Wanted(direction=Direction.IN, recorded=True), "ix_call_started"),
    (ANYWHERE, Wanted(project="p1", outcome=Outcome.ABANDONED), "ix_call_project"),
    (HERE, Wanted(**DAY), "ix_call_project"),
    (HERE, Wanted(campaign="c1", direction=Direction.IN), "ix_call_campaign"),
    (HERE, Wanted(operator="o1", campaign="c1", project="p1"), "ix_call_operator"),
    (OPERATOR, Wanted(**DAY), "ix_call_operator"),
    (HERE, Wanted(digest=b"x" * 32, operator="o1"), "ix_call_number_digest"),
]


@pytest.mark.parametrize("after", [None, Place(NOON + timedelta(days=1), "f" * 32)])
async def test_a_page_is_found_by_an_index_that_gives_the_order(many: Centre, after: Place | None):
    for actor, wanted, index in BY_INDEX:
        few = wanted.digest is not None  # they may be sorted
        query = listing.scope(actor, wanted, after)

        plan = await plan_of(many, query, without=() if few else ("sort", "bitmapscan"))

        assert index in plan
        assert not re.search(r"SCAN call(?! USING INDEX)|Seq Scan", plan), plan
        assert few or not re.search(r"TEMP B-TREE FOR ORDER BY|->  Sort ", plan), plan


async def test_recordings_of_a_page_are_found_by_their_calls(many: Centre):
    query = listing._may_hear(HERE).where(recording.c.call.in_(["a" * 32, "b" * 32]))

    assert "ix_recording_call" in await plan_of(many, query)


class Explained(Executable, ClauseElement):
    """A query's plan in place of its rows."""

    inherit_cache = False

    def __init__(self, query: Select) -> None:
        self.query = query


@compiles(Explained)
def _explained(element: Explained, compiler, **named) -> str:
    sqlite = compiler.dialect.name == "sqlite"
    return ("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + compiler.process(element.query, **named)


async def plan_of(centre: Centre, query: Select, without: tuple[str, ...] = ()) -> str:
    """As it is for many calls; few are sorted by PostgreSQL where it could take them in order, unless told not to."""
    async with centre.db.read() as conn:
        if not centre.db.is_sqlite:
            await conn.execute(
                select(*(func.set_config(f"enable_{way}", "off", True) for way in (*without, "seqscan")))
            )
        return " ".join(str(row) for row in await conn.execute(Explained(query)))


def test_a_place_is_written_and_read_without_loss():
    place = Place(datetime(2026, 11, 25, 14, 1, 2, 345678, tzinfo=UTC), "0" * 32)

    assert Place.read(str(place)) == place
    assert Place.read("99999999999999999-" + "0" * 32) is None
