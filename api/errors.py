"""Every error of every door as one kind of answer: problem details (RFC 9457), with nothing of the inside in it."""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit import log, metrics
from kit.errors import AhizeError, Conflict, FieldError, Invalid, TooMany, Unauthenticated, Unavailable

logger = log.get("api")
CRASHES = metrics.counter("door_crashes", "Requests that ended in an error of ours")
_SENTENCES = {
    400: "This request is not well formed; correct it and send it again.",
    404: "There is nothing at this address; look it up in the interface's description.",
    405: "This address does not take that method; see the Allow header.",
    408: "The request stopped arriving; send it again over a better line.",
    413: "This is larger than allowed; send it in smaller parts.",
    415: "This kind of content is not taken here; send what the interface's description names.",
}
_CODES = {400: "malformed", 404: "not_found", 405: "method", 408: "too_slow", 413: "too_large", 415: "content_type"}


class Problem(JSONResponse):
    media_type = "application/problem+json"


class NotStorable(Invalid):
    """A value is outside of what can be kept; correct it and send it again."""

    code = "not_storable"


def problem(error: AhizeError) -> Response:
    """The answer for an error of ours."""
    body = _body(error.status, error.code, str(error), error.values)
    if isinstance(error, Invalid):
        body["errors"] = list(error.errors)
    return Problem(body, error.status, headers=_headers(error))


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for a bare HTTP status."""
    sentence = _SENTENCES.get(status, HTTPStatus(status).phrase + ".")
    return Problem(_body(status, _CODES.get(status, "error"), sentence, {}), status, headers=headers)


def install(app: FastAPI) -> None:
    app.add_exception_handler(AhizeError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(DBAPIError, _store)
    app.add_exception_handler(OverflowError, _overflow)


def _body(status: int, code: str, sentence: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": f"urn:ahize:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "code": code,
        "values": dict(values),
    }


def _headers(error: AhizeError) -> dict[str, str]:
    if isinstance(error, Unauthenticated):
        return {"www-authenticate": 'Bearer realm="ahize"'}
    wait = error.values.get("retry_after_s")
    if isinstance(error, TooMany | Unavailable) and isinstance(wait, int | float):
        return {"retry-after": str(math.ceil(wait))}
    return {}


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, AhizeError)
    if error.status >= 500 and not isinstance(error, Unavailable):
        return crashed(error, request.scope)
    return problem(error)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code)
    return of_status(error.status_code, error.headers)


async def _validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields: list[FieldError] = [
        {"field": ".".join(str(part) for part in found["loc"]), "code": found["type"], "message": found["msg"]}
        for found in error.errors()
    ]
    return problem(Invalid(errors=fields))


async def _store(request: Request, error: Exception) -> Response:
    """What validation let through and the database refuses: too large a number, a NUL, a row that is there already."""
    assert isinstance(error, DBAPIError)
    if isinstance(error, IntegrityError):
        return problem(Conflict())
    if _is_about_values(error):
        return problem(NotStorable())
    return crashed(error, request.scope)


async def _overflow(request: Request, error: Exception) -> Response:
    """SQLite's driver refuses numbers over 64 bits by this; anything else is a fault of ours."""
    if "SQLite" in str(error):
        return problem(NotStorable())
    return crashed(error, request.scope)


def _is_about_values(error: DBAPIError) -> bool:
    """SQLSTATE class 22 (data exception), or what drivers refuse before sending."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return isinstance(error, DataError) or str(state).startswith("22") or "DataError" in repr(error.orig)


def crashed(error: BaseException, scope: Scope) -> Response:
    """The answer for a fault of ours; the log has the kind of error and where it came from, never its values."""
    CRASHES.inc()
    route = scope.get("route")
    logger.error("door_crashed", exc_info=error, method=scope.get("method"), route=getattr(route, "path", None))
    return problem(AhizeError(code="internal"))


class LastResort:
    """Answers for whatever nobody caught, so that a traceback stays inside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            answer = crashed(error, scope)
            if started:
                raise
            await answer(scope, receive, send)
