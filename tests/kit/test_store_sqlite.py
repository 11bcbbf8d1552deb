import asyncio
import os
import sqlite3
from contextlib import contextmanager

import pytest
from stored import add, names

from kit import store, writer
from kit.db import Database, StoreError
from kit.errors import Unavailable


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ahize.db"


async def opened(path):
    database = Database(f"sqlite+aiosqlite:///{path}")
    await database.open()
    return database


async def test_a_lock_of_another_program_delays_but_loses_nothing(path, monkeypatch):
    monkeypatch.setattr("kit.store.BUSY_TIMEOUT_MS", 100)
    database = await opened(path)
    await database.create_all()
    backup = sqlite3.connect(path, isolation_level=None)
    backup.execute("BEGIN IMMEDIATE")

    waiting = asyncio.ensure_future(asyncio.gather(*(database.write(add(str(n))) for n in range(5))))
    await asyncio.sleep(0.4)
    assert not waiting.done()
    backup.execute("ROLLBACK")

    await waiting
    assert len(await names(database)) == 5
    backup.close()
    await database.close()


async def test_a_lock_that_stays_becomes_a_plain_sentence(path, monkeypatch):
    monkeypatch.setattr("kit.store.BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(writer, "LOCKED_FOR_S", 0.1)
    database = await opened(path)
    await database.create_all()
    backup = sqlite3.connect(path, isolation_level=None)
    backup.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="locked by another program"):
        await database.write(add("a"))
    backup.close()

    assert await database.write(add("a")) == "a"
    await database.close()


async def test_a_full_disk_becomes_a_plain_sentence_and_passes_by_itself(path):
    database = await opened(path)
    await database.create_all()

    async def pages(tx, limit):
        await tx.conn.exec_driver_sql(f"PRAGMA max_page_count={limit}")

    size = path.stat().st_size // 4096
    await database.write(lambda tx: pages(tx, size))
    results = await asyncio.gather(
        database.write(add("a", body="x" * 200_000)), database.write(add("b")), return_exceptions=True
    )
    assert [type(result) for result in results] == [StoreError, StoreError]
    assert "disk of the database is full" in str(results[0])

    await database.write(lambda tx: pages(tx, 1_000_000))
    assert await database.write(add("c", body="x" * 200_000)) == "c"
    assert await names(database) == ["c"]
    await database.close()


async def made(path):
    database = await opened(path)
    await database.create_all()
    await database.write(add("a"))
    await database.close()


async def test_a_damaged_base_is_refused(path):
    await made(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)

    with pytest.raises(StoreError, match="damaged"):
        await opened(path)


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"", "empty file"), (b"PK\x03\x04 something else", "not a SQLite database")]
)
async def test_what_is_no_base_is_refused_and_left_as_it_is(path, content, sentence):
    path.write_bytes(content)

    with pytest.raises(StoreError, match=sentence):
        await opened(path)

    assert path.read_bytes() == content


async def test_a_base_that_lost_its_tables_is_refused(path):
    sqlite3.connect(path).execute("PRAGMA journal_mode=WAL").connection.close()

    with pytest.raises(StoreError, match="lost its tables"):
        await opened(path)


async def test_a_missing_base_whose_log_is_left_is_not_begun_anew(path):
    path.with_name("ahize.db-wal").write_bytes(b"x" * 100)

    with pytest.raises(StoreError, match="put the database back"):
        await opened(path)

    assert not path.exists()


async def test_a_base_cut_short_is_refused(path):
    await made(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)

    with pytest.raises(StoreError, match="damaged"):
        await opened(path)


def killed(path):
    """A base as kill -9 leaves it: its last commit is in the log alone."""
    asyncio.run(made(path))
    copy = path.parent / "killed"
    copy.mkdir()
    living = sqlite3.connect(path, isolation_level=None)
    living.execute("INSERT INTO test_thing (name) VALUES ('b')")
    for name in (path.name, path.name + "-wal", path.name + "-shm"):
        (copy / name).write_bytes((path.parent / name).read_bytes())
    living.close()
    return copy / path.name


def test_after_a_kill_the_base_goes_on_with_its_log(path):
    base = killed(path)

    store.check_sqlite(base)

    assert sqlite3.connect(base).execute("SELECT name FROM test_thing").fetchall() == [("a",), ("b",)]


@pytest.mark.parametrize("kept", [None, 0, 32, 2000])
def test_a_log_that_was_cut_is_refused(path, kept):
    base = killed(path)
    log = base.with_name(base.name + "-wal")
    if kept is None:
        log.unlink()
    else:
        log.write_bytes(log.read_bytes()[:kept])

    with pytest.raises(StoreError, match="lost committed changes"):
        store.check_sqlite(base)


def test_a_log_that_a_running_service_begins_anew_meanwhile_has_lost_nothing(path, monkeypatch):
    base = killed(path)
    before = base.with_name(base.name + "-shm").read_bytes()[:100]
    heads = iter([before, before[:16] + bytes(4) + before[20:]])
    base.with_name(base.name + "-wal").write_bytes(b"")
    monkeypatch.setattr(store, "_head", lambda index: next(heads))

    store.check_sqlite(base)


def test_a_log_with_a_damaged_head_is_refused(path):
    base = killed(path)
    log = base.with_name(base.name + "-wal")
    log.write_bytes(b"\xff" * 32 + log.read_bytes()[32:])

    with pytest.raises(StoreError, match="lost committed changes"):
        store.check_sqlite(base)


def test_a_base_that_cannot_be_written_is_refused(path):
    asyncio.run(made(path))
    path.chmod(0o444)
    path.parent.chmod(0o555)

    with as_nobody(path.parent), pytest.raises(StoreError, match=r"read-only|cannot be"):
        store.check_sqlite(path)


@contextmanager
def as_nobody(folder):
    """Root may write everywhere: be somebody else for a moment."""
    if os.getuid() != 0:
        yield
        return
    opened = [parent for parent in folder.parents if not parent.stat().st_mode & 0o001]
    for parent in opened:
        parent.chmod(parent.stat().st_mode | 0o011)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for parent in opened:
            parent.chmod(parent.stat().st_mode & ~0o011)
