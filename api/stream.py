"""The journal's one reader: encodes each event once and lays it into the outboxes of those who may see it.

No socket here: `api.websocket` carries outboxes to clients. Everything below runs on one loop without awaiting between
a look at `Stream.position` and joining, which is why a reader that catches up and then joins misses nothing and gets
nothing twice.
"""

import asyncio
import json
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from identity.roles.rights import Actor, Right
from kit import metrics
from kit.journal import Event, Journal, Positioned, Subscription

CONNECTED = "ahize.call.connected.v1"
MAX_WAITING = 256  # messages in one outbox
MAX_WAITING_BYTES = 1024 * 1024
MAX_SOCKETS = 5  # of one user
RECENT = 4096  # events kept encoded for those who come back soon
REPLAY_MOST = 20_000  # events further back than this are not replayed: a snapshot is sooner there
_PAGE = 500
_BREATH = 64  # events between two moments in which sockets are served

SOCKETS = metrics.gauge("stream_sockets", "Open event streams")
CUT = metrics.counter("stream_cut", "Event streams that were cut because their client did not keep up")


def encode(message: object) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def event_body(event: Event) -> dict[str, object]:
    """An event as clients get it (CloudEvents 1.0 names)."""
    return {
        "id": event.id,
        "type": event.type,
        "time": event.at.isoformat(),
        "subject": event.subject,
        "data": event.body,
    }


@dataclass(frozen=True)
class Frame:
    """One positioned event on its way to sockets; its text is made once for all of them."""

    position: int
    event: Event

    @cached_property
    def text(self) -> str:
        return encode({"type": "event", "position": self.position, "event": event_body(self.event)})

    def text_with(self, pop: object) -> str:
        """The frame for the one receiver who gets the pop with it."""
        body = event_body(self.event) | {"pop": pop}
        return encode({"type": "event", "position": self.position, "event": body})


@dataclass(frozen=True)
class Viewer:
    """What one sign-in may see of the journal."""

    actor: Actor

    @cached_property
    def keys(self) -> frozenset[str]:
        """Under which keys its outboxes are found; `sees` decides."""
        watched = self.actor.projects(Right.SUPERVISE)
        projects = {"project:*"} if watched is None else {f"project:{project}" for project in watched}
        return frozenset({"system", f"operator:{self.actor.user}"} | projects)

    def sees(self, event: Event) -> bool:
        """The system's events; the operator's own in projects where he works; all of a project that he supervises."""
        if event.topic == "system":
            return True
        if event.topic == f"operator:{self.actor.user}" and self._works_in(event.project):
            return True
        return event.project is not None and self.actor.may(Right.SUPERVISE, event.project)

    def pops(self, event: Event) -> bool:
        """Whether `event` brings this viewer a screen-pop."""
        return event.type == CONNECTED and event.body.get("operator") == self.actor.user

    def _works_in(self, project: str | None) -> bool:
        if project is None:
            return self.actor.may_somewhere(Right.DESK_WORK)
        return self.actor.may(Right.DESK_WORK, project)


