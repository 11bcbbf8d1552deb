"""Attempts: one row for every INVITE, committed before it leaves, ended once.

Every write carries a fence. `begin` raises `NotMine`, the `apply_…` functions give False, when the fence does not stand
any more or the attempt is over: whoever asked is not the owner, ends its call and writes nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaigns.models import campaign
from campaigns.lists import ownership
from campaigns.lists.models import attempt, lead
from campaigns.lists.models import ownership as owner
from campaigns.rules import retry
from campaigns.rules.retry import LeadState
from contacts import sealing
from dialer import facts, shapes
from dialer.outcomes import FLAGS, Outcome
from kit.db import Tx
from kit.errors import AhizeError
from kit.seal import Seal

RING_S = 60.0  # the longest a phone is taken to ring where no campaign says it: operators' legs
ENDED = "ended"
MOVED = 302


class NotMine(AhizeError):
    """Somebody else owns this now; end the call and write nothing more."""

    code = "not_mine"


# ---------------------------------------------------------------- before the INVITE


def row_of(start: shapes.AttemptStart, seal: Seal) -> dict[str, Any]:
    """The row of a new attempt, with all that is needed to end its dialog after a crash."""
    dialog, seed = start.dialog, start.dialog.seed
    return {
        "id": start.id,
        "kind": start.kind.value,
        "lead": start.lead,
        "no": start.no,
        "campaign": start.campaign,
        "project": start.project,
        "operator": start.operator,
        "number_sealed": seal.seal(start.number, sealing.NUMBER),
        "number_digest": sealing.number_digest(seal, start.number),
        "trunk": start.trunk,
        "call_id": seed.call_id,
        "from_tag": seed.from_tag,
        "cseq": seed.cseq,
        "local_address": seed.local_address,
        "request_uri_sealed": seal.seal(dialog.request_uri, sealing.URI),
        "from_uri": dialog.from_uri,
        "to_uri_sealed": seal.seal(dialog.to_uri, sealing.URI),
        "route_set": list(dialog.route_set),
        "state": "dialing",
        "status": 0,
        "fence": start.fence,
        "started_at": start.at,
    }


async def begin(tx: Tx, start: shapes.AttemptStart, row: dict[str, Any]) -> None:
    """Write the attempt and take its lead along. Raises NotMine, or IntegrityError for a number that has a live one."""
    if not await ownership.holds(tx, ownership.resource_of(start.kind, start.campaign), start.fence):
        raise NotMine
    before = LeadState.RESERVED
    if start.follows is not None:
        before = LeadState.DIALING
        await _redirect(tx, start.follows, start)
    if start.lead is not None:
        reserved = and_(lead.c.id == start.lead, lead.c.state == before.value, lead.c.fence == start.fence)
        values = {"state": LeadState.DIALING.value, "attempts": lead.c.attempts + 1, "reserved_at": None}
        done = await tx.conn.execute(update(lead).where(reserved).values(values))
        if not done.rowcount:
            raise NotMine
    await tx.conn.execute(insert(attempt).values(row))


async def _redirect(tx: Tx, wanted: str, start: shapes.AttemptStart) -> None:
    """End the attempt that was sent on to this one; its lead stays taken. Raises NotMine."""
    values = {"state": ENDED, "outcome": Outcome.REDIRECTED.value, "status": MOVED, "ended_at": start.at}
    live = and_(attempt.c.id == wanted, attempt.c.lead == start.lead, attempt.c.state != ENDED)
    if not (await tx.conn.execute(update(attempt).where(live).values(values))).rowcount:
        raise NotMine


# ---------------------------------------------------------------- what happened to it


async def apply_attempt_ringing(tx: Tx, seal: Seal, fact: facts.AttemptRinging) -> bool:
    """A provisional answer: what it said of the dialog is kept. False: the fence was overtaken."""
    values = {"state": "ringing", "status": fact.status, "ringing_at": func.coalesce(attempt.c.ringing_at, fact.at)}
    return await _follow(tx, fact.attempt, fact.fence, values | _learned(fact.dialog, seal), ("dialing", "ringing"))


async def apply_attempt_answered(tx: Tx, seal: Seal, fact: facts.AttemptAnswered) -> bool:
    """The 200 OK. False: the fence was overtaken."""
    values = {"state": "answered", "status": 200, "answered_at": fact.at}
    return await _follow(
        tx, fact.attempt, fact.fence, values | _learned(fact.dialog, seal), ("dialing", "ringing", "answered")
    )


async def apply_attempt_ended(tx: Tx, fact: facts.AttemptEnded) -> bool:
    """The end: the outcome's retry rule decides what becomes of the lead. False: the fence was overtaken."""
    row = await _live(tx, fact.attempt, fact.fence)
    if row is None:
        return False
    rules = await _rules_of(tx.conn, row["campaign"])
    ring_s = RING_S if rules is None else rules["ring_s"]
    rest = retry.rest_s(fact.outcome, ring_s)
    values = {
        "state": ENDED,
        "outcome": fact.outcome.value,
        "status": fact.status,
        "ended_at": fact.at,
        "rests_until": fact.at + timedelta(seconds=rest) if rest else None,
    }
    await tx.conn.execute(update(attempt).where(attempt.c.id == fact.attempt).values(**values))
    if row["lead"] is not None and rules is not None:
        await _decide(tx, row["lead"], fact, retry.retry_of(rules["retry"]), ring_s)
    return True


