"""The database and the master key that belongs to it. Nothing is made, and no row is written."""

import os
from pathlib import Path

from sqlalchemy import select, text

from cli import store
from cli.doctor.finding import Finding, halves, note, ok, problem
from cli.settings import Settings
from kit.db import Database, Tx
from kit.keyring import sealed_with
from kit.seal import ENV, MasterKey, MasterKeyError
from kit.store import StoreError

DATABASE, KEY = "database", "master key"


async def look(settings: Settings) -> list[Finding]:
    """How database and key stand."""
    file = store.sqlite_file(settings.database.url)
    if file is not None and not file.exists():
        return _nothing_yet(settings, file)
    try:
        async with store.existing(settings.database.url) as db:
            await db.write(_may_write)
            return [
                ok(DATABASE, f"{_name(db)} can be read and written, its tables are current"),
                await _key(settings, db),
            ]
    except store.NoDatabase as error:
        return [note(DATABASE, str(error))]
    except StoreError as error:
        return [problem(DATABASE, *halves(error))]


def _nothing_yet(settings: Settings, file: Path) -> list[Finding]:
    found = [
        note(
            DATABASE,
            f"there is none at {file}",
            "the first start makes it; if there was one already, this is the wrong folder",
        )
    ]
    if ENV in os.environ or Path(settings.keys.master_key_file).exists():
        return found
    return [*found, note(KEY, f"there is none at {Path(settings.keys.master_key_file).absolute()}")]


async def _may_write(tx: Tx) -> None:
    """A transaction of the writer; a standby of PostgreSQL would begin it all the same."""
    if tx.conn.dialect.name == "postgresql":
        answer = (await tx.conn.execute(text("SHOW transaction_read_only"))).scalar()
        if answer == "on":
            raise StoreError("PostgreSQL takes no writes here; connect to the primary.")


def _name(db: Database) -> str:
    return str(Path(db.url.database or "").absolute()) if db.is_sqlite else db.url.render_as_string(hide_password=True)


async def _key(settings: Settings, db: Database) -> Finding:
    try:
        master = store.existing_key(settings)
    except MasterKeyError as error:
        return problem(KEY, *halves(error))
    return await _belongs(db, master)


async def _belongs(db: Database, master: MasterKey) -> Finding:
    async with db.read() as conn:
        known = set((await conn.execute(select(sealed_with.c.key_id))).scalars())
    if known and master.id not in known:
        return problem(KEY, "the database was sealed with another one", "put its file back, or name it in the settings")
    return ok(
        KEY, "it is the one that the database was sealed with" if known else "the database has sealed nothing yet"
    )
