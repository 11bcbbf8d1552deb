"""The doors of identity alone, on a database of their own."""

from collections.abc import AsyncIterator

import pytest
from doors import ORIGIN, Doors
from fastapi import FastAPI

from api.app import Parts, create_app
from identity.audit import routes as audit_routes
from identity.login import routes as login_routes
from identity.parts import SignIn
from identity.roles import routes as roles_routes
from identity.users import routes as users_routes
from kit.clock import ManualClock
from kit.db import Database
from kit.journal import Journal
from kit.seal import Seal

ROUTERS = (login_routes.router, users_routes.router, roles_routes.router, audit_routes.router)


@pytest.fixture
def db(database: Database) -> Database:
    return database


@pytest.fixture
def app(db: Database, seal: Seal, clock: ManualClock) -> FastAPI:
    parts = Parts(db=db, journal=Journal(db), seal=seal, clock=clock, sign_in=SignIn(url=ORIGIN))
    return create_app(parts, ROUTERS)


@pytest.fixture
async def doors(app: FastAPI) -> AsyncIterator[Doors]:
    opened = Doors(app)
    yield opened
    await opened.close()
