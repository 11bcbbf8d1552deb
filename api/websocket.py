"""The one event stream of a user: `GET /api/v1/events`, a websocket of JSON text frames.

    client  ?after=120&epoch=…                    where it was; neither is secret
    server  {"type":"hello","epoch":"…","position":123,"resumed":true}
            the events after 120 — or, without a place to resume from:
            {"type":"resync","position":123,"snapshot":{…as GET /api/v1/desk…}}
            {"type":"event","position":124,"event":{"id","type","time","subject","data"[,"pop"]}}
            {"type":"tick","name":"desks","value":2}      may be lost, has no position
    client  {"type":"ping"}                       server  {"type":"pong","at":"…"}  the service's clock

Refused with 403 before it is accepted: nobody signed in, a session's cookie from a foreign page, a sixth stream.
Closed with 4400 a frame that is no ping, 4401 the sign-in or its rights ended, 4408 the client does not keep up
(resume by `after`), 4429 more than 20 frames a second, 1009 a frame over 64 KB, 1013 the database is away.
"""

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import WebSocketException
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.security import is_own_origin
from api.stream import Frame, Outbox, Stream, Viewer, encode
from desk.calls import pop
from desk.parts import engine_of
from desk.status import snapshot
from identity.access import Actor, Guard, actor_of, renewed
from identity.errors import NotSignedIn, SecondFactorNeeded
from identity.parts import clock_of, database_of, endings_of, seal_of, sign_in_of
from kit import log
from kit.errors import Unavailable

MAX_FRAME = 64 * 1024
MAX_FRAMES_A_SECOND = 20
LOOK_AGAIN_S = 8.0  # at the sign-in and its rights, when nobody told of a change; 10 s are promised
CLOSE_WITHIN_S = 20.0
START_WITHIN_S = 5.0

NOT_A_PING, ENDED, TOO_SLOW, TOO_MANY, REFUSED, TRY_LATER = 4400, 4401, 4408, 4429, 1008, 1013

router = APIRouter(tags=["events"])
_log = log.get("api.websocket")


class _Close(Exception):
    """This stream is over; `code` None: the client has gone already."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Door(Guard):
    """Lets in a bearer key, or a session's cookie on one of our own pages; anybody else is refused before accept."""

    async def __call__(self, connection: HTTPConnection) -> Actor:
        by_key = "authorization" in connection.headers
        if not by_key and not is_own_origin(connection.headers, sign_in_of(connection)):
            raise WebSocketException(REFUSED, "Open the stream from our own page, or bring a key.")
        try:
            actor = await actor_of(connection)
        except NotSignedIn as error:
            raise WebSocketException(REFUSED, str(error)) from None
        if actor.must_enrol:
            raise WebSocketException(REFUSED, str(SecondFactorNeeded()))
        return actor


_door = Door()


def stream_of(connection: HTTPConnection) -> Stream:
    return connection.app.state.stream


@router.websocket("/events")
async def events(
    websocket: WebSocket,
    actor: Annotated[Actor, Depends(_door)],
    after: Annotated[int | None, Query(ge=0)] = None,
    epoch: Annotated[str | None, Query(max_length=64)] = None,
) -> None:
    stream = stream_of(websocket)
    with stream.seat(actor.user) as free:
        if not free:
            raise WebSocketException(REFUSED, "Close another window first: too many are open.")
        async with asyncio.timeout(START_WITHIN_S):
            await stream.started.wait()
        await websocket.accept()
        await _Talk(websocket, stream, actor).run(after, epoch)