class Outbox:
    """What waits for one socket, within bounds. Over them everything is dropped and `overflowed` is set."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.overflowed = asyncio.Event()
        self._waiting: deque[Frame | str] = deque()
        self._bytes = 0
        self._woken = asyncio.Event()

    @property
    def waiting(self) -> Sequence[Frame | str]:
        """What is to be sent, oldest first."""
        return tuple(self._waiting)

    def offer(self, item: Frame | str) -> None:
        if self.overflowed.is_set():
            return
        self._waiting.append(item)
        self._bytes += _size(item)
        if len(self._waiting) > MAX_WAITING or self._bytes > MAX_WAITING_BYTES:
            self._overflow()
        self._woken.set()

    def offer_if_idle(self, text: str) -> None:
        """The lossy lane: for a client that keeps up, otherwise forgotten."""
        if not self._waiting:
            self.offer(text)

    async def take(self) -> Frame | str:
        """The oldest item, waiting for one if there is none."""
        while not self._waiting:
            self._woken.clear()
            await self._woken.wait()
        item = self._waiting.popleft()
        self._bytes -= _size(item)
        return item

    def _overflow(self) -> None:
        self._waiting.clear()
        self._bytes = 0
        self.overflowed.set()
        CUT.inc()


def _size(item: Frame | str) -> int:
    return len(item) if isinstance(item, str) else len(item.text)


class Stream:
    """Fans the journal out to outboxes. `run` is a task of the service; `started`: it follows the journal."""

    def __init__(self, journal: Journal, remembers: int = RECENT) -> None:
        self.epoch = ""
        self.position = 0
        self.started = asyncio.Event()
        self._journal = journal
        self._recent: deque[Frame] = deque(maxlen=remembers)
        self._outboxes: defaultdict[str, set[Outbox]] = defaultdict(set)
        self._sockets: Counter[str] = Counter()

    # ------------------------------------------------------------ from the journal

    async def run(self) -> None:
        """Follow the journal until it is closed."""
        self.epoch, self.position = await self._journal.head()
        following = True
        while following:
            async with self._journal.subscribe() as placed:
                await self._catch_up(placed.start)
                self.started.set()
                await self._follow(placed)
            following = placed.lagged

    async def _follow(self, placed: Subscription) -> None:
        taken = 0
        async for item in placed:
            self.take(item)
            taken += 1
            if taken % _BREATH == 0:
                await asyncio.sleep(0)  # a burst must not fill the outboxes of clients that keep up

    async def _catch_up(self, goal: int) -> None:
        while self.position < goal and (found := await self._journal.read(self.position, limit=_BREATH)):
            for item in found:
                self.take(item)

    def take(self, item: Positioned) -> None:
        """Lay one event into the outboxes of those who may see it; one that was taken before is left."""
        if item.position <= self.position:
            return
        self.position = item.position
        frame = Frame(item.position, item.event)
        self._recent.append(frame)
        for outbox in self._receivers(item.event):
            if outbox.viewer.sees(item.event):
                outbox.offer(frame)

    def _receivers(self, event: Event) -> set[Outbox]:
        keys = [event.topic]
        if event.project is not None:
            keys += [f"project:{event.project}", "project:*"]
        return set().union(*(self._outboxes[key] for key in keys if key in self._outboxes))

    # ------------------------------------------------------------ to the sockets

    @contextmanager
    def seat(self, user: str) -> Iterator[bool]:
        """Counts one more socket of `user`; False when there are too many already."""
        free = self._sockets[user] < MAX_SOCKETS
        self._sockets[user] += free
        SOCKETS.inc(free)
        try:
            yield free
        finally:
            SOCKETS.dec(free)
            self._sockets[user] -= free
            if not self._sockets[user]:
                del self._sockets[user]

    @contextmanager
    def joined(self, outbox: Outbox) -> Iterator[None]:
        """While it lasts the outbox gets every event after `position`."""
        for key in outbox.viewer.keys:
            self._outboxes[key].add(outbox)
        self._tell_desks(outbox.viewer)
        try:
            yield
        finally:
            self._leave(outbox)
            self._tell_desks(outbox.viewer)

    def _leave(self, outbox: Outbox) -> None:
        for key in outbox.viewer.keys:
            self._outboxes[key].discard(outbox)
            if not self._outboxes[key]:
                del self._outboxes[key]

    def _tell_desks(self, viewer: Viewer) -> None:
        """Each desk of a user learns how many of them are open (F21)."""
        key = f"operator:{viewer.actor.user}"
        self.tick(key, "desks", len(self._outboxes.get(key, ())))

    def tick(self, key: str, name: str, value: object) -> None:
        """Send what may be lost to every outbox under `key` that keeps up; the journal knows nothing of it."""
        text = encode({"type": "tick", "name": name, "value": value})
        for outbox in self._outboxes.get(key, ()):
            outbox.offer_if_idle(text)

    # ------------------------------------------------------------ from before

    async def resumes(self, after: int | None, epoch: str | None) -> bool:
        """Whether a client that has seen `after` can be brought up to date by replay alone."""
        if after is None or epoch != self.epoch or not 0 <= self.position - after <= REPLAY_MOST:
            return False
        if self._remembers(after):
            return True
        return after >= await self._journal.oldest() - 1

    async def missed(self, after: int) -> AsyncIterator[Frame]:
        """Every frame after `after` up to the moment at which it ends, when `position` has been reached."""
        while after < self.position and (page := await self._page(after)):
            for frame in page:
                after = frame.position
                yield frame

    async def _page(self, after: int) -> Sequence[Frame]:
        if self._remembers(after):
            return [frame for frame in self._recent if frame.position > after]
        found = await self._journal.read(after, limit=_PAGE)
        return [Frame(item.position, item.event) for item in found if item.position <= self.position]

    def _remembers(self, after: int) -> bool:
        return after == self.position or (bool(self._recent) and self._recent[0].position <= after + 1)
