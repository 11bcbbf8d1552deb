"""Steady tones in a row of 20 ms frames: beeps, fax signals, the three tones before a network's announcement; pure.

Frequencies: ITU-T T.30 §4.3 (calling tone 1100 Hz, called tone 2100 Hz), V.27ter §2.1 (carrier 1800 Hz); special
information tones near 950, 1400 and 1800 Hz by ITU-T E.180 §10.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media.g711 import FRAME, SAMPLE_RATE
from media.speech import FRAME_S

_WINDOW = np.hanning(FRAME)
_FULL_SCALE = 32768.0**2 * FRAME * float(np.square(_WINDOW).sum()) / 2
_BIN_HZ = SAMPLE_RATE / FRAME
_LOBE = 2
_IMPURE = 0.10
_STEADY_HZ = 30.0
_BRIDGED_S = 0.05
_LOWEST_HZ = 300.0
SIT_HZ = ((890.0, 1010.0), (1340.0, 1460.0), (1740.0, 1820.0))
FAX_HZ = ((1070.0, 1130.0), (1780.0, 1820.0), (2070.0, 2130.0))


def spectrum(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Power of 160 samples in steps of 50 Hz."""
    return np.square(np.abs(np.fft.rfft(samples * _WINDOW)))


def band_db(power: NDArray[np.float64], low_hz: float, high_hz: float) -> float:
    """The level of a part of a spectrum, dB below full scale."""
    part = float(power[int(low_hz / _BIN_HZ) : int(high_hz / _BIN_HZ) + 1].sum())
    return 10 * math.log10(max(1.0, part) / _FULL_SCALE)


@dataclass(slots=True)
class Tone:
    """One steady tone, or two at once, in seconds since the answer; `hz` is the stronger one."""

    hz: float
    begins: float
    ends: float

    @property
    def seconds(self) -> float:
        return self.ends - self.begins


class Tones:
    """Follows what is a tone. `tones`: each one so far; the latest may still go on."""

    def __init__(self) -> None:
        self.tones: list[Tone] = []

    def hear(self, power: NDArray[np.float64], at: float) -> None:
        """A frame of this spectrum began `at` seconds after the answer."""
        power = power.copy()
        total, peak = float(power.sum()), int(power.argmax())
        hz = _centre(power, peak)
        _cut(power, peak)
        _cut(power, int(power.argmax()))
        if hz >= _LOWEST_HZ and float(power.sum()) <= _IMPURE * total:
            self._tonal(hz, at)

    def _tonal(self, hz: float, at: float) -> None:
        latest = self.tones[-1] if self.tones else None
        if latest is not None and at - latest.ends <= _BRIDGED_S and abs(hz - latest.hz) <= _STEADY_HZ:
            latest.ends = at + FRAME_S
            latest.hz += (hz - latest.hz) / 8
        else:
            self.tones.append(Tone(hz, at, at + FRAME_S))

    def lasting(self, at: float) -> Tone | None:
        """The tone that goes on in the frame that began at `at`, if any."""
        return self.tones[-1] if self.tones and self.tones[-1].ends > at else None

    def at_least(self, least_s: float) -> list[Tone]:
        """The tones that were not shorter."""
        return [tone for tone in self.tones if tone.seconds >= least_s]

    def ended_before(self, now: float, after: float, least_s: float) -> float | None:
        """When a tone of at least `least_s` that ended later than `after` was over; None: it goes on, or was not."""
        over = (t.ends for t in self.tones if t.seconds >= least_s and t.ends > after and now - t.ends > FRAME_S)
        return next(over, None)

    def fax(self, least_s: float) -> bool:
        """Whether a fax machine's tone of at least `least_s` was heard."""
        return any(_among(tone.hz, FAX_HZ) for tone in self.at_least(least_s))

    def announces(self, least_s: float) -> bool:
        """Whether the three tones of an announcement were heard in order, each at least `least_s` long."""
        heard = [tone.hz for tone in self.at_least(least_s)][-3:]
        return len(heard) == 3 and all(low <= hz <= high for hz, (low, high) in zip(heard, SIT_HZ, strict=True))


def _among(hz: float, bands: tuple[tuple[float, float], ...]) -> bool:
    return any(low <= hz <= high for low, high in bands)


def _cut(power: NDArray[np.float64], peak: int) -> None:
    """Take a peak and its lobe away."""
    power[max(0, peak - _LOBE) : peak + _LOBE + 1] = 0.0


def _centre(power: NDArray[np.float64], at: int) -> float:
    """The frequency of a peak, from its two neighbours as well."""
    low, high = max(0, at - 1), min(len(power), at + 2)
    around = np.sqrt(power[low:high])
    return float((around * np.arange(low, high)).sum() / (around.sum() + 1e-9) * _BIN_HZ)
