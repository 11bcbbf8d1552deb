"""The tones of the telephone network, made by code: what a caller hears while it rings and when it is busy.

Frequencies and cadences by ITU-T E.180 supplement 2: those of Turkey for "tr", of North America for "en".
"""

from dataclasses import dataclass

import numpy as np

from media.g711 import SAMPLE_RATE

_LOUDNESS = 5000
"""Amplitude of 16-bit samples, all frequencies of a tone together: about -13 dBm0."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """Frequencies in Hz, then seconds of sound and of silence."""

    hertz: tuple[int, ...]
    on: float
    off: float

    def samples(self) -> bytes:
        """One turn of it, to be repeated: 16 bit, little-endian, at 8 kHz."""
        at = np.arange(int(self.on * SAMPLE_RATE)) / SAMPLE_RATE
        wave = sum(np.sin(2 * np.pi * hertz * at) for hertz in self.hertz) * (_LOUDNESS / len(self.hertz))
        return np.rint(wave).astype("<i2").tobytes() + bytes(2 * int(self.off * SAMPLE_RATE))


CADENCES = {
    "ringback": {"tr": Cadence((450,), 2.0, 4.0), "en": Cadence((440, 480), 2.0, 4.0)},
    "busy": {"tr": Cadence((450,), 0.5, 0.5), "en": Cadence((480, 620), 0.5, 0.5)},
}
"""By name and language: as it sounds where that is spoken."""
