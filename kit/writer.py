"""The one writer: works that wait are committed together."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kit import log, metrics, store
from kit.errors import Unavailable
from kit.event import Event, Positioned, put

Result = TypeVar("Result")
Work = Callable[["Tx"], Awaitable[Result]]
OnEvents = Callable[[Sequence[Positioned]], None]

GROUP = 64  # works in one commit at most
WORK_TIMEOUT_S = 30.0
LOCKED_FOR_S = 20.0  # how long a group waits for another program to give the lock back (F8)

QUEUE = metrics.gauge("writer_queue", "Works waiting for the database's writer")
COMMIT = metrics.histogram("writer_commit_seconds", "Time of one group from BEGIN to the end of COMMIT")
GROUPED = metrics.histogram("writer_group_works", "Works in one commit", buckets=(1, 2, 4, 8, 16, 32, 64))
WORKS = metrics.counter("writer_works", "Works by what became of them", ("result",))
CALLBACKS = metrics.counter("writer_callback_errors", "Callbacks after a commit that failed")
_log = log.get("kit.writer")


class Lane(IntEnum):
    """Who goes first into a group. Of BULK, one work a group at most."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


class Tx:
    """One work's view of the transaction. What it does is committed, or undone if the work raises."""

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn
        self._events: list[Event] = []
        self._callbacks: list[Callable[[], None]] = []

    def emit(self, happened: Event) -> None:
        """Write `happened` into the journal's outbox in this transaction."""
        self._events.append(happened)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` on the loop once this is committed; never if it is undone."""
        self._callbacks.append(callback)

    @property
    def events(self) -> Sequence[Event]:
        """What was emitted; the writer gives it its positions at the end of the transaction."""
        return self._events

    @property
    def callbacks(self) -> Iterable[Callable[[], None]]:
        return tuple(self._callbacks)


@dataclass(eq=False)
class _Job:
    work: Work[Any]
    done: asyncio.Future[Any]
    lane: Lane
    tx: Tx | None = field(default=None)
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Runs every write of this process, in order, in groups: one COMMIT for all that waited.

    Each work has a SAVEPOINT of its own, so that one that raises is undone alone. If the commit fails
    all of its group get `Unavailable`; the writer goes on.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lanes: tuple[deque[_Job], ...] = tuple(deque() for _ in Lane)
        self._woken = asyncio.Event()
        self._closing = False
        self._conn: AsyncConnection | None = None
        self._kept = False  # the connection has served a group already
        self.on_events: list[OnEvents] = []

    async def write(self, work: Work[Result], lane: Lane = Lane.NORMAL) -> Result:
        """Run `work` in a transaction and give its result once that is committed.

        Raises what `work` raises, or Unavailable when the store fails. A caller that is cancelled while
        its work waits takes it back; once begun it is committed.
        """
        if self._closing:
            raise Unavailable("The service is stopping; send this again in a moment.")
        job = _Job(work, asyncio.get_running_loop().create_future(), lane)
        self._lanes[lane].append(job)
        QUEUE.inc()
        self._woken.set()
        return await job.done

    async def run(self) -> None:
        """Work until `close` was called and nothing waits any more."""
        while True:
            group = self._take()
            if group:
                await self._group(group)
            elif self._closing:
                await self._drop()
                return
            else:
                self._woken.clear()
                await self._woken.wait()

    def close(self) -> None:
        """Take no new works; `run` returns when those that wait are done."""
        self._closing = True
        self._woken.set()

    def fail_waiting(self) -> None:
        """Refuse everything that still waits: the writer itself has ended."""
        self._closing = True
        for job in [job for lane in self._lanes for job in lane]:
            _resolve(job, Unavailable("The service is stopping; send this again in a moment."))

    # ------------------------------------------------------------ a group

    def _take(self) -> list[_Job]:
        group: list[_Job] = []
        for lane in Lane:
            room = 1 if lane is Lane.BULK else GROUP - len(group)
            group += self._take_lane(self._lanes[lane], room)
        return group

    @staticmethod
    def _take_lane(waiting: deque[_Job], room: int) -> list[_Job]:
        taken: list[_Job] = []
        while waiting and len(taken) < room:
            job = waiting.popleft()
            QUEUE.dec()
            if not job.done.cancelled():
                taken.append(job)
        return taken

    async def _group(self, group: list[_Job]) -> None:
        began = time.perf_counter()
        failure: BaseException | None = None
        placed: list[Positioned] = []
        try:
            placed = await self._commit(group)
        except Exception as error:
            failure = store.plain(error)
            _log.warning("a group of writes failed", count=len(group), reason=str(failure), error=type(error).__name__)
        COMMIT.observe(time.perf_counter() - began)
        GROUPED.observe(len(group))
        if failure is None:
            self._tell(group, placed)
        for job in group:
            _resolve(job, job.error or failure)

    async def _commit(self, group: list[_Job]) -> list[Positioned]:
        conn = await self._begin()
        try:
            for job in group:
                await _run(job, conn, alone=len(group) == 1)
            good = _done(group)
            events = [happened for tx in good for happened in tx.events]
            placed = await put(conn, events) if events else []
            await (conn.commit() if good else conn.rollback())
        except BaseException:
            await self._drop()
            raise
        return placed

    async def _begin(self) -> AsyncConnection:
        """The writer's connection with a transaction begun; waits while another program holds SQLite's lock (F8)."""
        give_up = time.monotonic() + LOCKED_FOR_S
        while True:
            try:
                return await self._begun()
            except Exception as error:
                kept = self._kept
                await self._drop()
                if store.is_locked(error) and time.monotonic() < give_up:
                    _log.warning("waiting for the database's lock", after_s=store.BUSY_TIMEOUT_MS / 1000)
                elif not kept:
                    raise

    async def _begun(self) -> AsyncConnection:
        if self._conn is None:
            self._conn = await store.connect(self._engine)
        await self._conn.begin()
        if self._kept and self._engine.dialect.name != "sqlite":
            await self._conn.exec_driver_sql("SELECT 1")  # the server may be gone since the last group
        self._kept = True
        return self._conn

    async def _drop(self) -> None:
        """Close the connection after a failure; the next group gets a new one."""
        conn, self._conn, self._kept = self._conn, None, False
        if conn is not None:
            with suppress(Exception):
                await conn.invalidate()
            with suppress(Exception):
                await conn.close()

    def _tell(self, group: list[_Job], placed: list[Positioned]) -> None:
        """After the commit: the journal first, it is the desk that waits."""
        if placed:
            _call(partial(on_events, placed) for on_events in self.on_events)
        for tx in _done(group):
            _call(tx.callbacks)


def _done(group: list[_Job]) -> list[Tx]:
    """The transactions of the works that raised nothing."""
    return [job.tx for job in group if job.tx is not None and job.error is None]


async def _run(job: _Job, conn: AsyncConnection, alone: bool) -> None:
    """Do one work. Without company it needs no savepoint: its failure is the group's."""
    job.tx = Tx(conn)
    if not alone:
        await conn.exec_driver_sql("SAVEPOINT work")
    try:
        async with asyncio.timeout(WORK_TIMEOUT_S):
            job.result = await job.work(job.tx)
    except Exception as error:
        job.error = store.plain(error)
        if isinstance(job.error, store.StoreError):
            raise
        if not alone:
            await conn.exec_driver_sql("ROLLBACK TO SAVEPOINT work")
    if not alone:
        await conn.exec_driver_sql("RELEASE SAVEPOINT work")


def _resolve(job: _Job, error: BaseException | None) -> None:
    WORKS.labels("failed" if error else "committed").inc()
    if job.done.done():
        return
    if error is None:
        job.done.set_result(job.result)
    else:
        job.done.set_exception(error)


def _call(callbacks: Iterable[Callable[[], None]]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception:
            CALLBACKS.inc()
            _log.exception("a callback after a commit failed")
