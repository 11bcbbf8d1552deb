"""What the far end says: counted, and kept in a WAV file."""

import wave
from pathlib import Path
from types import TracebackType
from typing import Self

from kit.errors import Unavailable
from media.g711 import SAMPLE_RATE, SILENCE, decode, loudness
from media.session import Arrival

LOUD = 300
"""Root mean square above which a packet is more than the noise of a line."""
_LONGEST_GAP = 60 * SAMPLE_RATE
_SAMPLE = 2


class CannotRecord(Unavailable):
    """The recording cannot be written; name another file."""

    code = "cannot_record"


class Ear:
    """The sink of a leg. `loud`: packets with sound in them. `path` None: nothing is kept. Raises CannotRecord."""

    def __init__(self, path: Path | None) -> None:
        self.loud = 0
        self._file = _opened(path) if path is not None else None
        self._source: int | None = None
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def __call__(self, arrival: Arrival) -> None:
        codec = arrival.payload.name
        if codec not in SILENCE:
            return
        coded = bytes(arrival.buffer[arrival.start : arrival.end])
        self.loud += loudness(coded, codec) > LOUD
        if self._file is not None:
            self._keep(self._file, arrival, decode(coded, codec))

    def _keep(self, file: wave.Wave_write, arrival: Arrival, samples: bytes) -> None:
        """Behind what is there, with the silence that the far end left out; what comes too late is dropped."""
        gap = 0
        if arrival.ssrc == self._source:
            gap = (arrival.timestamp - self._next + 0x80000000) % 0x100000000 - 0x80000000
        if gap < 0:
            return
        self._source = arrival.ssrc
        self._next = (arrival.timestamp + len(samples) // _SAMPLE) & 0xFFFFFFFF
        silence = bytes(gap * _SAMPLE) if gap <= _LONGEST_GAP else b""
        file.writeframesraw(silence + samples)


def _opened(path: Path) -> wave.Wave_write:
    try:
        file = wave.open(str(path), "wb")  # noqa: SIM115  the ear closes it
    except OSError as error:
        raise CannotRecord(f"{path} cannot be written ({error.strerror}); name another file.") from None
    file.setnchannels(1)
    file.setsampwidth(_SAMPLE)
    file.setframerate(SAMPLE_RATE)
    return file
