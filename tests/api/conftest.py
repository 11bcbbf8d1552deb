"""The whole of the doors, in front of a database and no engine."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from centre_of_two import Centre
from doors import ORIGIN, Doors
from fastapi import FastAPI

from api.app import Parts, create_app
from campaigns.lists.imports import Imports
from identity.parts import SignIn
from kit import log
from kit.clock import ManualClock
from kit.db import Database
from kit.journal import Journal
from kit.seal import MasterKey, Seal

MASTER = MasterKey(bytes(range(32)))


@dataclass(frozen=True)
class Folder:
    """Recordings beside each other."""

    folder: Path

    def path_of(self, recording_id: str) -> Path:
        return self.folder / f"{recording_id}.ahr"

    def trouble(self) -> None:
        return None


@pytest.fixture(scope="module", autouse=True)
def _logging() -> None:
    """Anew for each file: tests of other rooms configure the log of the process too."""
    log.configure(json=True, level="warning")


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path}/doors.db")
    await opened.open()
    await opened.create_all()
    yield opened
    await opened.close()


@pytest.fixture
def parts(db: Database, seal: Seal, clock: ManualClock, tmp_path: Path) -> Parts:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    return Parts(
        db=db,
        journal=Journal(db),
        seal=seal,
        clock=clock,
        sign_in=SignIn(url=ORIGIN),
        uploads=uploads,
        recordings=Folder(tmp_path),
        upload_limit=256 * 1024,
        body_limit=64 * 1024,
        body_idle_s=0.5,
        imports=Imports(db, MASTER, uploads, clock),
        trunks=("pbx",),
    )


@pytest.fixture
def app(parts: Parts) -> FastAPI:
    return create_app(parts)


@pytest.fixture
async def doors(app: FastAPI) -> AsyncIterator[Doors]:
    opened = Doors(app)
    yield opened
    await opened.close()


@pytest.fixture
async def centre(app: FastAPI, tmp_path: Path) -> AsyncIterator[Centre]:
    filled = Centre(app, tmp_path)
    await filled.fill()
    yield filled
    await filled.doors.close()