async def has_ended(tx: Tx, wanted: str, fence: int) -> bool:
    """Whether the attempt is over and `fence` still stands: what comes of it now was committed before, unnoticed."""
    columns = (attempt.c.kind, attempt.c.campaign, attempt.c.state)
    row = (await tx.conn.execute(select(*columns).where(attempt.c.id == wanted))).mappings().one_or_none()
    return row is not None and row["state"] == ENDED and await ownership.holds(tx, _resource(row), fence)


async def unfinished(conn: AsyncConnection, seal: Seal) -> Sequence[shapes.LostAttempt]:
    """Every attempt that is not over, oldest first, with the fence that stands for it now."""
    found = select(attempt).where(attempt.c.state != ENDED).order_by(attempt.c.started_at)
    rows = (await conn.execute(found)).mappings().all()
    return [_lost(row, await ownership.fence_of(conn, _resource(row)), seal) for row in rows]


async def _follow(tx: Tx, wanted: str, fence: int, values: dict[str, Any], states: tuple[str, ...]) -> bool:
    row = await _live(tx, wanted, fence)
    if row is None:
        return False
    await tx.conn.execute(update(attempt).where(attempt.c.id == wanted, attempt.c.state.in_(states)).values(**values))
    return True


async def _live(tx: Tx, wanted: str, fence: int) -> RowMapping | None:
    """The attempt if it is not over and `fence` stands for it; nobody can take its resource meanwhile."""
    return (await tx.conn.execute(_LIVE, {"wanted": wanted, "fence": fence})).mappings().one_or_none()


# Built once: it is run for every fact of an attempt.
_LIVE = (
    select(attempt.c.campaign, attempt.c.lead)
    .select_from(attempt.join(owner, owner.c.resource == ownership.resource_in(attempt.c.kind, attempt.c.campaign)))
    .where(attempt.c.id == bindparam("wanted"), attempt.c.state != ENDED, owner.c.fence == bindparam("fence"))
    .with_for_update(read=True, of=owner)
)


def _resource(row: RowMapping) -> str:
    return ownership.resource_of(row["kind"], row["campaign"])


def _learned(dialog: shapes.DialogRef, seal: Seal) -> dict[str, Any]:
    """What the other side's answer added to the dialog; a later answer without a tag takes nothing away."""
    found: dict[str, Any] = {}
    if dialog.to_tag is not None:
        found["to_tag"] = dialog.to_tag
    if dialog.remote_target is not None:
        found["remote_target_sealed"] = seal.seal(dialog.remote_target, sealing.URI)
    if dialog.route_set:
        found["route_set"] = list(dialog.route_set)
    found["cseq"] = dialog.seed.cseq
    return found


async def _rules_of(conn: AsyncConnection, wanted: str | None) -> RowMapping | None:
    found = select(campaign.c.retry, campaign.c.ring_s).where(campaign.c.id == wanted)
    return (await conn.execute(found)).mappings().one_or_none()


async def _decide(tx: Tx, wanted: str, fact: facts.AttemptEnded, rules: retry.Retry, ring_s: float) -> None:
    same = select(func.count()).where(attempt.c.lead == wanted, attempt.c.outcome == fact.outcome.value)
    times = (await tx.conn.execute(same)).scalar_one()
    counted = lead.c.tries + int(FLAGS[fact.outcome].counts)
    noted = update(lead).where(lead.c.id == wanted).values(tries=counted, last_outcome=fact.outcome.value)
    tries = (await tx.conn.execute(noted.returning(lead.c.tries))).scalar_one()
    values = (
        _kept(fact) if fact.keeps_lead else _to_come(retry.future(fact.outcome, rules, tries, times, fact.at, ring_s))
    )
    dialing = and_(
        lead.c.id == wanted, lead.c.state == LeadState.DIALING.value
    )  # a disposition may have decided already
    await tx.conn.execute(update(lead).where(dialing).values(**values))


def _kept(fact: facts.AttemptEnded) -> dict[str, Any]:
    """Reserved as before the attempt: the next one begins at once, or gives the lead back."""
    return {"state": LeadState.RESERVED.value, "reserved_at": fact.at}


def _to_come(future: retry.Future) -> dict[str, Any]:
    values: dict[str, Any] = {"state": future.state.value, "waits_for": future.waits_for}
    return values if future.next_at is None else values | {"next_at": future.next_at}


def _lost(row: RowMapping, fence: int, seal: Seal) -> shapes.LostAttempt:
    return shapes.LostAttempt(
        id=shapes.AttemptId(row["id"]),
        kind=shapes.AttemptKind(row["kind"]),
        dialog=_dialog_of(row, seal),
        answered=row["answered_at"] is not None,
        fence=fence,
        lead=row["lead"],
        campaign=row["campaign"],
        project=row["project"],
    )


def _dialog_of(row: RowMapping, seal: Seal) -> shapes.DialogRef:
    target = row["remote_target_sealed"]
    return shapes.DialogRef(
        seed=shapes.DialogSeed(row["call_id"], row["from_tag"], row["cseq"], row["local_address"]),
        trunk=row["trunk"],
        request_uri=seal.open(row["request_uri_sealed"], sealing.URI),
        from_uri=row["from_uri"],
        to_uri=seal.open(row["to_uri_sealed"], sealing.URI),
        to_tag=row["to_tag"],
        remote_target=None if target is None else seal.open(target, sealing.URI),
        route_set=tuple(row["route_set"]),
    )
