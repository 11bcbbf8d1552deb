"""Calls over HTTP: look for them, look at one, say its result, hang up."""

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query

from campaigns.text import Id
from desk.calls import asking, listing, service
from desk.calls.access import may_end, may_read
from desk.calls.errors import CallOver
from desk.calls.schemas import Asked, CallPage, CallShown, Disposed, Result
from desk.parts import Dialer, running
from dialer.shapes import CallId, OperatorId
from identity.access import Actor, Right, needs
from identity.parts import Db, Now, Seals
from kit import idempotency
from kit.db import Tx
from kit.errors import Conflict
from kit.seal import Seal

router = APIRouter(prefix="/calls", tags=["calls"])

Reader = Annotated[Actor, Depends(needs(Right.DESK_WORK, Right.CALLS_READ))]
Disposer = Annotated[Actor, Depends(needs(Right.CALLS_DISPOSE, Right.SUPERVISE))]
Worker = Annotated[Actor, Depends(needs(Right.DESK_WORK))]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=200)]


@router.get("")
async def listed(asked: Annotated[Asked, Query()], actor: Reader, db: Db, seal: Seals, clock: Now) -> CallPage:
    """Calls of your projects, or your own; newest first, numbers masked, with how they sounded and their recordings."""
    async with db.read() as conn:
        wanted, after = await asking.wanted_of(conn, seal, actor, asked)
    if wanted.digests:
        await db.write(lambda tx: asking.note_search(tx, actor, wanted.project, clock.now()))
    async with db.read() as conn:
        found = await listing.page(conn, actor, wanted, after, asked.limit)
    return service.lines(found, seal)


@router.get("/{call}")
async def one(call: Id, actor: Reader, db: Db, seal: Seals) -> CallShown:
    """One call; its number masked."""
    async with db.read() as conn:
        return service.shown(may_read(actor, await service.find(conn, call)), seal)


@router.post("/{call}/disposition")
async def disposed(
    call: Id, result: Result, actor: Disposer, db: Db, seal: Seals, clock: Now, engine: Dialer, key: Key = None
) -> Disposed:
    """Say how the call went. It counts whenever it comes: in the talk, in wrap-up, later, after a restart."""

    async def work(tx: Tx) -> tuple[Disposed, str | None]:
        kept = await _once(tx, seal, actor, call, result, clock.now(), key)
        row = await service.find(tx.conn, call)
        return kept, None if row is None else row["operator"]

    kept, operator = await db.write(work)
    if engine is not None and operator is not None:
        with suppress(Conflict):  # the call is no longer with the operator: nothing to end
            await engine.disposed(CallId(call), OperatorId(operator))
    return kept


@router.post("/{call}/hangup", status_code=204)
async def hang_up(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """End the call that the actor has."""
    async with db.read() as conn:
        row = may_end(actor, await service.find(conn, call))
    if row["ended_at"] is not None:
        raise CallOver
    await running(engine).hang_up(CallId(call), OperatorId(actor.user))


async def _once(
    tx: Tx, seal: Seal, actor: Actor, call: str, result: Result, now: datetime, key: str | None
) -> Disposed:
    """`service.dispose`, or what the same request was answered with before."""
    if key is None:
        return await service.dispose(tx, seal, actor, call, result, now)
    route = f"POST /calls/{call}/disposition"
    body_hash = hashlib.sha256(result.model_dump_json().encode()).digest()
    stored = await idempotency.remember(tx, actor.user, key, body_hash, route=route, at=now)
    if stored is not None:
        return Disposed.model_validate(stored.response)
    kept = await service.dispose(tx, seal, actor, call, result, now)
    answered = kept.model_dump(mode="json")
    await idempotency.answer(tx, actor.user, key, route=route, status=200, response=answered)
    return kept
