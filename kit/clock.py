"""Time as an argument: wall time as aware UTC datetimes, durations from a monotonic clock in seconds."""

import time
from datetime import UTC, datetime
from typing import Protocol

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class Clock(Protocol):
    """What everything that looks at the time is given."""

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never steps back; only differences mean something."""
        ...


class SystemClock:
    """The machine's clock. `monotonic` runs through suspend where the system has such a clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)
