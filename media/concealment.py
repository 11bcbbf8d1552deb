"""Sound for what did not come: the last pitch period again and again, fading out (after G.711 appendix I); pure."""

import numpy as np
from numpy.typing import NDArray

from media.g711 import SAMPLE_RATE

_MS = SAMPLE_RATE // 1000
_SHORTEST, _LONGEST = 5 * _MS, 20 * _MS
"""Pitch periods that are looked for, in samples: 200 to 50 Hz; a higher voice fits several times into one."""
_COMPARED = 20 * _MS
_HISTORY = _LONGEST + _COMPARED
_WHOLE, _FADE = 10 * _MS, 50 * _MS
"""Full loudness at first, then down to silence."""
_BLEND = 5 * _MS

_Samples = NDArray[np.float32]


class Concealer:
    """Follows one stream of 16-bit samples at 8 kHz."""

    def __init__(self) -> None:
        self._history = bytes(2 * _HISTORY)
        self._period: _Samples | None = None
        self._filled = 0

    @property
    def faded(self) -> bool:
        """Nothing but silence is filled in any more."""
        return self._filled >= _WHOLE + _FADE

    def heard(self, samples: bytes) -> bytes:
        """Sound came; it is given back, blended with what was filled in before it."""
        if self._filled:
            samples = self._blended(samples)
        self._history = (self._history + samples)[-2 * _HISTORY :]
        return samples

    def fill(self, count: int) -> bytes:
        """So many samples in place of what is missing."""
        if self._period is None:
            self._period = last_period(_floats(self._history))
        at = self._filled + np.arange(count)
        gain = np.clip(1.0 - (at - _WHOLE) / _FADE, 0.0, 1.0)
        self._filled += count
        return _ints(self._period[at % len(self._period)] * gain)

    def _blended(self, samples: bytes) -> bytes:
        fresh = _floats(samples)
        count = min(_BLEND, len(fresh))
        rise = np.arange(1, count + 1, dtype=np.float32) / count
        fresh[:count] = fresh[:count] * rise + _floats(self.fill(count)) * (1 - rise)
        self._period, self._filled = None, 0
        return _ints(fresh)


def last_period(history: _Samples) -> _Samples:
    """The end of `history` (at least 40 ms) that repeats best."""
    recent = history[-_COMPARED:]
    lags = range(_SHORTEST, _LONGEST + 1)
    likeness = [_likeness(recent, history[-_COMPARED - lag : len(history) - lag]) for lag in lags]
    return history[-lags[int(np.argmax(likeness))] :]


def _likeness(recent: _Samples, earlier: _Samples) -> float:
    return float(recent @ earlier) / (float(earlier @ earlier) ** 0.5 + 1.0)


def crossfade(falling: bytes, rising: bytes) -> bytes:
    """From one sound into another of the same length."""
    a, b = _floats(falling), _floats(rising)
    rise = np.arange(len(a), dtype=np.float32) / max(1, len(a))
    return _ints(a * (1 - rise) + b * rise)


def _floats(samples: bytes) -> _Samples:
    return np.frombuffer(samples, "<i2").astype(np.float32)


def _ints(samples: NDArray[np.floating]) -> bytes:
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
