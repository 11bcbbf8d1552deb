"""The running service: every part made, joined and, at the end, closed in the right order."""

import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from api.app import Parts, create_app
from campaigns.lists.callers import StoredCallers
from campaigns.lists.history import StoredHistory, StoredLedger
from campaigns.lists.imports import Imports
from campaigns.lists.leads import StoredLeads
from campaigns.projects.qualified import StoredQualifications
from campaigns.rules.gate import Gate
from cli import doors, store
from cli.lines import lines_of
from cli.settings import Settings
from cli.version import VERSION
from desk.calls.journal import EngineJournal
from desk.calls.service import close_lost_calls
from desk.recordings.keeping import Keeping
from desk.recordings.store import StoredRecordings
from dialer import engine as dialing
from dialer.engine import Engine
from dialer.ports import Lines
from identity.login.service import first_link
from identity.parts import SignIn
from kit import garbage, keyring
from kit.clock import SystemClock
from kit.db import Database
from kit.journal import Journal
from kit.limits import allow_many_files
from kit.seal import MasterKey, Seal
from kit.tasks import Tasks

MIB = 1 << 20
PAGES = Path(__file__).parent.parent / "web" / "dist"


@dataclass(frozen=True, slots=True)
class Service:
    """A service that takes calls. `url`: where its pages are; `first_link`: makes the first administrator."""

    url: str
    first_link: str | None
    db: Database
    seal: Seal
    engine: Engine
    app: FastAPI


@asynccontextmanager
async def running(settings: Settings, pages: Path | None = PAGES) -> AsyncGenerator[Service]:
    """Everything, while the block runs. Raises AhizeError with what to do when a part cannot start."""
    allow_many_files()
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(doors.bind(settings.server))
        settings = _with_port(settings, listening)
        master = MasterKey.load(Path(settings.keys.master_key_file))
        seal, clock = Seal(master), SystemClock()
        db = await stack.enter_async_context(store.opened(settings.database.url))
        await db.write(lambda tx: keyring.belongs(tx, master, clock.now()))
        token = await first_link(db, seal, clock)
        journal = await _journal(stack, db)
        await db.write(lambda tx: close_lost_calls(tx, clock.now()))
        recordings = await _recordings(stack, settings, db, seal, clock)
        lines = await stack.enter_async_context(lines_of(settings))
        ports = _ports(settings, db, seal, lines, clock, recordings)
        engine = Engine(ports, dialing.Settings(leg_trunk=settings.trunks[0].name))
        imports = Imports(db, master, Path(settings.uploads.folder), clock, changed=engine.refresh)
        app = create_app(_parts(settings, db, journal, seal, engine, imports, recordings, clock, pages))
        await _run(stack, app, engine, imports)
        await stack.enter_async_context(doors.opened(app, settings.server, listening))
        garbage.look_less_often()
        yield Service(settings.server.url, _link(settings, token), db, seal, engine, app)


async def _journal(stack: AsyncExitStack, db: Database) -> Journal:
    journal = Journal(db)
    await journal.open()
    stack.push_async_callback(journal.close)
    return journal


async def _run(stack: AsyncExitStack, app: FastAPI, engine: Engine, imports: Imports) -> None:
    """What works in the background; the engine is the last to start and the first to stop."""
    tasks = await stack.enter_async_context(Tasks())
    tasks.spawn(app.state.stream.run(), "api.stream")
    await imports.start()
    stack.push_async_callback(imports.close)
    await engine.start()
    stack.push_async_callback(engine.stop)


async def _recordings(
    stack: AsyncExitStack, settings: Settings, db: Database, seal: Seal, clock: SystemClock
) -> StoredRecordings:
    kept = settings.recordings
    recordings = StoredRecordings(db, seal, Path(kept.folder), clock, kept.spare_mb * MIB)
    await recordings.start()
    stack.push_async_callback(recordings.close)
    tasks = await stack.enter_async_context(Tasks())
    tasks.spawn(Keeping(db, clock, recordings.path_of, kept.keep_days).run(), "recordings.keeping")
    return recordings


def _ports(
    settings: Settings, db: Database, seal: Seal, lines: Lines, clock: SystemClock, recordings: StoredRecordings
) -> dialing.Ports:
    return dialing.Ports(
        leads=StoredLeads(db, seal, clock),
        rules=Gate(db, seal, settings.trunks[0].extensions),
        ledger=StoredLedger(db),
        history=StoredHistory(db),
        qualifications=StoredQualifications(db),
        callers=StoredCallers(db, seal),
        journal=EngineJournal(db, seal),
        lines=lines,
        clock=clock,
        recordings=recordings,
    )


def _parts(
    settings: Settings,
    db: Database,
    journal: Journal,
    seal: Seal,
    engine: Engine,
    imports: Imports,
    recordings: StoredRecordings,
    clock: SystemClock,
    pages: Path | None,
) -> Parts:
    server = settings.server
    return Parts(
        db=db,
        journal=journal,
        seal=seal,
        engine=engine,
        imports=imports,
        trunks=tuple(trunk.name for trunk in settings.trunks),
        clock=clock,
        sign_in=SignIn(server.url, server.secure, server.session_hours * 3600.0, server.idle_minutes * 60.0),
        uploads=Path(settings.uploads.folder),
        recordings=recordings,
        upload_limit=settings.uploads.limit_mb * MIB,
        pages=pages,
        hosts=frozenset(name.lower() for name in server.hosts),
        version=VERSION,
    )


def _with_port(settings: Settings, listening: socket.socket) -> Settings:
    """The settings with the port that `server.port` 0 got."""
    server = settings.server.model_copy(update={"port": listening.getsockname()[1]})
    return settings.model_copy(update={"server": server})


def _link(settings: Settings, token: str | None) -> str | None:
    return None if token is None else f"{settings.server.url}/link#{token}"
