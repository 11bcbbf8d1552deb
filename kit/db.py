"""The database: many readers and one writer, on SQLite or PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kit import store
from kit.schema import Json, Serial, Utc, metadata
from kit.store import StoreError
from kit.tasks import Tasks
from kit.writer import Lane, OnEvents, Tx, Work, Writer

__all__ = ["Database", "Json", "Serial", "StoreError", "Tx", "Utc", "Work", "metadata"]

Result = TypeVar("Result")

SLICE_MS = 5.0
_CLOSE_TIMEOUT_S = 15.0
_ALLOWED = "sqlite+aiosqlite:///path and postgresql+asyncpg://user@host/name"
_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}


class Database:
    """`sqlite+aiosqlite:///path` or `postgresql+asyncpg://user@host/name`.

    Reads run beside each other; every write goes through one task that commits what waits together.
    """

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self._tasks = Tasks()
        self._reader: AsyncEngine | None = None
        self._engine: AsyncEngine | None = None
        self._writer: Writer | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def _path(self) -> Path:
        return Path(self.url.database or "")

    @property
    def on_events(self) -> list[OnEvents]:
        """Called on the loop with the events of each commit that brought some."""
        return self._needed().on_events

    async def open(self) -> None:
        """Check the base and connect; never makes a base beside a broken one. Raises StoreError with what to do."""
        if self.is_sqlite:
            await asyncio.to_thread(store.check_sqlite, self._path)
        self._engine, self._reader = store.writer_engine(self.url), store.reader_engine(self.url)
        try:
            async with store.connected(self._engine) as conn:
                await conn.execute(text("SELECT 1"))
        except Exception:
            await self._dispose()
            raise
        self._tasks = Tasks()
        self._writer = Writer(self._engine)
        self._running = self._tasks.spawn(self._writer.run(), "kit.writer")

    async def close(self) -> None:
        """Commit what waits, then disconnect. Further use raises StoreError."""
        writer, self._writer = self._writer, None
        if writer is not None and self._running is not None:
            writer.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._running), _CLOSE_TIMEOUT_S)
            await self._tasks.close()
            writer.fail_waiting()
        await self._dispose()

    async def _dispose(self) -> None:
        for engine in (self._reader, self._engine):
            if engine is not None:
                await engine.dispose()
        self._reader = self._engine = None

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """A connection that can only read; on SQLite with one consistent view. Raises StoreError."""
        if self._reader is None:
            raise StoreError("The database is not open; start the service first.")
        async with store.connected(self._reader) as conn:
            yield conn

    async def write(self, work: Work[Result], urgent: bool = False) -> Result:
        """Run `work` inside one transaction and give its result when it is committed. `urgent` goes first.

        Raises what `work` raises (it alone is undone), or Unavailable when the store fails.
        """
        return await self._needed().write(work, Lane.URGENT if urgent else Lane.NORMAL)

    async def write_slices(self, works: Iterable[Work[Any]], budget_ms: float = SLICE_MS) -> int:
        """Run many small works in slices of about `budget_ms`, each slice one transaction, giving way between them.

        Returns the number of slices. When a work raises, its slice is undone and the earlier ones stay.
        """
        waiting = iter(works)
        slices = 0
        more = True
        while more:
            more = await self._needed().write(lambda tx: _slice(tx, waiting, budget_ms / 1000), Lane.BULK)
            slices += 1
        return slices

    async def create_all(self) -> None:
        """Make every table of the metadata that is not there yet, and put it safely into the base."""
        await self.write(lambda tx: tx.conn.run_sync(metadata.create_all))
        if self.is_sqlite:
            await asyncio.to_thread(store.checkpoint, self._path)

    def _needed(self) -> Writer:
        if self._writer is None:
            raise StoreError("The database is not open; start the service first.")
        return self._writer


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            "database.url cannot be read; write sqlite+aiosqlite:///path or postgresql+asyncpg://…"
        ) from None
    name = parsed.get_backend_name()
    if parsed.drivername != f"{name}+{_DRIVERS.get(name)}":
        raise StoreError(f"database.url names another kind; allowed are {_ALLOWED}")
    if name == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreError("database.url names no file; readers and the writer share one, so memory alone will not do.")
    return parsed


async def _slice(tx: Tx, waiting: "Iterable[Work[Any]]", budget_s: float) -> bool:
    """Run works until the budget is spent; True if more may wait."""
    end = time.perf_counter() + budget_s
    for work in waiting:
        await work(tx)
        if time.perf_counter() >= end:
            return True
    return False