class _Talk:
    """One accepted socket, from hello to close."""

    def __init__(self, websocket: WebSocket, stream: Stream, actor: Actor) -> None:
        self._websocket = websocket
        self._stream = stream
        self._actor = actor
        self._viewer = Viewer(actor)
        self._outbox = Outbox(self._viewer)

    async def run(self, after: int | None, epoch: str | None) -> None:
        end = _Close(None)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send_all(after, epoch))
                tasks.create_task(self._receive_all())
                tasks.create_task(self._look_again())
                tasks.create_task(self._cut_when_slow())
        except* _Close as ends:
            end = next(each for each in ends.exceptions if isinstance(each, _Close))
        except* WebSocketDisconnect:
            pass
        except* Unavailable as failures:
            end = _Close(TRY_LATER, str(failures.exceptions[0]))
        if end.code is not None:
            await self._close(end.code, end.reason)

    async def _close(self, code: int, reason: str) -> None:
        _log.info("event stream closed", user=self._actor.user, code=code)
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._websocket.close(code, reason)

    # ------------------------------------------------------------ to the client

    async def _send_all(self, after: int | None, epoch: str | None) -> None:
        stream = self._stream
        resumed = await stream.resumes(after, epoch)
        await self._send({"type": "hello", "epoch": stream.epoch, "position": stream.position, "resumed": resumed})
        seen = after if resumed and after is not None else await self._resync()
        async for frame in stream.missed(seen):
            if self._viewer.sees(frame.event):
                await self._send_item(frame)
        with stream.joined(self._outbox):
            while True:
                await self._send_item(await self._outbox.take())

    async def _resync(self) -> int:
        """Send the state of things and give the position from which events go on."""
        position = self._stream.position
        state = await _snapshot(self._websocket, self._actor, self._stream.epoch, position)
        await self._send({"type": "resync", "position": position, "snapshot": state})
        return position

    async def _send_item(self, item: Frame | str) -> None:
        await self._websocket.send_text(item if isinstance(item, str) else await self._text(item))

    async def _text(self, frame: Frame) -> str:
        if not self._viewer.pops(frame.event):
            return frame.text
        shown = await _pop(self._websocket, self._actor, frame.event.subject)
        return frame.text if shown is None else frame.text_with(shown)

    async def _send(self, message: object) -> None:
        await self._websocket.send_text(encode(message))

    async def _cut_when_slow(self) -> None:
        await self._outbox.overflowed.wait()
        raise _Close(TOO_SLOW, "Too slow; resume by position.")

    # ------------------------------------------------------------ from the client

    async def _receive_all(self) -> None:
        rate = Rate(MAX_FRAMES_A_SECOND)
        loop = asyncio.get_running_loop()
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise _Close(None)
            if not rate.allows(loop.time()):
                raise _Close(TOO_MANY, f"At most {MAX_FRAMES_A_SECOND} frames a second.")
            if not is_ping(message.get("text")):
                raise _Close(NOT_A_PING, "Only pings come this way; commands go by HTTP.")
            self._outbox.offer(encode({"type": "pong", "at": clock_of(self._websocket).now().isoformat()}))

    # ------------------------------------------------------------ the sign-in

    async def _look_again(self) -> None:
        """End the stream when the sign-in ends, or has other rights than it was opened with (T20)."""
        with endings_of(self._websocket).watch(self._actor.user) as changed:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):
                        await changed.wait()
                changed.clear()
                now = await renewed(self._websocket, self._actor)
                if now is None or _reach(now) != _reach(self._actor):
                    raise _Close(ENDED, "Signed out, or other rights: sign in again.")


def _reach(actor: Actor) -> tuple[object, object]:
    return frozenset(actor.grants), actor.scopes


def is_ping(text: str | None) -> bool:
    """Whether a client's frame is `{"type":"ping"}`; whatever else stands in it is not looked at."""
    if text is None or len(text) > MAX_FRAME:
        return False
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("type") == "ping"


class Rate:
    """At most `limit` times within any second."""

    def __init__(self, limit: int) -> None:
        self._times: deque[float] = deque(maxlen=limit)

    def allows(self, now: float) -> bool:
        """`now`: monotonic seconds."""
        full = len(self._times) == self._times.maxlen
        allowed = not full or now - self._times[0] >= 1.0
        self._times.append(now)
        return allowed


async def _pop(connection: HTTPConnection, actor: Actor, call: str) -> pop.Pop | None:
    async with database_of(connection).read() as conn:
        return await pop.build(conn, seal_of(connection), call, actor.name, clock_of(connection).now())


async def _snapshot(connection: HTTPConnection, actor: Actor, epoch: str, position: int) -> snapshot.Snapshot:
    async with database_of(connection).read() as conn:
        return await snapshot.build(
            conn,
            seal_of(connection),
            actor,
            snapshot.Place(epoch, position),
            engine_of(connection),
            clock_of(connection).now(),
        )
