"""What happens to calls at the desk. The engine's part is in `desk.calls.journal`."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.dispositions import service as dispositions
from campaigns.dispositions.schemas import Disposition, Flag
from campaigns.lists import leads
from contacts import sealing
from contacts.dnc import service as dnc
from desk.calls import events
from desk.calls.access import may_dispose
from desk.calls.errors import DisposedOtherwise, NotConnected, WrongDisposition
from desk.calls.history import NOTE
from desk.calls.listing import Page
from desk.calls.models import call
from desk.calls.schemas import CallLine, CallPage, CallShown, Disposed, Result
from desk.recordings.schemas import RecordingShown
from desk.status.service import OFFLINE, RESTARTED, not_offline, put_state
from dialer import facts, shapes
from identity.roles.rights import Actor
from kit import phones
from kit.db import Tx
from kit.seal import Seal

LOST = shapes.Reason("lost")
DIVERTED = "diversion"
ASKED = "call"  # the source of a do-not-call entry: said in a call
CALLBACK_WITHIN = timedelta(days=366)


async def find(conn: AsyncConnection, call_id: str, *, to_change: bool = False) -> RowMapping | None:
    """The row of a call, or None; `to_change` keeps it from others until the transaction's end."""
    query = select(call).where(call.c.id == call_id)
    return (await conn.execute(query.with_for_update() if to_change else query)).mappings().one_or_none()


def shown(row: RowMapping, seal: Seal) -> CallShown:
    """A call as its reader may see it: the numbers masked."""
    return CallShown.model_validate(_masked(row, seal))


def sealed_diversion(seal: Seal, diverted: Sequence[str]) -> bytes | None:
    """Who sent a call on, as its row has it."""
    return seal.seal(json.dumps(list(diverted)), DIVERTED) if diverted else None


def diverted_by(sealed: bytes | None, seal: Seal) -> list[str]:
    """The same to be shown: masked, the last one first."""
    return [] if sealed is None else [phones.mask(each) for each in json.loads(seal.open(sealed, DIVERTED))]


def lines(found: Page, seal: Seal) -> CallPage:
    """A page of calls as its reader may see it."""
    sound: dict[str, list[RecordingShown]] = {}
    for each in found.recordings:
        sound.setdefault(each["call"], []).append(RecordingShown.of(each))
    items = [
        CallLine.model_validate({**_masked(row, seal), "recordings": sound.get(row["id"], [])}) for row in found.rows
    ]
    return CallPage(items=items, next_cursor=None if found.after is None else str(found.after))


def _masked(row: RowMapping, seal: Seal) -> dict[str, object]:
    """The row, and its numbers as they may be shown."""
    sealed = row["number_sealed"]
    number = None if sealed is None else phones.mask(seal.open(sealed, sealing.NUMBER))
    return {**row, "number_masked": number, "diverted_by_masked": diverted_by(row["diverted_sealed"], seal)}


# ---------------------------------------------------------------- the result of a call


async def dispose(tx: Tx, seal: Seal, actor: Actor, call_id: str, result: Result, now: datetime) -> Disposed:
    """Write the operator's result: the call's, the lead's future, and do-not-call if the result says so.

    The same result once more is answered like the first time. Raises NotFound, NotYourCall, NotConnected,
    DisposedOtherwise, WrongDisposition.
    """
    row = may_dispose(actor, await find(tx.conn, call_id, to_change=True))
    if row["disposed_at"] is not None:
        return _again(row, result)
    if row["connected_at"] is None:
        raise NotConnected
    disposition = _fitting(await dispositions.get(tx.conn, row["project"], result.code), result, now)
    await _write(tx, seal, call_id, result, now)
    await _consequences(tx, row, disposition, result, actor, now)
    tx.emit(
        events.call_disposed(call_id, row["project"], row["operator"], result.code, actor.user, result.callback_at, now)
    )
    return _disposed(call_id, result, now)


