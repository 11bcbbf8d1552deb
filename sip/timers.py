"""The one ordered queue of all timers of an endpoint, and the RFC's durations (RFC 3261 §17, Table 4)."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
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
    """One entry. `owner` None: cancelled or fired."""

    __slots__ = ("event", "owner")

    def __init__(self, owner: Owner, event: int) -> None:
        self.owner: Owner | None = owner
        self.event = event


class TimerQueue:
    """Sans-IO: the shell asks `next_at`, and calls `run(now)` then. Equal times fire in the order they were set.

    `earlier` is called with the new first moment when a timer is set before all others.
    """

    __slots__ = ("_cancelled", "_heap", "_order", "earlier")

    def __init__(self, earlier: Callable[[float], None] | None = None) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = 0
        self._cancelled = 0
        self.earlier = earlier

    def __len__(self) -> int:
        return len(self._heap) - self._cancelled

    def set(self, when: float, owner: Owner, event: int) -> Timer:
        """Call `owner.on_timer(event, now)` at `when` (monotonic seconds)."""
        self._order += 1
        timer = Timer(owner, event)
        heap = self._heap
        heappush(heap, (when, self._order, timer))
        if self.earlier is not None and heap[0][2] is timer:
            self.earlier(when)
        return timer

    def cancel(self, timer: Timer | None) -> None:
        """Forget a timer; one that has fired already or None is no error."""
        if timer is None or timer.owner is None:
            return
        timer.owner = None
        self._cancelled += 1
        if self._cancelled > _COMPACT_AT and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].owner is not None]
            heapify(self._heap)
            self._cancelled = 0

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()
        self._cancelled = 0

    def next_at(self) -> float | None:
        """When to call `run`; None: never."""
        heap = self._heap
        while heap and heap[0][2].owner is None:
            heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def run(self, now: float) -> None:
        """Fire all that is due, in order."""
        while (when := self.next_at()) is not None and when <= now:
            timer = heappop(self._heap)[2]
            owner, timer.owner = timer.owner, None
            if owner is not None:
                owner.on_timer(timer.event, now)
