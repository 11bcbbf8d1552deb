"""The doors put together: every slice's routes, behind the same guards, errors and headers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from api import errors, pages, security, system, websocket
from api.routers import ROUTERS
from api.stream import Stream
from campaigns.lists.imports import Imports
from desk.parts import Archive
from identity.access import Guard
from identity.login.endings import Endings
from identity.parts import SignIn
from kit.clock import Clock, SystemClock
from kit.db import Database
from kit.journal import Journal
from kit.seal import Seal

PREFIX = "/api/v1"


class UnguardedRoute(RuntimeError):
    """A route says neither which right it needs nor that it is public; declare one of `identity.access`."""


@dataclass(frozen=True)
class Parts:
    """What the doors need. Each is found by the routes as `app.state.<name>`.

    `engine` and `imports` are None where nothing dials and nothing is taken in (tests of the doors). `trunks`: the
    names of the configured ones, the first being the usual. `pages` is the built desk; None: the API alone.
    `recordings`: where they are; None: nothing is recorded. `upload_limit` and `body_limit` are bytes.
    """

    db: Database
    journal: Journal
    seal: Seal
    engine: Any = None
    imports: Imports | None = None
    trunks: tuple[str, ...] = ()
    clock: Clock = field(default_factory=SystemClock)
    sign_in: SignIn = field(default_factory=SignIn)
    uploads: Path = Path("var/uploads")
    recordings: Archive | None = None
    upload_limit: int = 50 * 1024 * 1024
    body_limit: int = 1024 * 1024
    body_idle_s: float = 30.0
    pages: Path | None = None
    hosts: frozenset[str] = frozenset()
    version: str = "0"


def create_app(parts: Parts, routers: Sequence[APIRouter] = ROUTERS) -> FastAPI:
    """The ASGI application. Raises UnguardedRoute rather than open a door that nobody watches.

    The service runs `app.state.stream.run()` beside it: without it no event stream starts.
    """
    app = FastAPI(
        title="Ahize", version=parts.version, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    for name in Parts.__dataclass_fields__:
        setattr(app.state, name, getattr(parts, name))
    app.state.endings = Endings()
    app.state.stream = Stream(parts.journal)
    for router in routers:
        app.include_router(router, prefix=PREFIX)
    app.include_router(websocket.router, prefix=PREFIX)
    app.include_router(system.router)
    app.include_router(system.api_router, prefix=PREFIX)
    demand_guards(app)
    errors.install(app)
    app.router.default = GZipMiddleware(pages.Pages(parts.pages), minimum_size=1024)  # nothing secret is in the pages
    security.install(app, parts)
    return app


def demand_guards(app: FastAPI) -> None:
    unguarded = sorted(f"{methods} {path}" for methods, path, guard in declared(app) if guard is None)
    if unguarded:
        raise UnguardedRoute(f"These routes declare no right: {', '.join(unguarded)}. Add Depends(needs(Right.…)).")


def declared(app: FastAPI) -> list[tuple[str, str, Guard | None]]:
    """Every way in: its methods, its path and its guard."""
    found: list[tuple[str, str, Guard | None]] = []
    for route in iter_route_contexts(app.routes):
        methods = ",".join(sorted(route.methods or {"WEBSOCKET"}))
        found.append((methods, str(route.path), _guard_of(route)))
    return found


def _guard_of(route: Any) -> Guard | None:
    if not isinstance(route.original_route, APIRoute | APIWebSocketRoute):
        return None
    return next(_guards(route.dependant), None)


def _guards(dependant: Any) -> Any:
    if isinstance(dependant.call, Guard):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _guards(inner)
