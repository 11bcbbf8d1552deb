"""Recordings over HTTP: which there are of a call, the sound of one, and a pause while secrets are spoken."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from campaigns.text import Id
from desk.calls import service as calls
from desk.calls.access import may_end
from desk.parts import Dialer, Recorded, running
from desk.recordings import service
from desk.recordings.schemas import RecordingShown
from dialer.shapes import CallId, OperatorId
from identity.access import Actor, Right, needs
from identity.audit import service as audit
from identity.parts import Db, Now, Seals
from kit.errors import NotFound

router = APIRouter(tags=["recordings"])

WAV: dict[str, Any] = {
    "content": {"audio/wav": {}},
    "description": "Stereo G.711 in WAV, the operator on the left and the customer on the right.",
}

Listener = Annotated[Actor, Depends(needs(Right.RECORDINGS_LISTEN))]
Worker = Annotated[Actor, Depends(needs(Right.DESK_WORK))]


@router.get("/calls/{call}/recordings")
async def listed(call: Id, actor: Listener, db: Db) -> list[RecordingShown]:
    """What was recorded of a call, oldest first."""
    async with db.read() as conn:
        row = await calls.find(conn, call)
        if row is None:
            raise NotFound
        actor.check(Right.RECORDINGS_LISTEN, row["project"])
        found = await service.of_call(conn, call)
    return [RecordingShown.model_validate(dict(each)) for each in found]


@router.get("/recordings/{recording}", response_class=StreamingResponse, responses={200: WAV})
async def sound(
    recording: Id, actor: Listener, db: Db, seal: Seals, clock: Now, path_of: Recorded
) -> StreamingResponse:
    """The sound, as a file. Each time it is asked for stands in the audit trail."""
    async with db.read() as conn:
        row = await service.find(conn, recording)
    actor.check(Right.RECORDINGS_LISTEN, row["project"])
    heard = await asyncio.to_thread(service.opened, row, seal, path_of(recording))
    detail = {"call": row["call"]}
    await db.write(
        lambda tx: audit.record(tx, actor.user, "recording.heard", recording, row["project"], detail, clock.now())
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{recording}.wav"',
        "Content-Length": str(heard.size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(heard.pieces, media_type="audio/wav", headers=headers)


@router.post("/calls/{call}/recording/pause", status_code=204)
async def paused(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """Record silence from now on, while a card's number is spoken."""
    await _own(call, actor, db)
    await running(engine).pause_recording(CallId(call), OperatorId(actor.user), paused=True)


@router.post("/calls/{call}/recording/resume", status_code=204)
async def resumed(call: Id, actor: Worker, db: Db, engine: Dialer) -> None:
    """Record again."""
    await _own(call, actor, db)
    await running(engine).pause_recording(CallId(call), OperatorId(actor.user), paused=False)


async def _own(call: str, actor: Actor, db: Db) -> None:
    async with db.read() as conn:
        may_end(actor, await calls.find(conn, call))
