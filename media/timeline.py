"""Where a packet's sound belongs in the time of a call: by the far end's timestamps, kept near the clock; pure."""

from media.g711 import SAMPLE_RATE

_ADRIFT_S = 0.5


class Timeline:
    """Seconds since `began` (monotonic). Jitter does not move what is placed; a new source, or timestamps that leave
    the clock by more than half a second, begin anew at their arrival."""

    __slots__ = ("_at", "_source", "_timestamp", "began")

    def __init__(self, began: float) -> None:
        self.began = began
        self._source: int | None = None
        self._timestamp = 0
        self._at = 0.0

    def place(self, ssrc: int, timestamp: int, at: float) -> float:
        """When the sound of a packet begins that came at `at` (monotonic)."""
        now = at - self.began
        if ssrc == self._source:
            ahead = (timestamp - self._timestamp) & 0xFFFFFFFF
            placed = self._at + (ahead if ahead < 0x80000000 else ahead - 0x100000000) / SAMPLE_RATE
            if -_ADRIFT_S < placed - now < _ADRIFT_S:
                return placed
        self._source, self._timestamp, self._at = ssrc, timestamp, now
        return now
