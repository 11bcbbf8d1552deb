"""Secrets that are carried instead of a password: made, and found in a request. Only their digests are stored."""

import secrets
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.responses import Response

KEY_PREFIX = "ahize_"  # lets scanners of published code find a leaked key
_LONGEST = 128


class Cookies(Protocol):
    """How long and how safely a sign-in's cookie travels; seconds."""

    @property
    def secure(self) -> bool: ...
    @property
    def session_s(self) -> float: ...


def new_token() -> str:
    """32 random bytes, fit for addresses and headers."""
    return secrets.token_urlsafe(32)


def new_key() -> str:
    return KEY_PREFIX + new_token()


def cookie_name(limits: Cookies) -> str:
    """The `__Host-` prefix makes browsers refuse the cookie from another host or path; they demand TLS for it."""
    return "__Host-ahize_session" if limits.secure else "ahize_session"


def cookie_of(connection: HTTPConnection, limits: Cookies) -> str | None:
    value = connection.cookies.get(cookie_name(limits))
    return value if value and len(value) <= _LONGEST and value.isascii() else None


def bearer_of(connection: HTTPConnection) -> str | None:
    """The key of the Authorization header (RFC 6750 §2.1); "" for a header of another form. Never from the address."""
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" and len(key) <= _LONGEST and key.isascii() else ""


def set_cookie(response: Response, token: str, limits: Cookies) -> None:
    response.set_cookie(
        cookie_name(limits),
        token,
        max_age=int(limits.session_s),
        path="/",
        secure=limits.secure,
        httponly=True,
        samesite="strict",
    )


def clear_cookie(response: Response, limits: Cookies) -> None:
    response.delete_cookie(cookie_name(limits), path="/", secure=limits.secure, httponly=True, samesite="strict")
