"""Two tables to write to, for the tests of the database."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, insert, select

from kit.db import Json, Utc, metadata

thing = Table(
    "test_thing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("at", Utc),
    Column("body", Json),
)
part = Table(
    "test_part",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("thing", ForeignKey("test_thing.id"), nullable=False),
)


def add(name, **values):
    async def work(tx):
        await tx.conn.execute(insert(thing).values(name=name, **values))
        return name

    return work


async def names(database):
    async with database.read() as conn:
        return list((await conn.execute(select(thing.c.name).order_by(thing.c.id))).scalars())
