"""Recordings over HTTP: which there are of a call, the sound of one, whether one is held, and a pause while secrets are
spoken."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from campaigns.text import Id
from desk.calls import service as calls
from desk.calls.access import may_end
from desk.parts import Dialer, Recorded, running
from desk.recordings import listening, service
from desk.recordings.ranges import Part, part_of
from desk.recordings.schemas import RecordingShown
from dialer.shapes import CallId, OperatorId
from identity.access import Actor, Right, needs
from identity.errors import NoRight
from identity.parts import Db, Now, Seals
from kit.errors import NotFound

router = APIRouter(tags=["recordings"])

WAV: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"audio/wav": {}},
        "description": "Stereo G.711 in WAV, the operator on the left and the customer on the right.",
    },
    206: {"content": {"audio/wav": {}}, "description": "The part that Range names."},
    416: {"description": "The recording has no such bytes."},
}

Listener = Annotated[Actor, Depends(needs(Right.RECORDINGS_LISTEN))]
Holder = Annotated[Actor, Depends(needs(Right.RECORDINGS_HOLD))]
Worker = Annotated[Actor, Depends(needs(Right.DESK_WORK))]
Asked = Annotated[str | None, Header(alias="Range", max_length=200)]
Unless = Annotated[str | None, Header(alias="If-Range", max_length=200)]
Download = Annotated[bool, Query(description="as a file to be kept, which is a right of its own")]


@router.get("/calls/{call}/recordings")
async def listed(call: Id, actor: Listener, db: Db) -> list[RecordingShown]:
    """What was recorded of a call, oldest first."""
    async with db.read() as conn:
        row = await calls.find(conn, call)
        if row is None:
            raise NotFound
        actor.check(Right.RECORDINGS_LISTEN, row["project"])
        found = await service.of_call(conn, call)
    return [RecordingShown.of(each) for each in found]


@router.get("/recordings/{recording}", response_class=StreamingResponse, responses=WAV)
async def sound(
    recording: Id,
    actor: Listener,
    db: Db,
    seal: Seals,
    clock: Now,
    archive: Recorded,
    download: Download = False,
    wanted: Asked = None,
    unless: Unless = None,
) -> Response:
    """The sound, to be played or sought in; while the call is on, what there is so far.

    Who hears it stands in the audit trail: each download, and each listening once, however many parts a player takes.
    """
    async with db.read() as conn:
        row = await service.find(conn, recording)
    actor.check(Right.RECORDINGS_LISTEN, row["project"])
    if download and not actor.may(Right.RECORDINGS_EXPORT, row["project"]):
        raise NoRight(Right.RECORDINGS_EXPORT)
    heard = await asyncio.to_thread(service.opened, row, seal, archive.path_of(recording))
    tag = f'"{recording}"'
    whole = heard.growing or (unless is not None and unless != tag)  # what grows is another file each time
    part = None if whole else part_of(wanted, heard.size)
    headers = {"Content-Disposition": f'{"attachment" if download else "inline"}; filename="{recording}.wav"'}
    headers |= {"Cache-Control": "no-store", "Accept-Ranges": "none" if heard.growing else "bytes"}
    if not heard.growing:
        headers["ETag"] = tag
    if part is not None and part.start == part.end:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{heard.size}"})
    await db.write(lambda tx: listening.note(tx, actor.user, row, clock.now(), download=download))
    return _stream(heard, part, headers)


def _stream(heard: service.Sound, part: Part | None, headers: dict[str, str]) -> StreamingResponse:
    start, end = part or (0, heard.size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{heard.size}"
    status = 200 if part is None else 206
    return StreamingResponse(heard.part(start, end), status, headers=headers, media_type="audio/wav")


@router.put("/recordings/{recording}/hold", status_code=204)
async def held(recording: Id, actor: Holder, db: Db, clock: Now) -> None:
    """Keep it whatever its age, for a court or a complaint, until it is released."""
    async with db.read() as conn:
        row = await service.find(conn, recording)
    actor.check(Right.RECORDINGS_HOLD, row["project"])
    await db.write(lambda tx: service.hold(tx, recording, actor.user, clock.now()))


@router.delete("/recordings/{recording}/hold", status_code=204)
async def released(recording: Id, actor: Holder, db: Db, clock: Now) -> None:
    """Let it be erased when its time is over."""
    async with db.read() as conn:
        row = await service.find(conn, recording)
    actor.check(Right.RECORDINGS_HOLD, row["project"])
    await db.write(lambda tx: service.release(tx, recording, actor.user, clock.now()))


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
