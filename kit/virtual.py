"""An event loop whose time jumps to the next timer, so that an hour of waiting passes in a moment.

No real sockets and no threads under it: with nothing ready it does not wait for the world.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Result = TypeVar("Result")

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_RESOLUTION_S = 1e-6


class Stuck(RuntimeError):
    """Everything waits and no timer is set: under a virtual clock nothing could ever happen again."""


class _Jumping(selectors.SelectSelector):
    """Instead of waiting it tells the loop how far to jump."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualLoop | None = None

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0 or self.loop is None:
            return ready
        if timeout is None:
            raise Stuck(Stuck.__doc__)
        self.loop.jump(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0 and moves only when nothing is left to do now."""

    def __init__(self, start: datetime = START) -> None:
        self._now = 0.0
        self.start = start
        jumping = _Jumping()
        super().__init__(jumping)
        self._clock_resolution = _RESOLUTION_S
        jumping.loop = self

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds


class VirtualClock:
    """The clock of a virtual loop: wall time from `start` (the loop's own if None), monotonic seconds from 0."""

    def __init__(self, start: datetime | None = None, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._start = start or getattr(self._loop, "start", START)
        self._began = self._loop.time()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time() - self._began)

    def monotonic(self) -> float:
        return self._loop.time()


def run(work: Coroutine[Any, Any, Result], start: datetime = START) -> Result:
    """Run `work` on a virtual loop that begins at `start`. Raises Stuck when everything waits for ever."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start)) as runner:
        return runner.run(work)
