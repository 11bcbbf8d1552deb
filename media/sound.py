"""Sound from WAV files, kept as frames that are ready to send."""

import wave
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from media.codecs import SILENCE, encoder
from media.errors import BadSound
from media.g711 import FRAME, SAMPLE_RATE

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
    """The sound of a WAV of 8 kHz, mono, 16 bit; read once. Raises BadSound."""
    try:
        with wave.open(str(path), "rb") as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (SAMPLE_RATE, 1, 2):
                raise BadSound(path.name, "its format is another one")
            samples = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise BadSound(path.name, str(error) or "it is cut short") from error
    if not samples:
        raise BadSound(path.name, "it is empty")
    return of_samples(samples)
