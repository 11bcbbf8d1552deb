"""Supervisors on calls over HTTP. When the listening begins, changes and ends is in the audit trail (T18)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from campaigns.text import Id
from desk.calls import service as calls
from desk.calls.errors import CallOver
from desk.monitoring.schemas import MonitoringIn
from desk.parts import Dialer, running
from desk.status.errors import NoExtension
from dialer.shapes import CallId, OperatorId
from identity.access import Actor, Right, needs
from identity.parts import Db
from kit.errors import NotFound

router = APIRouter(tags=["monitoring"])

Supervisor = Annotated[Actor, Depends(needs(Right.CALLS_MONITOR))]


@router.put("/calls/{call}/monitoring", status_code=204)
async def monitored(call: Id, body: MonitoringIn, actor: Supervisor, db: Db, engine: Dialer) -> None:
    """Hear a call on your own phone, which is rung for it; again: in another mode. `call.monitored` tells when it
    begins, `call.monitoring_ended` when it ends, or that the phone was not answered."""
    await _mine_to_hear(call, actor, db)
    dialer = running(engine)
    if actor.extension is None:
        raise NoExtension
    await dialer.monitor(CallId(call), OperatorId(actor.user), actor.extension, body.mode)


@router.delete("/calls/{call}/monitoring", status_code=204)
async def left(call: Id, actor: Supervisor, db: Db, engine: Dialer) -> None:
    """Hear it no more."""
    await _mine_to_hear(call, actor, db, over=True)
    await running(engine).stop_monitoring(CallId(call), OperatorId(actor.user))


async def _mine_to_hear(call: str, actor: Actor, db: Db, *, over: bool = False) -> None:
    """Raises NotFound, CallOver."""
    async with db.read() as conn:
        row = await calls.find(conn, call)
    if row is None:
        raise NotFound
    actor.check(Right.CALLS_MONITOR, row["project"])
    if row["ended_at"] is not None and not over:
        raise CallOver
