import asyncio
from datetime import UTC, datetime, timedelta, timezone

import asyncpg
import postgres
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError, StatementError
from stored import add, names, part, thing

from kit import writer
from kit.db import Database, StoreError
from kit.errors import Unavailable


async def test_a_write_gives_its_result_when_it_is_committed(database):
    assert await database.write(add("a")) == "a"

    assert await names(database) == ["a"]


async def test_a_failing_work_is_undone_alone_and_raises_at_its_caller(database):
    async def bad(tx):
        await add("lost")(tx)
        raise ValueError("no")

    results = await asyncio.gather(
        database.write(add("a")), database.write(bad), database.write(add("b")), return_exceptions=True
    )

    assert results[0] == "a"
    assert isinstance(results[1], ValueError)
    assert await names(database) == ["a", "b"]


async def test_a_failing_work_alone_is_undone(database):
    async def bad(tx):
        await add("lost")(tx)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(bad)

    await database.write(add("a"))
    assert await names(database) == ["a"]


async def test_a_broken_rule_of_the_base_is_not_a_fault_of_the_store(database):
    await database.write(add("a"))

    results = await asyncio.gather(database.write(add("a")), database.write(add("b")), return_exceptions=True)

    assert isinstance(results[0], IntegrityError)
    assert await names(database) == ["a", "b"]


async def test_foreign_keys_are_kept(database):
    async def orphan(tx):
        await tx.conn.execute(insert(part).values(id=1, thing=77))

    with pytest.raises(IntegrityError):
        await database.write(orphan)


async def test_what_waits_is_committed_together(database):
    before = writer.COMMIT._sum.get(), writer.GROUPED._sum.get()
    groups = count(writer.GROUPED)

    await asyncio.gather(*(database.write(add(str(n))) for n in range(100)))

    assert writer.GROUPED._sum.get() - before[1] == 100
    assert count(writer.GROUPED) - groups <= 4
    assert len(await names(database)) == 100


def count(histogram):
    return sum(bucket.get() for bucket in histogram._buckets)


async def test_urgent_works_go_first(database):
    order = []

    def note(name):
        async def work(tx):
            order.append(name)

        return work

    await asyncio.gather(
        database.write(note("normal")),
        database.write(note("urgent"), urgent=True),
        database.write(note("also urgent"), urgent=True),
    )

    assert order == ["urgent", "also urgent", "normal"]


async def test_callbacks_come_after_the_commit_and_not_for_undone_work(database):
    seen = []

    async def good(tx):
        tx.after_commit(lambda: seen.append("good"))
        await add("a")(tx)
        assert seen == []

    async def bad(tx):
        tx.after_commit(lambda: seen.append("bad"))
        raise ValueError

    await asyncio.gather(database.write(good), database.write(bad), return_exceptions=True)

    assert seen == ["good"]


async def test_a_failing_callback_harms_nobody(database):
    async def work(tx):
        tx.after_commit(lambda: 1 / 0)
        return "done"

    assert await database.write(work) == "done"
    assert await database.write(add("a")) == "a"


async def test_a_caller_that_gives_up_while_waiting_takes_its_work_back(database):
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(tx):
        entered.set()
        await leave.wait()

    first = asyncio.ensure_future(database.write(slow))
    await entered.wait()
    second = asyncio.ensure_future(database.write(add("never")))
    await asyncio.sleep(0)
    second.cancel()
    leave.set()
    await first

    await database.write(add("a"))
    assert await names(database) == ["a"]


async def test_a_work_that_never_ends_is_stopped(database, monkeypatch):
    monkeypatch.setattr(writer, "WORK_TIMEOUT_S", 0.05)

    async def endless(tx):
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await database.write(endless)
    assert await database.write(add("a")) == "a"


async def test_slices_give_way_to_others(database):
    order = []
    begun = asyncio.Event()

    async def row(tx):
        order.append("row")
        await asyncio.sleep(0.002)
        begun.set()

    async def other(tx):
        order.append("other")

    slices = asyncio.ensure_future(database.write_slices([row] * 20, budget_ms=5))
    await begun.wait()
    await database.write(other)

    assert await slices >= 5
    assert order.count("row") == 20
    assert order.index("other") < 15


async def test_a_failing_slice_leaves_the_earlier_ones(database):
    async def bad(tx):
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        await database.write_slices([add("a"), add("b"), bad, add("c")], budget_ms=0)

    assert await names(database) == ["a", "b"]


async def test_readers_cannot_write(database):
    with pytest.raises(StoreError):
        async with database.read() as conn:
            await conn.execute(insert(thing).values(name="a"))


async def test_readers_go_on_while_a_work_runs(database):
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(tx):
        await add("a")(tx)
        entered.set()
        await leave.wait()

    writing = asyncio.ensure_future(database.write(slow))
    await entered.wait()

    assert await asyncio.wait_for(names(database), 2) == []
    leave.set()
    await writing
    assert await names(database) == ["a"]


async def test_times_come_back_aware_in_utc(database):
    at = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=3)))

    await database.write(add("a", at=at, body={"ş": [1, None]}))

    async with database.read() as conn:
        row = (await conn.execute(select(thing).where(thing.c.at == at))).one()
    assert row.at == at
    assert row.at.tzinfo is UTC
    assert row.body == {"ş": [1, None]}


async def test_a_time_without_zone_is_refused(database):
    with pytest.raises(StatementError, match="aware"):
        await database.write(add("a", at=datetime(2026, 1, 1)))  # noqa: DTZ001


async def test_after_close_everything_says_that_it_is_closed(database):
    waiting = asyncio.ensure_future(database.write(add("a")))
    await asyncio.sleep(0)
    await database.close()

    assert await waiting == "a"
    with pytest.raises(Unavailable):
        await database.write(add("b"))
    with pytest.raises(Unavailable):
        await names(database)


async def test_what_was_committed_is_there_after_reopening(database):
    await database.write(add("a"))
    await database.close()

    await database.open()

    assert await names(database) == ["a"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "cannot be read"),
        ("mysql+pymysql://x", "another kind"),
        ("sqlite:///x.db", "another kind"),
        ("sqlite+aiosqlite://", "names no file"),
        ("sqlite+aiosqlite:///:memory:", "names no file"),
    ],
)
def test_an_unfit_url_is_refused(url, sentence):
    with pytest.raises(StoreError, match=sentence):
        Database(url)


async def test_a_server_that_is_not_there_is_named_as_such():
    with pytest.raises(StoreError, match="PostgreSQL cannot be reached"):
        await Database("postgresql+asyncpg://x@127.0.0.1:1/x").open()


async def test_a_database_that_is_not_there_is_named_as_such(postgres_server):
    with pytest.raises(StoreError, match="not there on the PostgreSQL server"):
        await Database(postgres_server.rsplit("/", 1)[0] + "/no_such_database").open()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_cut_connection_between_two_writes_costs_none(database, request):
    admin = await asyncpg.connect(postgres.plain(request.getfixturevalue("postgres_server")))
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
    await admin.execute(query, database.url.database)
    await admin.close()

    assert await database.write(add("a")) == "a"
    assert await names(database) == ["a"]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_a_connection_cut_in_a_write_fails_its_group_alone(database):
    async def suicide(tx):
        await add("lost")(tx)
        await tx.conn.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    results = await asyncio.gather(database.write(suicide), database.write(add("b")), return_exceptions=True)

    assert [type(result) for result in results] == [StoreError, StoreError]
    assert await database.write(add("c")) == "c"
    assert await names(database) == ["c"]
