"""Engines for the two stores, the checks before the first use, and their errors in plain words."""

import sqlite3
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event as hooks
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from kit import sqlite
from kit.errors import Unavailable

BUSY_TIMEOUT_MS = 5000
_READERS = 4
_SQLITE_MAGIC = b"SQLite format 3\0"
_WAL_HEAD = 32
_WAL_FRAME_HEAD = 24


class StoreError(Unavailable):
    """The database cannot be used; look at its file, its disk and its rights."""

    code = "database"


# ---------------------------------------------------------------- engines


def writer_engine(url: URL) -> AsyncEngine:
    """The engine of the one writer: one connection."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, begin="BEGIN IMMEDIATE", read_only=False, pool_size=1)
    return create_async_engine(url, pool_size=1, max_overflow=0, hide_parameters=True, pool_pre_ping=True)


def reader_engine(url: URL) -> AsyncEngine:
    """The engine of the readers: a few connections that cannot write."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, begin="BEGIN", read_only=True, pool_size=_READERS)
    return create_async_engine(
        url,
        pool_size=_READERS,
        max_overflow=_READERS,
        hide_parameters=True,
        pool_pre_ping=True,
        execution_options={"postgresql_readonly": True},
    )


def _sqlite_engine(url: URL, *, begin: str, read_only: bool, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,
        pool_reset_on_return=None,  # closing a connection of ours has rolled back already
        connect_args={"async_creator_fn": sqlite.connect},
    )

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # a key that was destroyed does not stay in a free page
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    hooks.listen(engine.sync_engine, "connect", prepare)
    hooks.listen(engine.sync_engine, "begin", start)
    return engine


# ---------------------------------------------------------------- before the first use


def check_sqlite(path: Path) -> None:
    """Refuse a base that must not be touched: cut short, damaged, or not writable (StoreError).

    A base that is not there yet is fine, unless its write-ahead log is: then the base was moved away.
    """
    wal = path.with_name(path.name + "-wal")
    if not path.exists():
        if wal.exists() and wal.stat().st_size:
            raise StoreError(f"The database {path} is gone but its log {wal.name} is there; put the database back.")
        path.parent.mkdir(parents=True, exist_ok=True)
        return
    _check_header(path)
    _check_log(path, wal)
    _check_pages(path)


def _check_header(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise StoreError(f"The database {path} cannot be read; give the service the right to.") from error
    if not head:
        raise StoreError(f"The database {path} is an empty file; put back a backup, or remove it to start anew.")
    if head != _SQLITE_MAGIC:
        raise StoreError(f"{path} is not a SQLite database; name the right file, or put back a backup.")


def _check_log(path: Path, wal: Path) -> None:
    """Refuse a log that is shorter than its index says: SQLite would silently go on without those commits (F7).

    The index (https://sqlite.org/walformat.html#walidxfmt, native byte order) is written after the log is safe. Where
    it changes while we look, a service is at work beside us, and nothing is lost.
    """
    index = path.with_name(path.name + "-shm")
    head = _head(index)
    if len(head) < 100 or not head[12]:
        return
    page, frames = struct.unpack_from("=HI", head, 14)
    (copied,) = struct.unpack_from("=I", head, 96)
    if frames <= copied:
        return
    needed = _WAL_HEAD + frames * (_WAL_FRAME_HEAD + (65536 if page == 1 else page))
    log = wal.read_bytes()[:_WAL_HEAD] if wal.exists() else b""
    short = not log or wal.stat().st_size < needed or log[16:24] != head[32:40]
    if short and _head(index) == head:
        raise StoreError(
            f"The log {wal} has lost committed changes; put it or a backup back. "
            f"To go on without these changes, remove {index.name}."
        )


def _head(index: Path) -> bytes:
    return index.read_bytes()[:100] if index.exists() else b""


def _check_pages(path: Path) -> None:
    try:
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
            tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"PRAGMA user_version={int(version)}")
            connection.execute("COMMIT")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(_sqlite_sentence(error, str(path))) from error
    if found != ["ok"]:
        raise StoreError(f"The database {path} is damaged; stop the service and put back a backup.")
    if not tables:
        raise StoreError(f"The database {path} has lost its tables; put back a backup, or remove it to start anew.")


