"""Sound from WAV files, kept as frames that are ready to send."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from media.codecs import SILENCE, encoder
from media.g711 import FRAME
from media.wav import read

_MOST_KEPT = 128


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Frames of 20 ms by codec name; the last one is filled up with silence."""

    frames: dict[str, tuple[bytes, ...]]

    @property
    def seconds(self) -> float:
        return len(self.frames["PCMU"]) * 0.020


def of_samples(samples: bytes) -> Sound:
    """The sound of 16-bit little-endian samples at 8 kHz."""
    return Sound({codec: _framed(encoder(codec)(samples), silence) for codec, silence in SILENCE.items()})


def _framed(coded: bytes, silence: bytes) -> tuple[bytes, ...]:
    cut = [coded[at : at + FRAME] for at in range(0, len(coded), FRAME)]
    return tuple(frame + silence[len(frame) :] for frame in cut)


@lru_cache(_MOST_KEPT)
def load(path: Path) -> Sound:
    """The sound of a WAV of any usual format; read once. Raises BadSound."""
    return of_samples(read(path))
