"""Ids that sort by the time they were made."""

import secrets
import threading
import time

_RANDOM_BITS = 62
_COUNTER_BITS = 12


class Source:
    """Makes ids of the UUID version 7 layout (RFC 9562 §5.7), strictly growing inside one source.

    The 12 bits after the version count the ids of one millisecond (RFC 9562 §6.2, method 1);
    when they are used up the millisecond is stepped on, so that order holds at any rate.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = 0
        self._count = 0

    def new(self, now_ms: int | None = None) -> str:
        """A new id: 32 lower-case hex digits. `now_ms`: milliseconds since 1970, the system's if None."""
        with self._lock:
            ms, count = self._step(time.time_ns() // 1_000_000 if now_ms is None else now_ms)
        tail = (0b10 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
        return f"{ms:012x}7{count:03x}{tail:016x}"

    def _step(self, now_ms: int) -> tuple[int, int]:
        if now_ms > self._ms:
            self._ms, self._count = now_ms, 0
        else:
            self._count += 1
        if self._count >> _COUNTER_BITS:
            self._ms, self._count = self._ms + 1, 0
        return self._ms, self._count


_SOURCE = Source()


def new() -> str:
    """A new id, unique in the world and greater than every earlier one of this process: 32 hex digits."""
    return _SOURCE.new()
