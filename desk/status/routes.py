"""The desk over HTTP: everything it shows, and what the operator wants to be."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from campaigns.text import Code
from desk.parts import Dialer, Engine, Log, running
from desk.status import snapshot
from desk.status.errors import NoExtension
from desk.status.service import OFFLINE
from dialer.shapes import OperatorId, Reason
from dialer.status import OperatorView
from identity.access import Actor, Right, needs
from identity.parts import Db, Now, Seals

router = APIRouter(prefix="/desk", tags=["desk"])

Worker = Annotated[Actor, Depends(needs(Right.DESK_WORK))]


class Wish(StrEnum):
    READY = "ready"
    NOT_READY = "not_ready"
    OFFLINE = "offline"


class StateIn(BaseModel):
    """What the operator wants to be; during a call it holds for after it. `reason`: a code, for not ready."""

    model_config = ConfigDict(extra="forbid")

    state: Wish
    reason: Code | None = None


class StateOut(BaseModel):
    """Where the operator stands. `then`: where to after the call or the ringing of the phone."""

    state: str
    reason: str | None
    call: str | None
    until: datetime | None
    then: str


@router.get("")
async def everything(actor: Worker, db: Db, journal: Log, seal: Seals, clock: Now, engine: Dialer) -> snapshot.Snapshot:
    """The whole desk, and the position from which the event stream goes on from it."""
    place = snapshot.Place(*await journal.head())
    async with db.read() as conn:
        return await snapshot.build(conn, seal, actor, place, engine, clock.now())


@router.put("/state")
async def wish(body: StateIn, actor: Worker, engine: Dialer) -> StateOut:
    """Go ready, not ready or offline. From offline the operator's phone is called first.

    The answer is where the operator stands at once; what becomes of it is told by `operator.changed`.
    """
    operator = OperatorId(actor.user)
    if body.state is Wish.OFFLINE:
        return _seen(await running(engine).sign_off(operator))
    return _seen(await _come(running(engine), operator, actor.extension, body))


async def _come(engine: Engine, operator: OperatorId, extension: str | None, body: StateIn) -> OperatorView:
    if extension is None:
        raise NoExtension
    await engine.sign_in(operator, extension)
    if body.state is Wish.READY:
        return await engine.set_ready(operator)
    return await engine.set_not_ready(operator, None if body.reason is None else Reason(body.reason))


def _seen(view: OperatorView | None) -> StateOut:
    """Whom the engine has not seen since its start is offline."""
    if view is None:
        return StateOut(state=OFFLINE, reason=None, call=None, until=None, then=OFFLINE)
    return StateOut(
        state=view.state,
        reason=None if view.reason is None else view.reason.code,
        call=view.call,
        until=view.until,
        then=view.then,
    )
