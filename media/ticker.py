"""One beat for all sound that is made here: 50 times a second for each, without drift."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from kit import log

INTERVAL_S = 0.020
GROUPS = 4
_STEP_S = INTERVAL_S / GROUPS
_LARGEST_DEBT = 10 * GROUPS

_log = log.get("media.ticker")
Beat = Callable[[], None]


class Ticker:
    """Calls each beat every 20 ms, in four groups 5 ms apart, so that many sounds do not delay what is relayed.

    Moments are counted from the first one: being late does not add up. After a stall the missed beats follow at once,
    up to 200 ms of them; sound that is later than that is put off instead.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._groups: tuple[dict[Beat, None], ...] = tuple({} for _ in range(GROUPS))
        self._timer: asyncio.TimerHandle | None = None
        self._origin = 0.0
        self._step = 0
        self._removals = 0

    @classmethod
    def of_running_loop(cls) -> "Ticker":
        """The one ticker of the running event loop."""
        loop = asyncio.get_running_loop()
        ticker = _tickers.get(loop)
        if ticker is None:
            ticker = _tickers[loop] = cls(loop)
        return ticker

    def __len__(self) -> int:
        return sum(len(group) for group in self._groups)

    def add(self, beat: Beat) -> None:
        """Call `beat` every 20 ms from the next beat of its group on."""
        min(self._groups, key=len)[beat] = None
        if self._timer is None:
            self._origin, self._step = self._loop.time(), 0
            self._schedule()

    def remove(self, beat: Beat) -> None:
        """Call it no more. Unknown ones are fine."""
        self._removals += 1
        for group in self._groups:
            group.pop(beat, None)

    def _schedule(self) -> None:
        self._step += 1
        debt = int((self._loop.time() - self._origin) / _STEP_S) - self._step
        if debt > _LARGEST_DEBT:
            self._step += debt
        self._timer = self._loop.call_at(self._origin + self._step * _STEP_S, self._strike)

    def _strike(self) -> None:
        group = self._groups[self._step % GROUPS]
        if not len(self):
            self._timer = None
            return
        self._schedule()
        removals = self._removals
        for beat in tuple(group):
            if self._removals == removals or beat in group:
                self._sound(beat)

    def _sound(self, beat: Beat) -> None:
        """One that fails must not take along the others of its group."""
        try:
            beat()
        except Exception:
            self.remove(beat)
            _log.exception("a sound that is made here failed and is stopped")


_tickers: WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker] = WeakKeyDictionary()
