"""Sound from WAV files and tones, kept as frames that are ready to send."""

from dataclasses import dataclass
from pathlib import Path

from media.codecs import SILENCE, encoder
from media.g711 import FRAME
from media.tones import Cadence
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


Source = Path | Cadence
"""A WAV, or one turn of a tone."""
_kept: dict[Source, Sound] = {}


def kept(source: Source) -> Sound | None:
    """The sound if it was loaded before."""
    return _kept.get(source)


def load(source: Source) -> Sound:
    """The sound of a WAV of any usual format, or of a tone; read once. Takes long for a long file. Raises BadSound."""
    sound = _kept.get(source)
    if sound is None:
        sound = of_samples(read(source) if isinstance(source, Path) else source.samples())
        if len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[source] = sound
    return sound
