"""Leads as the engine sees them: taken by one owner, reserved, begun, given back (port `dialer.ports.Leads`)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, case, desc, func, select, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaigns.models import campaign
from campaigns.dispositions.schemas import Disposition, Flag
from campaigns.lists import attempts, ownership
from campaigns.lists.models import call_list, lead
from campaigns.rules.retry import LeadState
from contacts import sealing
from dialer import shapes
from kit import ids
from kit.clock import Clock, SystemClock
from kit.db import Database, Tx
from kit.seal import Seal

LISTS_AT_ONCE = 50  # lists looked into by one query
REOPENED_AT_ONCE = 200  # leads in one piece of a long write
OUTSIDE_HOURS = "outside_hours"
CALLBACK = "callback"
CALLBACK_PRIORITY = 50  # what was promised to a customer goes before what is merely due


class StoredLeads:
    """The store of leads and attempts for one engine. `owner` names it in the ownership table."""

    def __init__(self, db: Database, seal: Seal, clock: Clock | None = None, owner: str | None = None) -> None:
        self._db, self._seal = db, seal
        self._clock = clock or SystemClock()
        self.owner = owner or ids.new()

    async def campaigns(self) -> Sequence[shapes.Campaign]:
        """Running campaigns, the most urgent first."""
        running = select(campaign).where(campaign.c.state == "running")
        async with self._db.read() as conn:
            rows = (await conn.execute(running.order_by(desc(campaign.c.priority), campaign.c.id))).mappings().all()
        return [_campaign_of(row) for row in rows]

    async def take(self, resource: str) -> int:
        """Become the owner. What an earlier owner had reserved is open again: it was never dialed and cannot be."""
        return await self._db.write(self._take_for(resource), urgent=True)

    async def reserve(self, campaign: shapes.CampaignId, n: int, fence: int, now: datetime) -> Sequence[shapes.Lead]:
        """Up to `n` due leads, most urgent first; none under an overtaken fence."""
        async with self._db.read() as conn:
            wanted = await _due(conn, campaign, n, now)
        if not wanted:
            return []
        rows = await self._db.write(lambda tx: _reserve(tx, campaign, wanted, fence, now), urgent=True)
        by_id = {row["id"]: row for row in rows}
        return [self._lead_of(by_id[each]) for each in wanted if each in by_id]

    async def release(
        self, lead: shapes.LeadId, fence: int, not_before: datetime | None, reason: shapes.Reason | None
    ) -> None:
        """Give a reserved lead back undialed; see the port."""
        await self._db.write(lambda tx: _release(tx, lead, fence, not_before, reason), urgent=True)

    async def begin(self, start: shapes.AttemptStart) -> bool:
        """Commit the attempt. False: do not dial."""
        row = attempts.row_of(start, self._seal)
        try:
            await self._db.write(lambda tx: attempts.begin(tx, start, row), urgent=True)
        except (attempts.NotMine, IntegrityError):
            return False
        return True

    async def unfinished(self) -> Sequence[shapes.LostAttempt]:
        """Attempts that are not final, with the fence that stands now: whoever took over ends them."""
        async with self._db.read() as conn:
            return await attempts.unfinished(conn, self._seal)

    async def waiting(self, campaign: shapes.CampaignId, now: datetime) -> shapes.LeadCounts:
        """How many leads are callable now and later."""
        async with self._db.read() as conn:
            found = (await conn.execute(_counted(campaign, now))).one()
            code = None if found.next_at is None else await conn.scalar(_waits_for(campaign, found.next_at))
        return shapes.LeadCounts(found.callable or 0, found.later or 0, found.next_at, code)

    def _take_for(self, resource: str):
        async def work(tx: Tx) -> int:
            fence = await ownership.take(tx, resource, self.owner, self._clock.now())
            kind, _, name = resource.partition(":")
            if kind == "campaign":
                reserved = and_(visible(name), lead.c.state == LeadState.RESERVED.value)
                await tx.conn.execute(update(lead).where(reserved).values(state=LeadState.OPEN.value, reserved_at=None))
            return fence

        return work

    def _lead_of(self, row: RowMapping) -> shapes.Lead:
        return shapes.Lead(
            id=shapes.LeadId(row["id"]),
            campaign=shapes.CampaignId(row["campaign"]),
            project=shapes.ProjectId(row["project"]),
            person=shapes.PersonId(row["person"]),
            number=self._seal.open(row["number_sealed"], sealing.NUMBER),
            tries=row["attempts"],
        )


def visible(campaign: str) -> ColumnElement[bool]:
    """Leads of the campaign's finished lists, by the index that begins with the list."""
    return lead.c.list.in_(select(call_list.c.id).where(call_list.c.campaign == campaign, call_list.c.state == "done"))


async def apply_disposition(
    tx: Tx, wanted: str, disposition: Disposition, callback_at: datetime | None, at: datetime
) -> None:
    """An operator's result decides what becomes of the lead; the call may still be on."""
    await tx.conn.execute(
        update(lead)
        .where(lead.c.id == wanted)
        .values(last_disposition=disposition.code, **_future(disposition, callback_at, at))
    )


def _future(disposition: Disposition, callback_at: datetime | None, at: datetime) -> dict[str, Any]:
    if Flag.DO_NOT_CALL in disposition.flags:
        return {"state": LeadState.DNC.value, "waits_for": "on_do_not_call"}
    if callback_at is not None:
        return {
            "state": LeadState.OPEN.value,
            "next_at": callback_at,
            "waits_for": CALLBACK,
            "priority": case((lead.c.priority < CALLBACK_PRIORITY, CALLBACK_PRIORITY), else_=lead.c.priority),
        }
    if disposition.retry_s is not None:
        next_at = at + timedelta(seconds=disposition.retry_s)
        return {"state": LeadState.OPEN.value, "next_at": next_at, "waits_for": "retry"}
    return {"state": LeadState.DONE.value, "waits_for": disposition.code}


