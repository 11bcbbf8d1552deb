"""Lists of calls, newest first, by what is asked for; fast however many calls there are.

One condition is served by an index that also gives the order: the number, else the operator, the campaign, the project,
else none. All others are looked at call by call, of so many calls a page: a page can be short, or empty, and still have
a next one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.lists.models import attempt
from desk.calls.models import call
from desk.recordings.models import ERASED, ERASING, LOST, recording
from dialer.facts import Direction
from dialer.outcomes import Outcome
from identity.roles.rights import Actor, Right

LOOKED_AT = 2000
"""Calls that one page looks at where it takes more than an index to choose them."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"([0-9]{1,16})-([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `since`, `until`: when the call began, `until` left out. `digest`: of the number, keyed."""

    project: str | None = None
    campaign: str | None = None
    operator: str | None = None
    digest: bytes | None = None
    since: datetime | None = None
    until: datetime | None = None
    direction: Direction | None = None
    outcome: Outcome | None = None
    recorded: bool | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: behind the call that began at `at`."""

    at: datetime
    call: str

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.call}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """None: it is none of ours."""
        found = _CURSOR.fullmatch(text)
        return None if found is None else cls(_EPOCH + int(found[1]) * _MICROSECOND, found[2])


@dataclass(frozen=True, slots=True)
class Page:
    """`after`: where the next page begins; None: this is the last."""

    rows: Sequence[RowMapping]
    recordings: Sequence[RowMapping]
    after: Place | None


async def page(conn: AsyncConnection, actor: Actor, wanted: Wanted, after: Place | None, limit: int) -> Page:
    """Up to `limit` calls that the actor may look at, with the recordings that he may listen to."""
    looked_at = scope(actor, wanted, after)
    rows = (await conn.execute(_chosen(looked_at, actor, wanted, limit))).mappings().all()
    if len(rows) == limit:
        last = Place(rows[-1]["started_at"], rows[-1]["id"])
    else:
        last = await _last_looked_at(conn, looked_at)
    return Page(rows, await _recordings(conn, actor, [row["id"] for row in rows]), last)


def scope(actor: Actor, wanted: Wanted, after: Place | None) -> Select[tuple[object, ...]]:
    """The calls that one page looks at, by an index."""
    found = select(call).where(_by_index(actor, wanted))
    if wanted.since is not None:
        found = found.where(call.c.started_at >= wanted.since)
    if wanted.until is not None:
        found = found.where(call.c.started_at < wanted.until)
    if after is not None:
        earlier = or_(call.c.started_at < after.at, call.c.id < after.call)
        found = found.where(call.c.started_at <= after.at, earlier)
    return found.order_by(call.c.started_at.desc(), call.c.id.desc()).limit(LOOKED_AT)


def _by_index(actor: Actor, wanted: Wanted) -> ColumnElement[bool]:
    """The one condition that an index serves; the narrowest, as far as one can know."""
    if wanted.digest is not None:
        return call.c.number_digest == wanted.digest
    columns = {
        call.c.operator: wanted.operator or _himself(actor),
        call.c.campaign: wanted.campaign,
        call.c.project: wanted.project or _only_project(actor),
    }
    return next((column == value for column, value in columns.items() if value is not None), true())


def _himself(actor: Actor) -> str | None:
    """Who may look at no calls but his own."""
    return None if actor.may_somewhere(Right.CALLS_READ) else actor.user


def _only_project(actor: Actor) -> str | None:
    """Of who has to do with no other."""
    read, worked = actor.projects(Right.CALLS_READ), actor.projects(Right.DESK_WORK)
    if read is None or worked is None or len(read | worked) != 1:
        return None
    return next(iter(read | worked))


def _chosen(
    looked_at: Select[tuple[object, ...]], actor: Actor, wanted: Wanted, limit: int
) -> Select[tuple[object, ...]]:
    among = looked_at.subquery()
    c = among.c
    outcome = case(
        (c.connected_at.is_not(None), Outcome.CONNECTED.value),
        (attempt.c.outcome.is_not(None), attempt.c.outcome),
        (c.ended_at.is_not(None), Outcome.ABANDONED.value),
    ).label("outcome")
    tests = [
        _may_look(actor, c.project, c.operator),
        *(c[name] == value for name, value in _plain(wanted).items() if value is not None),
    ]
    if wanted.outcome is not None:
        tests.append(outcome == wanted.outcome.value)
    if wanted.recorded is not None:
        sound = _may_hear(actor).where(recording.c.call == c.id).exists()
        tests.append(sound if wanted.recorded else ~sound)
    found = select(among, outcome).select_from(among.outerjoin(attempt, attempt.c.id == c.attempt))
    return found.where(and_(*tests)).order_by(c.started_at.desc(), c.id.desc()).limit(limit)


def _plain(wanted: Wanted) -> dict[str, str | None]:
    direction = None if wanted.direction is None else wanted.direction.value
    named = {"project": wanted.project, "campaign": wanted.campaign, "operator": wanted.operator}
    return {**named, "direction": direction}


def _may_look(actor: Actor, project: ColumnElement[str | None], operator: ColumnElement[str]) -> ColumnElement[bool]:
    """Any call where he may read calls, his own where he works at the desk."""
    own = and_(operator == actor.user, actor.reaches(Right.DESK_WORK, project))
    return or_(actor.reaches(Right.CALLS_READ, project), own)


def _may_hear(actor: Actor) -> Select[tuple[object, ...]]:
    """Recordings with sound. Said by what they are not: for what they are SQLite would leave the index by the call."""
    silent = recording.c.state.in_((LOST, ERASING, ERASED))
    return select(recording).where(~silent, actor.reaches(Right.RECORDINGS_LISTEN, recording.c.project))


async def _last_looked_at(conn: AsyncConnection, looked_at: Select[tuple[object, ...]]) -> Place | None:
    """The last call that the page looked at, if there may be more behind it."""
    last = looked_at.with_only_columns(call.c.started_at, call.c.id).offset(LOOKED_AT - 1).limit(1)
    row = (await conn.execute(last)).one_or_none()
    return None if row is None else Place(row.started_at, row.id)


async def _recordings(conn: AsyncConnection, actor: Actor, calls: Sequence[str]) -> Sequence[RowMapping]:
    if not calls:
        return []
    found = _may_hear(actor).where(recording.c.call.in_(calls)).order_by(recording.c.id)
    return (await conn.execute(found)).mappings().all()
