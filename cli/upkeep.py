"""What an administrator does from the command line, with the service stopped or running."""

import json
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Connection, select

from api.app import Parts, create_app
from cli import store
from cli.settings import Settings
from identity.login import second_factor
from identity.login.service import new_link
from identity.users.models import user
from kit import keyring, log
from kit.clock import SystemClock
from kit.db import Database, Tx
from kit.errors import NotFound
from kit.seal import Seal
from kit.settings import load
from migrations import run as migrations


class NobodyOfThatName(NotFound):
    """Nobody signs in by that name; GET /api/v1/users lists who does."""

    code = "nobody_of_that_name"


async def migrate(config: Path, down_to: str | None) -> None:
    """To the newest version, or down to `down_to`. Raises AhizeError."""
    log.configure(json=False, level="warning")
    db = Database(load(Settings, config).database.url)
    await db.open()
    try:
        if down_to is None:
            await store.renew(db)
        else:
            await db.write(lambda tx: tx.conn.run_sync(_downgrade, down_to))
        typer.echo(f"The database is at version {await store.version(db) or 'none'}.")
    finally:
        await db.close()


def _downgrade(connection: Connection, target: str) -> None:
    migrations.downgrade(connection, target)


async def link(config: Path, login: str, *, lost_phone: bool = False) -> None:
    """Print a one-time link for the person who signs in as `login`; `lost_phone` takes the second factor away.

    Raises AhizeError.
    """
    log.configure(json=False, level="warning")
    settings, clock = load(Settings, config), SystemClock()

    async def work(tx: Tx) -> str:
        await keyring.belongs(tx, master, clock.now())
        person = (await tx.conn.execute(select(user.c.id).where(user.c.login == login.casefold()))).scalar()
        if person is None:
            raise NobodyOfThatName()
        if lost_phone:
            await second_factor.remove(tx, person, None, clock.now())
        return await new_link(tx, Seal(master), person, clock.now())

    async with store.existing(settings.database.url) as db:
        master = store.existing_key(settings)
        typer.echo(f"{settings.server.url}/link#{await db.write(work)}")


def openapi() -> str:
    """The API's description as JSON, the same for the same routes."""
    nothing: Any = None
    app = create_app(Parts(db=nothing, journal=nothing, seal=nothing))
    return json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False)
