"""All timers of an endpoint in their order, and the RFC's durations (RFC 3261 §17, Table 4)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import inf
from typing import Protocol

T1 = 0.5
"""Round-trip estimate, seconds."""
T2 = 4.0
"""The longest interval between retransmissions of a non-INVITE request and of an INVITE's response, seconds."""
T4 = 5.0
"""How long a message can stay in the network, seconds."""
TIMEOUT = 64 * T1
"""Timers B, F, H, J, L, M and the patience of a CANCEL, seconds."""
WAIT_D = 32.0
"""Timer D on an unreliable transport, seconds."""

_COMPACT_AT = 1024


class Owner(Protocol):
    def on_timer(self, event: int, now: float) -> None: ...


class Timer:
    """One entry, the `order`th that was set. `owner` None: cancelled or fired."""

    __slots__ = ("event", "order", "owner", "when")

    def __init__(self, when: float, order: int, owner: Owner, event: int) -> None:
        self.when = when
        self.order = order
        self.owner: Owner | None = owner
        self.event = event


class TimerQueue:
    """Sans-IO: the shell asks `next_at`, and calls `run(now)` then. Equal times fire in the order they were set.

    `earlier` is called with the new first moment when a timer is set before all that the shell was told of.

    Most timers are of few durations (T1, T4, 64*T1): those of one stand in a lane, in order as they are set. What is
    cancelled stays until its turn; only in the heap of all others it is cleared out, since that may be far off.
    """

    __slots__ = ("_alive", "_cancelled", "_heap", "_lanes", "_order", "_told", "earlier")

    def __init__(self, earlier: Callable[[float], None] | None = None) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._lanes: dict[float, deque[Timer]] = {}
        self._order = 0
        self._alive = 0
        self._cancelled = 0
        self._told = inf
        self.earlier = earlier

    def __len__(self) -> int:
        return self._alive

    def set(self, when: float, owner: Owner, event: int) -> Timer:
        """Call `owner.on_timer(event, now)` at `when` (monotonic seconds)."""
        timer = self._new(when, owner, event)
        heappush(self._heap, (when, timer.order, timer))
        return timer

    def after(self, delay: float, now: float, owner: Owner, event: int) -> Timer:
        """The same in `delay` seconds, one of a few durations that timers are often set for."""
        lane = self._lanes.get(delay)
        if lane is None:
            lane = self._lanes[delay] = deque()
        timer = self._new(now + delay, owner, event)
        lane.append(timer)
        return timer

    def _new(self, when: float, owner: Owner, event: int) -> Timer:
        self._order += 1
        self._alive += 1
        if when < self._told:
            self._told = when
            if self.earlier is not None:
                self.earlier(when)
        return Timer(when, self._order, owner, event)

    def cancel(self, timer: Timer | None) -> None:
        """Forget a timer; one that has fired already or None is no error."""
        if timer is None or timer.owner is None:
            return
        timer.owner = None
        self._alive -= 1
        self._cancelled += 1
        if self._cancelled > _COMPACT_AT and self._cancelled > self._alive:
            self._heap = [entry for entry in self._heap if entry[2].owner is not None]
            heapify(self._heap)
            self._cancelled = 0

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()
        self._lanes.clear()
        self._alive = self._cancelled = 0
        self._told = inf

    def next_at(self) -> float | None:
        """When to call `run`; None: never."""
        first = self._first()
        self._told = inf if first is None else first.when
        return None if first is None else first.when

    def _first(self) -> Timer | None:
        heap, first = self._heap, None
        while heap and heap[0][2].owner is None:
            heappop(heap)
        if heap:
            first = heap[0][2]
        for lane in self._lanes.values():
            while lane and lane[0].owner is None:
                lane.popleft()
            if lane and (first is None or (lane[0].when, lane[0].order) < (first.when, first.order)):
                first = lane[0]
        return first

    def run(self, now: float) -> None:
        """Fire all that is due, in order. What has fired is taken out as the next one is looked for."""
        while (timer := self._first()) is not None and timer.when <= now:
            owner, timer.owner = timer.owner, None
            self._alive -= 1
            assert owner is not None
            owner.on_timer(timer.event, now)
