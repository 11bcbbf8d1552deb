"""The database of the service, opened and brought to this program's version of the tables."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy import Connection

from kit import log
from kit.db import Database
from kit.store import StoreError
from migrations import run as migrations

_log = log.get("cli.store")


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


async def renew(db: Database) -> None:
    """Bring the tables to the newest version, in one transaction. Raises StoreError for a base of a newer program."""
    async with db.read() as conn:
        stands_at = await conn.run_sync(migrations.current)
    if stands_at == migrations.newest():
        return
    if stands_at is not None and stands_at not in migrations.versions():
        raise StoreError(
            "This database was made by a newer Ahize; start that version, or restore a backup for this one."
        )
    _log.info("the database is brought to the newest version", version=migrations.newest())
    await db.write(lambda tx: tx.conn.run_sync(_upgrade))


def _upgrade(connection: Connection) -> None:
    migrations.upgrade(connection)
