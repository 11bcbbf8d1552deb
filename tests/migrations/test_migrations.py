"""The tables that the migrations make are those that the slices declare, on both stores, up and down."""

from datetime import UTC, datetime
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Insert, column, insert, inspect, select, table, text

from cli import store
from kit.db import Database, Json
from migrations import run as migrations
from migrations.tables import metadata

DECLARED = {name for name in metadata.tables if not name.startswith("test_")}
"""Without the tables that tests of other rooms declare in the same process."""


def differences(connection: Connection) -> list[object]:
    """Indexes apart: partial ones and those on expressions are not reflected alike."""

    def meant(_object: object, name: str, kind: str, *_: object) -> bool:
        return kind != "index" and (kind != "table" or not name.startswith("test_"))

    opts = {"compare_type": True, "include_object": meant}
    return compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)


def indexes(connection: Connection) -> set[str]:
    sqlite = connection.dialect.name == "sqlite"
    query = "SELECT name FROM sqlite_master WHERE type = 'index'" if sqlite else "SELECT indexname FROM pg_indexes"
    return set(connection.scalars(text(query)))


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


async def test_a_fresh_base_has_every_table_as_declared(database_url: str):
    async with store.opened(database_url) as db, db.read() as conn:
        assert await conn.run_sync(differences) == []
        assert await conn.run_sync(tables) == DECLARED
        assert await conn.run_sync(migrations.current) == migrations.newest()


async def test_down_takes_everything_away_and_up_brings_it_back(database_url: str):
    db = Database(database_url)
    await db.open()
    await store.renew(db)

    await db.write(lambda tx: tx.conn.run_sync(migrations.downgrade))
    async with db.read() as conn:
        assert await conn.run_sync(tables) == set()
    await store.renew(db)

    async with db.read() as conn:
        assert await conn.run_sync(tables) == DECLARED
    await db.close()


async def test_every_declared_index_is_there(database_url: str):
    async with store.opened(database_url) as db, db.read() as conn:
        found = await conn.run_sync(indexes)

    assert {index.name for name in DECLARED for index in metadata.tables[name].indexes} <= found


async def test_what_the_first_version_held_is_there_after_the_newest(database_url: str):
    db = Database(database_url)
    await db.open()
    await db.write(lambda tx: tx.conn.run_sync(migrations.upgrade, "0001"))
    now = datetime.now(UTC)
    client = {"id": "p", "name": "P", "country": "TR", "zone": "UTC", "inbound_numbers": [], "created_at": now}
    texts = dict.fromkeys(("id", "name", "temperature", "mode", "state", "purpose", "trunk", "script"), "x")
    figures = ("ring_s", "wrap_up_s", "connect_s", "max_lines", "abandonment_limit", "priority", "version")
    dialed = (
        texts | dict.fromkeys(figures, 1) | {"hours": {}, "retry": {"max_tries": 4}, "project": "p", "created_at": now}
    )

    await db.write(lambda tx: tx.conn.execute(old("project", client)))
    await db.write(lambda tx: tx.conn.execute(old("campaign", dialed)))
    await store.renew(db)

    async with db.read() as conn:
        row = (await conn.execute(select(metadata.tables["campaign"]))).mappings().one()
        there = (await conn.execute(select(metadata.tables["project"]))).mappings().one()
    assert (there["record_incoming"], there["record_notice"], there["keep_days"]) == (False, "recorded", None)
    assert (row["detection"], row["detector"], row["record"], row["without_recording"]) == ("off", {}, False, "go_on")
    assert set(row["retry"]) == {"max_tries", "machine", "redirected"}
    assert row["trunks"] == ["x"], "calls leave by the trunk that they left by before"
    await db.write(lambda tx: tx.conn.run_sync(migrations.downgrade, "0001"))
    async with db.read() as conn:
        columns = select(column("retry", Json), column("trunk"))
        before = (await conn.execute(columns.select_from(table("campaign")))).one()
    assert tuple(before) == ({"max_tries": 4}, "x")
    await db.close()


async def test_a_campaign_that_names_no_trunk_names_none_after_going_back_and_on_again(database_url: str):
    """An empty name would be that of a trunk that is not there: it would never dial."""
    db = Database(database_url)
    await db.open()
    await store.renew(db)
    now = datetime.now(UTC)
    client = {"id": "p", "name": "P", "country": "TR", "zone": "UTC", "inbound_numbers": [], "created_at": now}
    texts = dict.fromkeys(("id", "name", "temperature", "mode", "state", "purpose", "script"), "x")
    figures = ("ring_s", "wrap_up_s", "connect_s", "max_lines", "abandonment_limit", "priority", "version")
    dialed = texts | dict.fromkeys(figures, 1) | {"hours": {}, "retry": {}, "project": "p", "created_at": now}
    await db.write(lambda tx: tx.conn.execute(old("project", client)))
    await db.write(lambda tx: tx.conn.execute(old("campaign", dialed)))

    await db.write(lambda tx: tx.conn.run_sync(migrations.downgrade, "0003"))
    await store.renew(db)

    async with db.read() as conn:
        assert (await conn.execute(select(metadata.tables["campaign"].c.trunks))).scalar_one() == []
    await db.close()


def old(name: str, row: dict[str, Any]) -> Insert:
    """An insert into a table as it was, with the columns that the row has."""
    types = {each.name: each.type for each in metadata.tables[name].columns}
    columns = [column(each, types.get(each)) for each in row]
    return insert(table(name, *columns)).values(row)
