"""The worker process: reads an uploaded file and gives its rows, sealed, in portions. It never writes (no database).

`Parser` is the service's side; the functions below it run in the worker, which keeps the open files.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import islice
from multiprocessing import connection
from pathlib import Path
from typing import Any, TypeVar

from campaigns.lists import mapping, reading, verdicts
from campaigns.lists.sealedfile import SealedReader
from contacts import sealing
from kit.seal import MasterKey, Seal

Result = TypeVar("Result")

MEMORY_LIMIT = 2 * 1024**3  # bytes of address space: a file that hurts ends its worker, not the service


@dataclass(frozen=True, slots=True)
class Source:
    """A stored file. `country`: of local numbers; `callable_in`: countries that the project calls."""

    path: Path
    name: str
    country: str
    callable_in: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is read: the same plan gives the same rows again after a crash."""

    form: reading.Form
    columns: mapping.Columns
    rows: int

    def stored(self) -> dict[str, Any]:
        """As the list's row keeps it."""
        form = {name: getattr(self.form, name) for name in ("encoding", "fallback", "delimiter", "header")}
        return {**form, "columns": list(self.form.columns), "rows": self.rows, **_places_of(self.columns)}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Plan":
        form = reading.Form(
            stored["encoding"], stored["fallback"], stored["delimiter"], stored["header"], tuple(stored["columns"])
        )
        places = stored["places"]
        columns = mapping.Columns(
            tuple(places["numbers"]),
            tuple(places["name"]),
            places["reference"],
            places["city"],
            tuple(places["others"]),
        )
        return cls(form, columns, stored["rows"])


def _places_of(columns: mapping.Columns) -> dict[str, Any]:
    places = {name: getattr(columns, name) for name in ("numbers", "name", "reference", "city", "others")}
    return {"places": {name: list(value) if isinstance(value, tuple) else value for name, value in places.items()}}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list, personal values sealed. The fields after `number_sealed` are of accepted rows."""

    row: int
    verdict: verdicts.Verdict
    code: str | None
    detail: dict[str, Any]
    number_sealed: bytes
    number_digest: bytes = b""
    country: str = ""
    kind: str = ""
    zones: tuple[str, ...] = ()
    name_sealed: bytes | None = None
    name_digest: bytes | None = None
    fields_sealed: bytes | None = field(default=None)


class Parser:
    """One worker process, begun when first needed and again when it died."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master
        self._pool: ProcessPoolExecutor | None = None

    def warm(self) -> Awaitable[None]:
        """Begin the worker, so that the first file need not wait for it."""
        return self._run(_nothing)

    def inspect(self, source: Source, said: Mapping[str, Any] | None) -> Awaitable[Plan]:
        """Look through the whole file. Raises ListProblem when it cannot be taken."""
        return self._run(_inspect, source, said)

    def begin(self, source: Source, plan: Plan, after_row: int) -> Awaitable[None]:
        """Open a file to be read on from after a row."""
        return self._run(_begin, source, plan, after_row)

    def take(self, name: str, most: int) -> Awaitable[list[Row]]:
        """The next rows of an open file, read from now on whether awaited or not; none at its end.

        All three raise BrokenProcessPool when the worker died; `close` then, and begin again.
        """
        return self._run(_take, name, most)

    def forget(self) -> None:
        """Let go of a worker that died; the next use begins another."""
        self._pool = None

    def close(self) -> None:
        """End the worker. Blocks until it has ended."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, work: Callable[..., Result], *args: Any) -> Awaitable[Result]:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_start, initargs=(self._master,))
        return asyncio.get_running_loop().run_in_executor(self._pool, work, *args)


# ---------------------------------------------------------------- in the worker

_seals: list[Seal] = []
_open: dict[str, Iterator[Row]] = {}


def _start(master: MasterKey) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the service ends its worker
    _seals[:] = [Seal(master)]
    threading.Thread(target=_end_with_service, daemon=True).start()
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def _nothing() -> None:
    return None


def _end_with_service() -> None:
    """A service that is killed does not tell its worker; nobody else would end it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(0)


def _stream(source: Source) -> BufferedReader:
    return BufferedReader(SealedReader(source.path, _seals[0], source.name), reading.SAMPLE)


def _inspect(source: Source, said: Mapping[str, Any] | None) -> Plan:
    with _stream(source) as stream:
        head = stream.read(reading.SAMPLE)
        whole = not stream.peek(1)
    form = reading.form_of(head, whole=whole, country=source.country)
    sample: list[list[str]] = []
    rows = 0
    with _stream(source) as stream:
        for _, cells in reading.records(stream, form):
            rows += 1
            if len(sample) < 100:
                sample.append(cells)
    return Plan(form, mapping.columns_of(form, sample, said), rows)


def _begin(source: Source, plan: Plan, after_row: int) -> None:
    _open[source.name] = rows_of(source, plan, after_row, _seals[0])


def _take(name: str, most: int) -> list[Row]:
    rows = list(islice(_open[name], most))
    if len(rows) < most:
        _open.pop(name).close()  # pyright: ignore[reportAttributeAccessIssue] — a generator
    return rows


def rows_of(source: Source, plan: Plan, after_row: int, seal: Seal) -> Iterator[Row]:
    """The rows of a file from after a row on, with what each row alone says."""
    names, countries = plan.form.columns, source.callable_in
    with BufferedReader(SealedReader(source.path, seal, source.name), reading.SAMPLE) as stream:
        for row, cells in reading.records(stream, plan.form):
            if row > after_row:
                yield _sealed(verdicts.read(row, cells, names, plan.columns, source.country, countries), seal)


def _sealed(found: verdicts.Reading, seal: Seal) -> Row:
    if found.verdict is not verdicts.Verdict.ACCEPTED:
        sealed = seal.seal(found.raw, sealing.NUMBER)
        return Row(found.row, found.verdict, found.code, dict(found.detail), sealed)
    return Row(
        found.row,
        found.verdict,
        None,
        {},
        seal.seal(found.number, sealing.NUMBER),
        sealing.number_digest(seal, found.number),
        found.country,
        found.kind,
        found.zones,
        seal.seal(found.name, sealing.NAME) if found.name else None,
        sealing.name_digest(seal, found.name) if found.name else None,
        seal.seal(json.dumps(found.fields, ensure_ascii=False), sealing.FIELDS) if found.fields else None,
    )