async def reopen_outside_hours(db: Database, campaign: str, at: datetime) -> None:
    """The campaign's hours changed: leads that waited for the old ones are asked about again, a few at a time."""
    waiting = and_(
        visible(campaign),
        lead.c.state == LeadState.OPEN.value,
        lead.c.waits_for == OUTSIDE_HOURS,
        lead.c.next_at > at,
    )
    async with db.read() as conn:
        found = (await conn.execute(select(lead.c.id).where(waiting))).scalars().all()
    await db.write_slices(_reopen(part, at) for part in _parts(found, REOPENED_AT_ONCE))


def _reopen(some: Sequence[str], at: datetime):
    async def work(tx: Tx) -> None:
        still = and_(lead.c.id.in_(some), lead.c.waits_for == OUTSIDE_HOURS)
        await tx.conn.execute(update(lead).where(still).values(next_at=at, waits_for=None))

    return work


def _parts(whole: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (whole[start : start + size] for start in range(0, len(whole), size))


async def _due(conn: AsyncConnection, campaign: str, n: int, now: datetime) -> list[str]:
    """Ids of the `n` most urgent leads that are due, over the campaign's lists; each list is read by its index."""
    done = select(call_list.c.id).where(call_list.c.campaign == campaign, call_list.c.state == "done")
    lists = (await conn.execute(done)).scalars().all()
    found: list[tuple[int, datetime, str]] = []
    for part in _parts(lists, LISTS_AT_ONCE):
        heads = [_head(each, n, now).subquery() for each in part]
        rows = await conn.execute(union_all(*(select(head) for head in heads)))
        found += [(-row.priority, row.next_at, row.id) for row in rows]
    return [each for _, _, each in sorted(found)[:n]]


def _head(call_list_id: str, n: int, now: datetime):
    due = and_(lead.c.list == call_list_id, lead.c.state == LeadState.OPEN.value, lead.c.next_at <= now)
    return (
        select(lead.c.id, lead.c.priority, lead.c.next_at)
        .where(due)
        .order_by(desc(lead.c.priority), lead.c.next_at)
        .limit(n)
    )


async def _reserve(tx: Tx, campaign: str, wanted: Sequence[str], fence: int, now: datetime) -> Sequence[RowMapping]:
    if not await ownership.holds(tx, f"campaign:{campaign}", fence):
        return []
    still_open = and_(lead.c.id.in_(wanted), lead.c.state == LeadState.OPEN.value)
    taken = update(lead).where(still_open).values(state=LeadState.RESERVED.value, fence=fence, reserved_at=now)
    columns = (lead.c.id, lead.c.campaign, lead.c.project, lead.c.person, lead.c.number_sealed, lead.c.attempts)
    return (await tx.conn.execute(taken.returning(*columns))).mappings().all()


async def _release(tx: Tx, wanted: str, fence: int, not_before: datetime | None, reason: shapes.Reason | None) -> None:
    mine = and_(lead.c.id == wanted, lead.c.state == LeadState.RESERVED.value, lead.c.fence == fence)
    code = None if reason is None else reason.code[:40]
    if not_before is not None:
        still = case((lead.c.waits_for == CALLBACK, CALLBACK), else_=code)  # a promise stays one until it is kept
        values = {"state": LeadState.OPEN.value, "next_at": not_before, "waits_for": still}
    elif code is not None:
        closed = LeadState.DNC if code == "on_do_not_call" else LeadState.DONE
        values = {"state": closed.value, "waits_for": code}
    else:
        values = {"state": LeadState.OPEN.value}
    await tx.conn.execute(update(lead).where(mine).values(**values, reserved_at=None))


def _counted(campaign: str, now: datetime):
    due = lead.c.next_at <= now
    return select(
        func.sum(case((due, 1), else_=0)).label("callable"),
        func.sum(case((due, 0), else_=1)).label("later"),
        func.min(case((due, None), else_=lead.c.next_at), type_=lead.c.next_at.type).label("next_at"),
    ).where(visible(campaign), lead.c.state == LeadState.OPEN.value)


def _waits_for(campaign: str, at: datetime):
    """The code of a lead that comes due at this very moment."""
    here = (visible(campaign), lead.c.state == LeadState.OPEN.value, lead.c.next_at == at)
    return select(lead.c.waits_for).where(*here).limit(1)


def _detector_of(row: RowMapping) -> shapes.Detector:
    measures = dict(row["detector"])
    error = measures.pop("error", shapes.DETECTOR_ERROR)
    return shapes.Detector(shapes.Detection(row["detection"]), measures, error)


def _campaign_of(row: RowMapping) -> shapes.Campaign:
    return shapes.Campaign(
        id=shapes.CampaignId(row["id"]),
        project=shapes.ProjectId(row["project"]),
        name=row["name"],
        temperature=shapes.Temperature(row["temperature"]),
        mode=shapes.Mode(row["mode"]),
        caller_id=row["caller_id"] or "",
        trunks=tuple(row["trunks"]),
        ring_s=row["ring_s"],
        wrap_up_s=row["wrap_up_s"],
        connect_s=row["connect_s"],
        max_lines=row["max_lines"],
        abandonment_limit=row["abandonment_limit"],
        priority=row["priority"],
        message=row["message"],
        detector=_detector_of(row),
        record=row["record"],
        without_recording=shapes.WithoutRecording(row["without_recording"]),
    )
