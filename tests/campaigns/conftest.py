"""A small campaign in the database of each store, and the doors of campaigns before it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from doors import ORIGIN, Doors
from fastapi import FastAPI
from small_campaign import Setting

from api.app import Parts, create_app
from campaigns.campaigns import routes as campaign_routes
from campaigns.dispositions import routes as disposition_routes
from campaigns.lists import routes as list_routes
from campaigns.lists.imports import Imports
from campaigns.projects import routes as project_routes
from campaigns.rules import routes as rule_routes
from identity.login import routes as login_routes
from identity.parts import SignIn
from identity.users import routes as user_routes
from kit.clock import ManualClock
from kit.db import Database
from kit.journal import Journal
from kit.seal import MasterKey, Seal

ROUTERS = (
    *(login_routes.router, user_routes.router, project_routes.router, campaign_routes.router),
    *(disposition_routes.router, list_routes.router, rule_routes.router),
)
MASTER = MasterKey(bytes(range(32)))


@pytest.fixture
async def setting(database: Database, seal: Seal, clock: ManualClock) -> Setting:
    """A running warm campaign that this test owns, without leads yet."""
    made = Setting(database, seal, clock)
    made.project = await made.new_project()
    made.campaign = await made.new_campaign(made.project)
    await made.own()
    return made


class Engine:
    """Counts how often it is told that campaigns changed."""

    refreshed = 0

    def refresh(self) -> None:
        self.refreshed += 1

    def campaign_status(self, campaign: str) -> None:
        return None


@pytest.fixture
async def imports(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Imports]:
    running = Imports(database, MASTER, tmp_path / "uploads", clock)
    await running.start()
    yield running
    await running.close()


@pytest.fixture
def app(database: Database, seal: Seal, clock: ManualClock, imports: Imports) -> FastAPI:
    parts = Parts(
        db=database,
        journal=Journal(database),
        seal=seal,
        clock=clock,
        engine=Engine(),
        sign_in=SignIn(url=ORIGIN),
        upload_limit=2 * 1024 * 1024,
        imports=imports,
        trunks=("pbx",),
    )
    return create_app(parts, ROUTERS)


@pytest.fixture
async def doors(app: FastAPI) -> AsyncIterator[Doors]:
    opened = Doors(app)
    yield opened
    await opened.close()
