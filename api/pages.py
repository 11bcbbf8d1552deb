"""The built desk: its files, and its first page for every address that is not a file or an API."""

from functools import cached_property
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from kit.errors import NotFound

_FOR_EVER = "public, max-age=31536000, immutable"  # names of assets carry their hash
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class DeskNotBuilt(NotFound):
    """The desk's pages are not built; run: make web"""

    code = "desk_not_built"


class Pages:
    """The ASGI application for whatever no route takes. `folder` None: there are no pages."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        answer = await self.answer(scope)
        await answer(scope, receive, send)

    async def answer(self, scope: Scope) -> Response:
        path = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            raise HTTPException(404)
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        if self.folder is None or not (self.folder / "index.html").is_file():
            raise DeskNotBuilt()
        return await self._file(scope, path) or await self._first_page(scope)

    async def _file(self, scope: Scope, path: str) -> Response | None:
        if path in ("/", "/index.html"):
            return None
        try:
            answer = await self._files.get_response(path.lstrip("/"), scope)
        except HTTPException as error:
            if error.status_code == 404 and _is_page(path, Headers(scope=scope)):
                return None
            raise
        answer.headers["cache-control"] = _FOR_EVER if path.startswith("/assets/") else "no-cache"
        return answer

    @cached_property
    def _files(self) -> StaticFiles:
        return StaticFiles(directory=str(self.folder), check_dir=False)

    async def _first_page(self, scope: Scope) -> Response:
        answer = await self._files.get_response("index.html", scope)
        answer.headers["cache-control"] = "no-cache"
        answer.headers["content-security-policy"] = _POLICY
        return answer


def _is_page(path: str, headers: Headers) -> bool:
    """An address of the desk's own, not a file that is missing."""
    return "." not in path.rpartition("/")[2] and "text/html" in headers.get("accept", "text/html")