def _again(row: RowMapping, result: Result) -> Disposed:
    kept = (row["disposition"], row["disposition_reason"], row["callback_at"])
    if kept != (result.code, result.reason, result.callback_at):
        raise DisposedOtherwise(disposition=row["disposition"])
    return _disposed(row["id"], result, row["disposed_at"])


def _disposed(call_id: str, result: Result, at: datetime) -> Disposed:
    return Disposed(
        call=call_id, code=result.code, reason=result.reason, callback_at=result.callback_at, disposed_at=at
    )


def _fitting(disposition: Disposition | None, result: Result, now: datetime) -> Disposition:
    if disposition is None:
        raise _wrong("code", "unknown", "This project has no such result.")
    if not disposition.allows(result.reason):
        raise _wrong("reason", "reason_needed", "Choose one of the reasons of this result.")
    if (Flag.CALLBACK in disposition.flags) != (result.callback_at is not None):
        raise _wrong("callback_at", "callback_time", "A promise to call back has a time, other results have none.")
    if result.callback_at is not None and not now < result.callback_at <= now + CALLBACK_WITHIN:
        raise _wrong("callback_at", "not_ahead", "Choose a time ahead, within a year.")
    return disposition


def _wrong(field: str, code: str, message: str) -> WrongDisposition:
    return WrongDisposition(errors=[{"field": field, "code": code, "message": message}])


async def _write(tx: Tx, seal: Seal, call_id: str, result: Result, now: datetime) -> None:
    await tx.conn.execute(
        update(call)
        .where(call.c.id == call_id)
        .values(
            disposition=result.code,
            disposition_reason=result.reason,
            note_sealed=seal.seal(result.note, NOTE) if result.note else None,
            callback_at=result.callback_at,
            disposed_at=now,
        )
    )


async def _consequences(
    tx: Tx, row: RowMapping, disposition: Disposition, result: Result, actor: Actor, now: datetime
) -> None:
    if row["lead"] is not None:
        await leads.apply_disposition(tx, row["lead"], disposition, result.callback_at, now)
    if Flag.DO_NOT_CALL in disposition.flags and row["number_sealed"] is not None:
        await dnc.add(
            tx,
            project=row["project"],
            number_sealed=row["number_sealed"],
            number_digest=row["number_digest"],
            source=ASKED,
            at=now,
            by=actor.user,
        )


# ---------------------------------------------------------------- after a restart


async def close_lost_calls(tx: Tx, now: datetime) -> int:
    """Close what a stopped engine left open, before a new one starts: calls are lost, operators offline.

    Their desks are told by the usual events. Returns how many calls there were.
    """
    live = select(call.c.id, call.c.project, call.c.operator, call.c.connected_at).where(call.c.ended_at.is_(None))
    lost = (await tx.conn.execute(live)).all()
    for row in lost:
        talk_s = 0.0 if row.connected_at is None else max(0.0, (now - row.connected_at).total_seconds())
        fact = facts.CallEnded(row.id, row.project, facts.EndedBy.ENGINE, LOST, talk_s, now, row.operator)
        await _close(tx, fact)
    for operator in await not_offline(tx.conn):
        await _sign_off(tx, operator, now)
    return len(lost)


async def _close(tx: Tx, fact: facts.CallEnded) -> None:
    reason = events.reason_body(fact.reason)
    ended = {"ended_at": fact.at, "ended_by": fact.by.value, "end_reason": reason}
    await tx.conn.execute(update(call).where(call.c.id == fact.call).values(**ended))
    tx.emit(events.call_ended(fact))


async def _sign_off(tx: Tx, operator: str, now: datetime) -> None:
    reason = shapes.Reason(RESTARTED)
    await put_state(tx, operator, OFFLINE, now, reason=events.reason_body(reason))
    tx.emit(events.operator_changed(facts.OperatorChanged(shapes.OperatorId(operator), OFFLINE, reason, now), None))
