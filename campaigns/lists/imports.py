"""Imports: stored files become leads, one list after another, in the background of the service.

A list goes received → writing → done, or failed with its problem. Its rows are invisible to the dialer until it is
done. After a restart an import goes on behind the last row that was committed.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.exc import IntegrityError

from campaigns.campaigns.models import campaign
from campaigns.lists.events import list_done, list_progressed
from campaigns.lists.models import call_list, lead, list_row
from campaigns.lists.parsing import Parser, Plan, Row, Source
from campaigns.lists.writing import ROWS_AT_ONCE, Counts, Judged, Target, counted, judge, no_counts, write
from campaigns.projects.models import project
from campaigns.rules import hours
from kit import log, metrics
from kit.clock import Clock, SystemClock
from kit.db import Database, Tx
from kit.errors import AhizeError, Unavailable
from kit.seal import MasterKey
from kit.tasks import Tasks

PORTION = 500  # rows asked of the worker at once
JUDGED_AGAIN = 5  # times that a portion is judged when others write into the campaign meanwhile
PROGRESS_S = 0.5
RETRY_S = 5.0
WARM_AFTER_S = 3.0
DELETED_AT_ONCE = 200
UNFINISHED = ("received", "writing")

FAILED = metrics.counter("list_imports_failed", "Lists whose import ended with an error", ("code",))
ROWS = metrics.counter("list_rows", "Rows of lists written")
_log = log.get("campaigns.lists.imports")


class Imports:
    """The running imports of one service. `changed` is called when new leads have become visible."""

    def __init__(
        self,
        db: Database,
        master: MasterKey,
        folder: Path,
        clock: Clock | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._db, self.folder = db, folder
        self._clock = clock or SystemClock()
        self._changed = changed
        self._tasks = Tasks()
        self._woken = asyncio.Event()
        self.parser = Parser(master)

    async def start(self) -> None:
        """Take up what an earlier run left, and whatever is submitted from now on."""
        await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        await self._sweep()
        self._woken.set()
        self._tasks.spawn(self._run(), "campaigns.lists.imports")
        self._tasks.spawn(self._warm(), "campaigns.lists.worker")

    async def close(self) -> None:
        """Stop after the slice that is being written; the rest is done after the next start."""
        await self._tasks.close()
        await asyncio.to_thread(self.parser.close)

    def submit(self) -> None:
        """There is a new list with its file."""
        self._woken.set()

    def path_of(self, name: str) -> Path:
        """Where the sealed file of a list lies; `name` is the list's id, never what a client called the file (T24)."""
        return self.folder / f"{name}.list"

    async def _warm(self) -> None:
        """Have the worker ready before the first upload, but not while the service itself starts."""
        await asyncio.sleep(WARM_AFTER_S)
        await self.parser.warm()

    # ------------------------------------------------------------ one after another

    async def _run(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                while (row := await self._next()) is not None:
                    await self._import(row)
            except (Unavailable, BrokenProcessPool):
                _log.warning("an import waits for the database or its worker", seconds=RETRY_S)
                await asyncio.sleep(RETRY_S)
                self._woken.set()

    async def _next(self) -> RowMapping | None:
        waiting = select(call_list).where(call_list.c.state.in_(UNFINISHED)).order_by(call_list.c.id).limit(1)
        async with self._db.read() as conn:
            return (await conn.execute(waiting)).mappings().one_or_none()

    async def _import(self, row: RowMapping) -> None:
        began = time.perf_counter()
        try:
            await self._read_in(row)
        except Unavailable:
            raise
        except BrokenProcessPool as error:
            self.parser.forget()
            if row["state"] == "received":  # once more, from where it came to; a file that kills it again is refused
                raise
            await self._fail(row, error)
        except Exception as error:
            await self._fail(row, error)
        else:
            await self._done(row)
            took_ms = round((time.perf_counter() - began) * 1000)
            _log.info("a list is imported", list=row["id"], rows=row["counts"]["total"], took_ms=took_ms)

    async def _read_in(self, row: RowMapping) -> None:
        """Ask the worker for rows and have them written, the next portion being read meanwhile."""
        source, target = await self._places(row)
        plan = Plan.of(row["mapping"]["plan"])
        await self._set(row["id"], state="writing")
        await self.parser.begin(source, plan, row["counts"]["last_row"])
        counts, told = row["counts"], time.monotonic()
        rows = await self.parser.take(source.name, PORTION)
        while rows:
            following = self.parser.take(source.name, PORTION) if len(rows) == PORTION else None
            counts = await self._write(target, rows, counts)
            if time.monotonic() - told >= PROGRESS_S:
                told = time.monotonic()
                await self._db.write(partial(_tell, wanted=row["id"], at=self._clock.now()))
            rows = await following if following is not None else []

    async def _write(self, target: Target, rows: Sequence[Row], counts: Counts) -> Counts:
        """Have a portion written; gives the counts after it."""
        for _ in range(JUDGED_AGAIN):
            rest = [row for row in rows if row.row > counts["last_row"]]
            async with self._db.read() as conn:
                judged = await judge(conn, target, rest)
            works = _Works(target, judged, counts)
            try:
                await self._db.write_slices(works)
            except IntegrityError:
                counts = await self._counts(target.list)
            else:
                ROWS.inc(len(rest))
                return works.counts
        raise Unavailable("Others write into this campaign without a pause; the import goes on in a moment.")

    async def _counts(self, wanted: str) -> Counts:
        async with self._db.read() as conn:
            return (await conn.execute(select(call_list.c.counts).where(call_list.c.id == wanted))).scalar_one()

    async def _places(self, row: RowMapping) -> tuple[Source, Target]:
        found = (
            select(campaign.c.hours, project.c.country)
            .select_from(campaign.join(project, project.c.id == campaign.c.project))
            .where(campaign.c.id == row["campaign"])
        )
        async with self._db.read() as conn:
            settings = (await conn.execute(found)).one()
        source = Source(self.path_of(row["id"]), row["id"], row["country"], frozenset({settings.country}))
        week = hours.week_of(settings.hours)
        return source, Target(row["id"], row["project"], row["campaign"], week, self._clock.now())

    async def _done(self, row: RowMapping) -> None:
        """All rows become visible at once."""
        await self._db.write(lambda tx: _finish(tx, row["id"], "done", None, self._clock.now()))
        self._remove(row["id"])
        self._changed()

    async def _fail(self, row: RowMapping, error: Exception) -> None:
        """Take out what was written and keep the reason."""
        code = error.code if isinstance(error, AhizeError) else "import_failed"
        sentence = str(error) if isinstance(error, AhizeError) else "The file could not be read to its end."
        FAILED.labels(code).inc()
        _log.exception("a list could not be imported", list=row["id"], code=code)
        await self._db.write_slices(await self._removals(row["id"]))
        problem = {"code": code, "detail": sentence}
        await self._db.write(lambda tx: _finish(tx, row["id"], "failed", problem, self._clock.now()))
        self._remove(row["id"])

    async def _removals(self, wanted: str) -> Iterator[Any]:
        async with self._db.read() as conn:
            rows = (await conn.execute(select(list_row.c.row).where(list_row.c.list == wanted))).scalars().all()
        parts = [rows[start : start + DELETED_AT_ONCE] for start in range(0, len(rows), DELETED_AT_ONCE)]
        return (_removal(wanted, part) for part in parts)

    async def _set(self, wanted: str, **values: Any) -> None:
        await self._db.write(
            lambda tx: tx.conn.execute(update(call_list).where(call_list.c.id == wanted).values(**values))
        )

    # ------------------------------------------------------------ files

    def _remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path_of(name).unlink()

    async def _sweep(self) -> None:
        """Remove files that no list waits for: uploads that were cut off by a crash."""
        async with self._db.read() as conn:
            waiting = select(call_list.c.id).where(call_list.c.state.in_(UNFINISHED))
            wanted = {self.path_of(name) for name in (await conn.execute(waiting)).scalars()}
        for path in await asyncio.to_thread(lambda: list(self.folder.glob("*.list"))):
            if path not in wanted:
                path.unlink(missing_ok=True)


class _Works:
    """A portion as works for the writer. `counts`: after the works that were given out so far."""

    def __init__(self, target: Target, judged: Sequence[Judged], counts: Counts) -> None:
        self._target, self._judged = target, judged
        self.counts = counts

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self._judged), ROWS_AT_ONCE):
            part = self._judged[start : start + ROWS_AT_ONCE]
            self.counts = counted(self.counts, part)
            yield partial(write, target=self._target, judged=part, counts=self.counts)


def _removal(wanted: str, rows: Sequence[int]):
    async def work(tx: Tx) -> None:
        await tx.conn.execute(delete(list_row).where(list_row.c.list == wanted, list_row.c.row.in_(rows)))
        await tx.conn.execute(delete(lead).where(lead.c.list == wanted, lead.c.row.in_(rows)))

    return work


async def _tell(tx: Tx, wanted: str, at: datetime) -> None:
    row = (await tx.conn.execute(select(call_list).where(call_list.c.id == wanted))).mappings().one()
    tx.emit(list_progressed(row, row["counts"], at))


async def _finish(tx: Tx, wanted: str, state: str, problem: dict[str, str] | None, at: datetime) -> None:
    row = (await tx.conn.execute(select(call_list).where(call_list.c.id == wanted))).mappings().one()
    counts = row["counts"] if state == "done" else no_counts(row["counts"]["total"])
    values = {"state": state, "problem": problem, "counts": counts, "done_at": at}
    await tx.conn.execute(update(call_list).where(call_list.c.id == wanted).values(**values))
    tx.emit(list_done(row, state, counts, at))