def checkpoint(path: Path) -> None:
    """Move what the write-ahead log holds into the base itself, as far as readers allow."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


# ---------------------------------------------------------------- errors

_SQLITE_SENTENCES: dict[str, str] = {
    "SQLITE_FULL": "The disk of the database is full; make room, the service goes on by itself.",
    "SQLITE_READONLY": "The database is read-only; give the service the right to write to its file and folder.",
    "SQLITE_BUSY": "The database is locked by another program; end that program or wait for it.",
    "SQLITE_LOCKED": "The database is locked by another program; end that program or wait for it.",
    "SQLITE_IOERR": "The disk of the database gives errors; look at the disk before anything else.",
    "SQLITE_CORRUPT": "The database is damaged; stop the service and put back a backup.",
    "SQLITE_NOTADB": "The database is damaged; stop the service and put back a backup.",
    "SQLITE_CANTOPEN": "The database file cannot be opened; look at its folder and its rights.",
}
_SQLSTATE_SENTENCES: dict[str, str] = {
    "08": "PostgreSQL cannot be reached; see that it runs where database.url says, then the service can go on.",
    "25006": "PostgreSQL takes no writes here (a standby?); connect to the primary.",
    "28": "PostgreSQL refuses the user or the password; correct database.url.",
    "3D": "This database is not there on the PostgreSQL server; create it or correct database.url.",
    "40": "PostgreSQL could not order this write among others; try again.",
    "53": "PostgreSQL is out of disk, memory or connections; make room, the service goes on by itself.",
    "55P03": "A table of the database is locked; end the program that holds it or wait for it.",
    "57": "PostgreSQL is stopping or starting; the service tries again by itself.",
    "58": "PostgreSQL's disk gives errors; look at the disk before anything else.",
}
_LOST = _SQLSTATE_SENTENCES["08"]


def plain(error: BaseException) -> BaseException:
    """`StoreError` with a plain sentence if the store is at fault, else the error itself (a broken rule, a bug)."""
    sentence = _sentence(error)
    if sentence is None:
        return error
    plain_error = StoreError(sentence)
    plain_error.__cause__ = error
    return plain_error


def is_locked(error: BaseException) -> bool:
    """Whether another program holds SQLite's write lock."""
    cause = error.__cause__ if isinstance(error, StoreError) else error
    origin = cause.orig if isinstance(cause, DBAPIError) else cause
    return _sqlite_name(origin).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


async def connect(engine: AsyncEngine) -> AsyncConnection:
    """A connection of `engine`. Raises StoreError."""
    try:
        return await engine.connect()
    except Exception as error:
        sentence = _sentence(error) or _known(_SQLSTATE_SENTENCES, _state(error)) or _LOST
        raise StoreError(sentence) from error


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """A connection of `engine`; what the store does wrong becomes StoreError."""
    conn = await connect(engine)
    try:
        yield conn
    except Exception as error:
        found = plain(error)
        if found is error:
            raise
        raise found from error
    finally:
        await conn.close()


def _sentence(error: BaseException) -> str | None:
    if isinstance(error, PoolTimeout):
        return "Too many readers wait for the database; try again."
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _known(_SQLITE_SENTENCES, _sqlite_name(error.orig))
    state = _state(error.orig)
    found = _known(_SQLSTATE_SENTENCES, state)
    lost = error.connection_invalidated or (isinstance(error, InterfaceError) and not state)
    return found or (_LOST if lost else None)


def _state(error: object) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _known(sentences: dict[str, str], code: str) -> str | None:
    return next((sentence for start, sentence in sentences.items() if code.startswith(start)), None)


def _sqlite_name(error: BaseException | None) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def _sqlite_sentence(error: sqlite3.Error, path: str) -> str:
    known = _known(_SQLITE_SENTENCES, _sqlite_name(error)) or "The database cannot be used."
    return f"{path}: {known}"
