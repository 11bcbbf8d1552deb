"""The doors of identity alone, on a database of their own."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import postgres
import pytest
from doors import ORIGIN, Doors
from fastapi import FastAPI
from sqlalchemy import delete

from api.app import Parts, create_app
from identity.audit import routes as audit_routes
from identity.login import routes as login_routes
from identity.parts import SignIn
from identity.roles import routes as roles_routes
from identity.users import routes as users_routes
from kit.clock import ManualClock
from kit.db import Database, Tx, metadata
from kit.journal import Journal
from kit.seal import Seal

ROUTERS = (login_routes.router, users_routes.router, roles_routes.router, audit_routes.router)


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: str) -> Iterator[str]:
    """One base for all tests here: making one for each takes longer than the tests."""
    with postgres.own_database(postgres_server, f"ahize_identity_{uuid.uuid4().hex}") as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/doors.db"
    return request.getfixturevalue("shared_postgres")


@pytest.fixture
async def db(store: str) -> AsyncIterator[Database]:
    """An open, empty database on each store."""
    opened = Database(store)
    await opened.open()
    await opened.create_all()
    await opened.write(_emptied)
    yield opened
    await opened.close()


async def _emptied(tx: Tx) -> None:
    for table in reversed(metadata.sorted_tables):
        await tx.conn.execute(delete(table))


@pytest.fixture
def app(db: Database, seal: Seal, clock: ManualClock) -> FastAPI:
    parts = Parts(db=db, journal=Journal(db), seal=seal, clock=clock, sign_in=SignIn(url=ORIGIN))
    return create_app(parts, ROUTERS)


@pytest.fixture
async def doors(app: FastAPI) -> AsyncIterator[Doors]:
    opened = Doors(app)
    yield opened
    await opened.close()
