"""The journal: committed events in one order, without gaps, to read from any position and to follow.

Events come in by `Tx.emit` and get their positions at the end of the transaction of the change (`kit.event.put`).
Those of this process are published as their commit ends; the relay finds what other processes wrote.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import ColumnElement, func, or_, select, true

from kit import log, metrics
from kit.bus import InprocBus
from kit.db import Database
from kit.event import Event, Positioned, begin_epoch, event, event_of, journal_epoch
from kit.tasks import Tasks

__all__ = ["Event", "Interest", "Journal", "Positioned", "Subscription"]

TOPIC = "journal"
QUEUE = 256
_BATCH = 64  # published at once: well below a queue's length, so that whoever keeps up is never cut off
_POLL_S = 1.0
_PAGE = 500

PUBLISHED = metrics.counter("journal_events", "Events that were published")
LAGGED = metrics.counter("journal_lagged", "Subscribers cut off because they were too slow")
FAILURES = metrics.counter("journal_relay_errors", "Turns of the relay that failed")
_log = log.get("kit.journal")


@dataclass(frozen=True, slots=True)
class Interest:
    """Which events somebody is shown: those of these topics, and all events of these projects."""

    topics: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()

    def matches(self, happened: Event) -> bool:
        return happened.topic in self.topics or happened.project in self.projects

    def clause(self) -> ColumnElement[bool]:
        """The same as a condition on `event`."""
        return or_(event.c.topic.in_(self.topics), event.c.project.in_(self.projects))


class Subscription:
    """Positioned events as they come, all with a position after `start`. Iteration ends when lagged or closed.

    `lagged`: it was not read fast enough (256 events) and was cut off; read the journal from the last position.
    """

    def __init__(self, journal: "Journal", interest: Interest | None, start: int) -> None:
        self._journal = journal
        self._queue: asyncio.Queue[Positioned | None] = asyncio.Queue()
        self.interest = interest
        self.start = start
        self.lagged = False
        self._closed = False

    def put(self, happened: Positioned) -> None:
        if self._closed or (self.interest is not None and not self.interest.matches(happened.event)):
            return
        if self._queue.qsize() >= QUEUE:
            self.lagged = True
            LAGGED.inc()
            self.close()
        else:
            self._queue.put_nowait(happened)

    def close(self) -> None:
        """Follow no more."""
        if not self._closed:
            self._closed = True
            self._journal.forget(self)
            self._queue.put_nowait(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Positioned:
        happened = None if self.lagged else await self._queue.get()
        if happened is None or self.lagged:
            self._queue.put_nowait(None)
            raise StopAsyncIteration
        return happened


class Journal:
    """Reads the journal, and runs its relay between `open` and `close`."""

    def __init__(self, db: Database, bus: InprocBus | None = None) -> None:
        self._db = db
        self._bus = bus or InprocBus()
        self._tasks = Tasks()
        self._subscriptions: set[Subscription] = set()
        self._epoch = ""
        self._published = 0

    async def open(self) -> None:
        """Go on from what is there, then run the relay. Needs the tables."""
        await self._db.write(lambda tx: begin_epoch(tx.conn))
        self._epoch, self._published = await self.head()
        self._db.on_events.append(self._written)
        self._tasks = Tasks()
        self._tasks.spawn(self._relay(), "kit.journal")

    async def close(self) -> None:
        """Stop the relay and end every subscription."""
        if self._written in self._db.on_events:
            self._db.on_events.remove(self._written)
        await self._tasks.close()
        for subscription in tuple(self._subscriptions):
            subscription.close()

    # ------------------------------------------------------------ reading

    async def head(self) -> tuple[str, int]:
        """The epoch (a new journal has a new one) and the last position, 0 when there is none."""
        async with self._db.read() as conn:
            row = (await conn.execute(select(journal_epoch.c.epoch, journal_epoch.c.head))).first()
        return (row.epoch, row.head) if row is not None else (self._epoch, 0)

    async def oldest(self) -> int:
        """The first position that can still be read; head + 1 when there is none."""
        async with self._db.read() as conn:
            first = (await conn.execute(select(func.min(event.c.position)))).scalar()
        return int(first) if first is not None else (await self.head())[1] + 1

    async def read(self, after: int, limit: int = _PAGE, interest: Interest | None = None) -> list[Positioned]:
        """Up to `limit` events with a position greater than `after`, in order, that `interest` matches."""
        wanted = true() if interest is None else interest.clause()
        query = select(event).where(event.c.position > after, wanted).order_by(event.c.position).limit(limit)
        async with self._db.read() as conn:
            return [Positioned(row.position, event_of(row)) for row in await conn.execute(query)]

    def subscribe(self, interest: Interest | None = None) -> Subscription:
        """Follow the journal from now on. To miss nothing: subscribe, then read up to the subscription's `start`."""
        subscription = Subscription(self, interest, self._published)
        self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    # ------------------------------------------------------------ publishing

    def _written(self, placed: Sequence[Positioned]) -> None:
        """A commit of this process ended; many events, or some behind others that are not known yet, are read."""
        if placed[0].position == self._published + 1 and len(placed) <= _BATCH:
            self._publish(placed)
        else:
            self._bus.hint(TOPIC)

    async def _relay(self) -> None:
        with self._bus.listen(TOPIC) as ear:
            while True:
                await ear.wait(_POLL_S)
                try:
                    await self._catch_up()
                except Exception:
                    FAILURES.inc()
                    _log.exception("the journal could not go on and tries again", retry_in_s=_POLL_S)

    async def _catch_up(self) -> None:
        while found := await self.read(self._published, _BATCH):
            self._publish(found)

    def _publish(self, found: Sequence[Positioned]) -> None:
        """Tell of `found`; what was published while it was being read is left out."""
        for happened in found:
            if happened.position > self._published:
                self._published = happened.position
                PUBLISHED.inc()
                for subscription in tuple(self._subscriptions):
                    subscription.put(happened)
