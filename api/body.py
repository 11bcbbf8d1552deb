"""How much a request may carry, judged while it arrives (T13)."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import of_status
from identity.access import Right, actor_of
from kit.errors import AhizeError

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
_LINGER_S = 2.0
_CLOSE = {"connection": "close"}  # the rest of what is being sent is not worth reading


class BodyLimit:
    """Answers 413 at the limit, 415 for a packed body (it could unpack to anything), 408 when nothing arrives.

    `uploads` are paths where someone with the right to upload may send `upload_limit` bytes; everyone else has `limit`.
    """

    def __init__(
        self, app: ASGIApp, limit: int, uploads: Collection[str], upload_limit: int, idle_s: float = 30.0
    ) -> None:
        self.app = app
        self.limit = limit
        self.uploads = frozenset(uploads)
        self.upload_limit = upload_limit
        self.idle_s = idle_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _BODILESS:
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        body = _Body(receive, send, await self._limit(connection), self.idle_s)
        refused = _refused(connection, body.limit)
        if refused is None:
            await self.app(scope, body.receive, body.send)
        else:
            body.cut = True
            await of_status(refused, _CLOSE)(scope, receive, body.send)

    async def _limit(self, connection: HTTPConnection) -> int:
        if connection.url.path not in self.uploads:
            return self.limit
        try:
            actor = await actor_of(connection)
        except AhizeError:
            return self.limit
        return self.upload_limit if actor.may_somewhere(Right.LISTS_UPLOAD) else self.limit


class _Body:
    """One request's body as the app reads it, and the answer if it had to be cut."""

    def __init__(self, receive: Receive, send: Send, limit: int, idle_s: float) -> None:
        self.limit = limit
        self.cut = False
        self._receive = receive
        self._send = send
        self._idle_s = idle_s
        self._seen = 0
        self._more = True

    async def receive(self) -> Message:
        if not self._more:  # only the end of the connection is still to come: that may take as long as the answer
            return await self._receive()
        message = await self._arriving()
        self._seen += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        if self._seen > self.limit:
            self.cut = True
            raise HTTPException(413, headers=_CLOSE)
        return message

    async def send(self, message: Message) -> None:
        """Hold back the end of an answer to a cut body: a client that still sends would lose it with the connection."""
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (self.cut and last):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._discard()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _arriving(self) -> Message:
        try:
            return await asyncio.wait_for(self._receive(), self._idle_s)
        except TimeoutError:
            raise HTTPException(408, headers=_CLOSE) from None

    async def _discard(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                while (await self._receive()).get("more_body", False):
                    pass


def _refused(connection: HTTPConnection, limit: int) -> int | None:
    if connection.headers.get("content-encoding", "identity").lower() != "identity":
        return 415
    announced = connection.headers.get("content-length", "0")
    return 413 if announced.isdigit() and int(announced[:20]) > limit else None
