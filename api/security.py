"""What every request must show and every answer must say, before any route is asked."""

from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.body import BodyLimit
from api.errors import LastResort, of_status, problem
from identity.errors import NotOurPage
from identity.parts import SignIn

MARK = "x-ahize"  # a header that a foreign page cannot send without being asked about it first (CORS preflight)
FORM_BYTES = 128 * 1024  # what a form may add to its file: fields, headers, boundaries
UPLOADS = ("/api/v1/lists",)
HEALTH = "/health"  # a watchman on this machine asks by whatever name, and learns nothing but ok
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def install(app: FastAPI, parts: Any) -> None:
    """Put the guards around the app; the last one added is asked first."""
    app.add_middleware(
        BodyLimit,
        limit=parts.body_limit,
        uploads=UPLOADS,
        upload_limit=parts.upload_limit + FORM_BYTES,
        idle_s=parts.body_idle_s,
    )
    app.add_middleware(OwnPages, sign_in=parts.sign_in, hosts=parts.hosts)
    app.add_middleware(LastResort)
    app.add_middleware(SafeHeaders, secure=parts.sign_in.secure)


def is_own_origin(headers: Headers, sign_in: SignIn) -> bool:
    """Whether a browser says that a page of ours asks (T19, T23): the Origin is the asked host or `sign_in.url`."""
    origin = headers.get("origin")
    if not origin:
        return False
    if origin == _origin(sign_in.url):
        return True
    asked = urlsplit(origin)
    scheme = "https" if sign_in.secure else "http"
    return asked.scheme == scheme and bool(asked.netloc) and asked.netloc == headers.get("host")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class OwnPages:
    """Lets a change through only from our own pages or with a key in the header, which no foreign page can add."""

    def __init__(self, app: ASGIApp, sign_in: SignIn, hosts: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.sign_in = sign_in
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._is_odd(scope, headers):
            await of_status(400)(scope, receive, send)
        elif scope["method"] not in _SAFE and not self._is_ours(headers):
            await problem(NotOurPage())(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_odd(self, scope: Scope, headers: Headers) -> bool:
        """A NUL that no store keeps, or a name that we do not answer to (DNS rebinding)."""
        named = not self.hosts or scope["path"] == HEALTH
        foreign = not named and headers.get("host", "").lower() not in self.hosts
        return foreign or "\0" in scope["path"] or b"%00" in scope["query_string"]

    def _is_ours(self, headers: Headers) -> bool:
        if "authorization" in headers:
            return True
        return headers.get(MARK) == "1" and is_own_origin(headers, self.sign_in)


class SafeHeaders:
    """Adds what a browser must be told. Pages bring their own content policy."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self.app = app
        self.headers = dict(_ALWAYS)
        if secure:
            self.headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                headers.setdefault("content-security-policy", _NOTHING)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)
