"""How much a request may carry, judged while it arrives (T13)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import of_status
from identity.access import Right, actor_of
from kit.errors import AhizeError

_BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})
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
        limit = await self._limit(connection)
        refused = _refused(connection, limit)
        if refused is not None:
            await of_status(refused, _CLOSE)(scope, receive, send)
            return
        await self.app(scope, self._counted(receive, limit), send)

    async def _limit(self, connection: HTTPConnection) -> int:
        if connection.url.path not in self.uploads:
            return self.limit
        try:
            actor = await actor_of(connection)
        except AhizeError:
            return self.limit
        return self.upload_limit if actor.may_somewhere(Right.LISTS_UPLOAD) else self.limit

    def _counted(self, receive: Receive, limit: int) -> Callable[[], Awaitable[Message]]:
        seen, more = 0, True

        async def counted() -> Message:
            nonlocal seen, more
            if not more:  # only the end of the connection is still to come: that may take as long as the answer
                return await receive()
            message = await self._arriving(receive)
            seen += len(message.get("body", b""))
            more = message.get("more_body", False)
            if seen > limit:
                raise HTTPException(413, headers=_CLOSE)
            return message

        return counted

    async def _arriving(self, receive: Receive) -> Message:
        try:
            return await asyncio.wait_for(receive(), self.idle_s)
        except TimeoutError:
            raise HTTPException(408, headers=_CLOSE) from None


def _refused(connection: HTTPConnection, limit: int) -> int | None:
    if connection.headers.get("content-encoding", "identity").lower() != "identity":
        return 415
    announced = connection.headers.get("content-length", "0")
    return 413 if announced.isdigit() and int(announced[:20]) > limit else None
