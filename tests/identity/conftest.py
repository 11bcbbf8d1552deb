"""The doors of identity alone, on a database of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from doors import ORIGIN, Clock, Doors
from fastapi import FastAPI

from api.app import Parts, create_app
from identity.audit import routes as audit_routes
from identity.login import routes as login_routes
from identity.parts import SignIn
from identity.roles import routes as roles_routes
from identity.users import routes as users_routes
from kit.db import Database
from kit.journal import Journal
from kit.seal import MasterKey, Seal

ROUTERS = (login_routes.router, users_routes.router, roles_routes.router, audit_routes.router)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seal() -> Seal:
    return Seal(MasterKey(b"k" * 32))


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/doors.db")
    await database.open()
    await database.create_all()
    yield database
    await database.close()


@pytest.fixture
def app(db: Database, seal: Seal, clock: Clock) -> FastAPI:
    parts = Parts(db=db, journal=Journal(db), seal=seal, clock=clock, sign_in=SignIn(url=ORIGIN))
    return create_app(parts, ROUTERS)


@pytest.fixture
async def doors(app: FastAPI) -> AsyncIterator[Doors]:
    opened = Doors(app)
    yield opened
    await opened.close()
