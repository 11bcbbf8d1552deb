"""Is it alive, how does it do, what does it offer: for machines and administrators (T40)."""

import asyncio
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select

from desk.parts import Archive, Dialer, Log, trunks_of
from dialer.line_events import TrunkState
from identity.access import Right, local_or, needs, public
from identity.parts import Db, Now
from kit import metrics
from kit.errors import Unavailable

router = APIRouter()
api_router = APIRouter(tags=["system"])
_PATIENCE_S = 2.0
_TRUNK_SENTENCES = {
    "registered": "It is registered at the exchange.",
    "answers": "The exchange answers.",
    "starting": "The service is starting.",
    "registering": "It is registering at the exchange.",
    "no_address": "The name has no address; check host in the settings, and the name server.",
    "no_answer": "The exchange does not answer; check host and port in the settings, and that the exchange runs.",
    "registration_refused": "The exchange refused us; check username, password and realm in the settings.",
    "trunk_resting": "It failed several times in a row, or asked for a rest; calls go by the others meanwhile.",
    "stopped": "The service is being stopped.",
}
_DISK_SENTENCES = {
    "disk_full": "The disk of recordings is full; make room.",
    "disk_nearly_full": "The disk of recordings is nearly full; make room, or keep recordings for fewer days.",
    "disk_slow": "The disk of recordings is too slow for so many calls; look what else uses it.",
    "disk_error": "Recordings cannot be written; look at recordings.folder in the settings, and at its disk.",
}


@router.get("/health", dependencies=[Depends(public())], include_in_schema=False)
async def health(db: Db) -> dict[str, str]:
    """Says ok when the service can serve, and nothing else to whoever asks."""
    try:
        async with asyncio.timeout(_PATIENCE_S), db.read() as conn:
            await conn.execute(select(1))
    except TimeoutError:
        raise Unavailable() from None
    return {"status": "ok"}


@router.get("/metrics", dependencies=[Depends(local_or(Right.METRICS_READ))], include_in_schema=False)
async def measured() -> PlainTextResponse:
    return PlainTextResponse(metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")


@api_router.get("/openapi.json", dependencies=[Depends(local_or(Right.METRICS_READ))], include_in_schema=False)
async def description(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


class TrunkOut(BaseModel):
    name: str
    up: bool
    reason: dict[str, Any]
    channels: int
    in_use: int


class SystemOut(BaseModel):
    """`dialing`: whether an engine runs in this service. `position`: the journal's head. `recordings`: why they cannot
    be kept, or soon cannot; null: they can."""

    version: str
    now: AwareDatetime
    dialing: bool
    trunks: list[TrunkOut]
    recordings: dict[str, Any] | None
    epoch: str
    position: int


@api_router.get("/system", dependencies=[Depends(needs(Right.SYSTEM_READ))])
async def state(request: Request, engine: Dialer, journal: Log, clock: Now) -> SystemOut:
    """How the service does; a trunk that is down says why and what to mend."""
    epoch, position = await journal.head()
    return SystemOut(
        version=request.app.state.version,
        now=clock.now(),
        dialing=engine is not None,
        trunks=[_trunk(found) for found in trunks_of(engine)],
        recordings=_recordings(request.app.state.recordings),
        epoch=epoch,
        position=position,
    )


def _recordings(archive: Archive | None) -> dict[str, Any] | None:
    trouble = None if archive is None else archive.trouble()
    if trouble is None:
        return None
    cause = trouble.values["cause"]
    return {"code": cause, "values": {}, "message": _DISK_SENTENCES.get(str(cause), str(cause))}


def _trunk(found: TrunkState) -> TrunkOut:
    code = found.reason.code
    reason = {"code": code, "values": dict(found.reason.values), "message": _TRUNK_SENTENCES.get(code, code)}
    return TrunkOut(name=found.name, up=found.up, reason=reason, channels=found.channels, in_use=found.in_use)
