"""Calls over HTTP: look for them, look at one, say its result, and what the operator does while it is on."""

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query

from campaigns.text import Id
from desk.calls import asking, listing, service
from desk.calls.access import may_end, may_read
from desk.calls.errors import CallOver
from desk.calls.schemas import Asked, CallPage, CallShown, Disposed, Keys, Result, Transfer
from desk.parts import Dialer, running
from dialer.shapes import CallId, OperatorId
from identity.access import Actor, Right, needs
from identity.parts import Db, Now, Seals
from kit import idempotency
from kit.db import Database, Tx
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
    if wanted.digest is not None:
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
    own = await _own(call, actor, db)
    await running(engine).hang_up(*own)


@router.post("/{call}/hold", status_code=204)
async def held(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """Let the customer wait with music; the operator hears nothing."""
    own = await _own(call, actor, db)
    await running(engine).hold(*own, held=True)


@router.post("/{call}/resume", status_code=204)
async def resumed(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """Talk again."""
    own = await _own(call, actor, db)
    await running(engine).hold(*own, held=False)


@router.post("/{call}/mute", status_code=204)
async def muted(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """The customer does not hear the operator any more. It outlasts a hold."""
    own = await _own(call, actor, db)
    await running(engine).mute(*own, muted=True)


@router.post("/{call}/unmute", status_code=204)
async def unmuted(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """The customer hears the operator again."""
    own = await _own(call, actor, db)
    await running(engine).mute(*own, muted=False)


@router.post("/{call}/keys", status_code=204)
async def pressed(call: Id, body: Keys, actor: Worker, db: Db, engine: Dialer) -> None:
    """Press keys for the customer's side, such as a menu."""
    own = await _own(call, actor, db)
    await running(engine).press(*own, body.keys)


@router.post("/{call}/transfer", status_code=204)
async def transferred(call: Id, body: Transfer, actor: Worker, db: Db, engine: Dialer) -> None:
    """Hand the customer on. Until somebody has taken over the customer is held; `call.transferred` or
    `call.transfer_failed` tells what came of it, and after a failure the customer is with the operator as before."""
    whose = await _own(call, actor, db)
    if body.operator is not None:
        await running(engine).transfer(*whose, OperatorId(body.operator), warm=body.warm)
    elif body.extension is not None:
        await running(engine).transfer_to_phone(*whose, body.extension, warm=body.warm)


@router.post("/{call}/transfer/complete", status_code=204)
async def completed(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """Join the customer to the colleague whom the operator has spoken with."""
    own = await _own(call, actor, db)
    await running(engine).end_transfer(*own, complete=True)


@router.post("/{call}/transfer/cancel", status_code=204)
async def taken_back(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """Let the colleague's phone go and talk to the customer again."""
    own = await _own(call, actor, db)
    await running(engine).end_transfer(*own, complete=False)


async def _own(call: str, actor: Actor, db: Database) -> tuple[CallId, OperatorId]:
    """The call that the actor has, and who he is to the engine. Raises NotFound, NotYourCall, CallOver."""
    async with db.read() as conn:
        row = may_end(actor, await service.find(conn, call))
    if row["ended_at"] is not None:
        raise CallOver
    return CallId(call), OperatorId(actor.user)


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
