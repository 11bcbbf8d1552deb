"""What somebody asks of the list of calls, checked: whose calls, whose day, which number."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.projects import service as projects
from contacts import sealing
from desk.calls.listing import Place, Wanted
from desk.calls.schemas import Asked
from identity.audit import service as audit
from identity.errors import NoRight
from identity.roles.rights import Actor, Right
from kit import phones
from kit.db import Tx
from kit.errors import Invalid, NotFound
from kit.phones import NO_COUNTRY, PhoneError
from kit.seal import Seal


async def wanted_of(conn: AsyncConnection, seal: Seal, actor: Actor, asked: Asked) -> tuple[Wanted, Place | None]:
    """What is wanted, and where the page begins. Raises NotFound for a foreign project, NoRight, Invalid."""
    there = await _project(conn, actor, asked.project)
    since, until = _time(asked, there)
    wanted = Wanted(
        project=asked.project,
        campaign=asked.campaign,
        operator=asked.operator,
        digest=_digest(seal, actor, asked, there),
        since=since,
        until=until,
        direction=asked.direction,
        outcome=asked.outcome,
        recorded=asked.recorded,
    )
    return wanted, _place(asked.cursor)


async def note_search(tx: Tx, actor: Actor, project: str | None, now: datetime) -> None:
    """That somebody asked who called from a number, which is not written down."""
    await audit.record(tx, actor.user, "calls.searched", None, project, None, now)


async def _project(conn: AsyncConnection, actor: Actor, wanted: str | None) -> RowMapping | None:
    if wanted is None:
        return None
    if not (actor.may(Right.CALLS_READ, wanted) or actor.may(Right.DESK_WORK, wanted)):
        raise NotFound
    return await projects.find(conn, wanted)


def _time(asked: Asked, there: RowMapping | None) -> tuple[datetime | None, datetime | None]:
    """The moments between which calls began, the second left out."""
    if asked.day is None:
        return None, None
    zone = asked.zone or (None if there is None else there["zone"])
    if zone is None:
        raise _wrong("zone", "needed", "Say whose day is meant: name a project, or a zone like Europe/Istanbul.")
    begins, ends = (datetime.combine(asked.day + timedelta(days=n), time(), ZoneInfo(zone)) for n in (0, asked.days))
    return begins, ends


def _digest(seal: Seal, actor: Actor, asked: Asked, there: RowMapping | None) -> bytes | None:
    """Of a number, as it is written everywhere."""
    if asked.number is None:
        return None
    if not (actor.may_somewhere(Right.CALLS_READ) if there is None else actor.may(Right.CALLS_READ, there["id"])):
        raise NoRight(Right.CALLS_READ)
    try:
        number = phones.parse(asked.number, NO_COUNTRY if there is None else there["country"]).e164
    except PhoneError as error:
        raise _wrong("number", error.code, str(error)) from None
    return sealing.number_digest(seal, number)


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    place = Place.read(cursor)
    if place is None:
        raise _wrong("cursor", "unknown", "Give the next_cursor of the page before, as it is.")
    return place


def _wrong(field: str, code: str, message: str) -> Invalid:
    return Invalid(errors=[{"field": field, "code": code, "message": message}])
