"""The engine's way to the journal: facts are written in the order in which they happened, without delaying sound.

Whatever has come together while the store was busy goes in one transaction. A store that fails is tried
again for ever, and the engine dials nothing meanwhile (`stuck`); a fact that alone cannot be written while
others can is dropped, logged and counted.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from dialer.facts import Fact
from dialer.ports import Journal
from dialer.shapes import Reason
from kit import log, metrics

_log = log.get("dialer.recorder")
REFUSED = metrics.counter("facts_refused", "Facts that the journal could not take", ("reason",))
WRITTEN = metrics.counter("facts_written", "Facts that the journal took")

_BATCH = 64
_TRIES, _ALONE = 4, 3
_PAUSES_S = (0.05, 0.2, 0.5, 1.0, 2.0)


@dataclass(slots=True)
class Entry:
    """Facts of one moment, written together. `owner`: the resource whose fence they carry; None: no fence."""

    facts: tuple[Fact, ...]
    owner: str | None
    tries: int = 0
    alone: int = 0  # failures in a row while the journal took others


class Recorder:
    """One queue to the journal. `on_overtaken(owner)` is called when the journal refuses a fence."""

    def __init__(self, journal: Journal, on_overtaken: Callable[[str], None]) -> None:
        self._journal = journal
        self._on_overtaken = on_overtaken
        self._queue: deque[Entry] = deque()
        self._filled = asyncio.Event()
        self._noted = self._over = 0
        self._moved = asyncio.Event()
        self.stuck: Reason | None = None

    def put(self, *facts: Fact, owner: str | None = None) -> None:
        """Note facts to be written, after all that was noted before."""
        self._queue.append(Entry(facts, owner))
        self._noted += 1
        self._filled.set()

    async def flush(self) -> None:
        """Wait until all that was noted so far is written; what comes meanwhile is not waited for."""
        wanted = self._noted
        while self._over < wanted:
            self._moved.clear()
            await self._moved.wait()

    async def run(self) -> None:
        """Write for ever; a task of the engine."""
        while True:
            await self._filled.wait()
            try:
                await self._write(list(self._queue)[:_BATCH])
            except Exception:
                _log.exception("the recorder met an error and goes on")
            if not self._queue:
                self._filled.clear()

    async def _write(self, batch: list[Entry]) -> None:
        if await self._record(batch):
            self._done(len(batch))
            return
        for entry in batch:
            await self._write_one(entry)

    async def _record(self, batch: list[Entry]) -> bool:
        try:
            return await self._journal.record(*(fact for entry in batch for fact in entry.facts))
        except Exception:
            _log.exception("the journal did not take facts; trying them one by one", count=len(batch))
            return False

    async def _write_one(self, entry: Entry) -> None:
        while True:
            try:
                taken = await self._journal.record(*entry.facts)
            except Exception as error:
                if await self._failed(entry, error):
                    return
                continue
            self._done(1)
            if not taken:
                self._refused(entry)
            return

    async def _failed(self, entry: Entry, error: Exception) -> bool:
        """Wait before another try; True: given up, because the journal takes others."""
        entry.tries += 1
        self.stuck = Reason("journal_stuck", {"error": type(error).__name__})
        await asyncio.sleep(_PAUSES_S[min(entry.tries, len(_PAUSES_S)) - 1])
        if entry.tries < _TRIES:
            return False
        entry.alone = entry.alone + 1 if await self._takes_others() else 0
        if entry.alone < _ALONE:
            return False
        _log.error("a fact cannot be written and is left out", kind=type(entry.facts[0]).__name__, tries=entry.tries)
        REFUSED.labels("error").inc()
        self._done(1)
        return True

    async def _takes_others(self) -> bool:
        """Whether the journal is there at all: an empty record costs nothing and changes nothing."""
        try:
            await self._journal.record()
        except Exception:
            return False
        return True

    def _refused(self, entry: Entry) -> None:
        REFUSED.labels("overtaken").inc()
        if entry.owner is not None:
            self._on_overtaken(entry.owner)

    def _done(self, count: int) -> None:
        WRITTEN.inc(sum(len(self._queue.popleft().facts) for _ in range(count)))
        self._over += count
        self._moved.set()
        self.stuck = None
