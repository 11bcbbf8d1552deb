"""The database of the service: opened and brought to this program's version of the tables, or only found."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from cli.settings import Settings
from kit import log
from kit.db import Database
from kit.seal import ENV, MasterKey, MasterKeyError
from kit.store import StoreError
from migrations import run as migrations

_log = log.get("cli.store")


class NoDatabase(StoreError):
    """There is no database where the settings say; run this in the folder of the service, or name its settings."""

    code = "no_database"


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Database]:
    """An open database with the newest tables. Raises StoreError with what to do."""
    db = Database(url)
    await db.open()
    try:
        await renew(db)
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def existing(url: str) -> AsyncGenerator[Database]:
    """The same for a database that a service has made: nothing is made or changed here. Raises StoreError."""
    file = sqlite_file(url)
    if file is not None and not file.exists() and not _log_of(file).exists():
        raise NoDatabase(
            f"There is no database at {file}: run this in the folder of the service, or name its settings by --config."
        )
    db = Database(url)
    await db.open()
    try:
        await _refuse_other_tables(db)
        yield db
    finally:
        await db.close()


def sqlite_file(url: str) -> Path | None:
    """Where the file of an SQLite database is, from the root on; None: it is on a server."""
    parsed = make_url(url)
    return Path(parsed.database or "").absolute() if parsed.get_backend_name() == "sqlite" else None


def _log_of(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


async def _refuse_other_tables(db: Database) -> None:
    stands_at = await version(db)
    if stands_at is None:
        raise NoDatabase("The database has no tables of Ahize: see database.url, or let `ahize serve` make them.")
    _refuse_newer(stands_at)
    if stands_at != migrations.newest():
        raise StoreError(
            f"The database stands at version {stands_at}, this program works with {migrations.newest()}: "
            "stop the service and run `ahize migrate`."
        )


async def version(db: Database) -> str | None:
    """The version of the tables; None: there are none."""
    async with db.read() as conn:
        return await conn.run_sync(migrations.current)


def _refuse_newer(stands_at: str) -> None:
    if stands_at not in migrations.versions():
        raise StoreError(
            "This database was made by a newer Ahize; start that version, or restore a backup for this one."
        )


async def renew(db: Database) -> None:
    """Bring the tables to the newest version, in one transaction. Raises StoreError for a base of a newer program."""
    stands_at = await version(db)
    if stands_at == migrations.newest():
        return
    if stands_at is not None:
        _refuse_newer(stands_at)
    _log.info("the database is brought to the newest version", version=migrations.newest())
    await db.write(lambda tx: tx.conn.run_sync(_upgrade))


def _upgrade(connection: Connection) -> None:
    migrations.upgrade(connection)


def existing_key(settings: Settings) -> MasterKey:
    """The master key that a service has made: none is made here. Raises MasterKeyError."""
    file = Path(settings.keys.master_key_file)
    if ENV not in os.environ and not file.exists():
        raise MasterKeyError(
            f"There is no master key at {file.absolute()}: put it back from your copy, or run this in the folder of "
            "the service."
        )
    return MasterKey.load(file)
