"""The codecs: 16-bit samples at 8 kHz to and from each, and from one to another; pure but for a codec's own memory.

All three take 8,000 bytes a second, one for each sample at 8 kHz, so that a packet keeps its length in another codec.
G.722 (RFC 3551 §4.5.2: its RTP clock is 8,000 Hz) is used by its lower band alone: what it is mixed or joined with has
no more.
"""

from array import array
from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from media import g711
from media.g711 import FRAME

NAMES = ("PCMU", "PCMA", "G722")
_BIT_RATE = 64_000

Coder = Callable[[bytes], bytes]


class _State(Protocol):
    """What the library's codec has; it comes without types."""

    def encode(self, samples: "array[int]") -> bytes: ...

    def decode(self, coded: bytes) -> "array[int]": ...


_G722 = cast(Callable[[int, int], _State], import_module("G722").G722)


def decoder(codec: str) -> Coder:
    """Coded bytes of one stream, in order, to samples. `codec`: one of NAMES."""
    if codec != "G722":
        return lambda coded: g711.decode(coded, codec)
    state = _G722(g711.SAMPLE_RATE, _BIT_RATE)
    return lambda coded: state.decode(coded).tobytes()


class Decoders(dict[str, Coder]):
    """The decoders of one stream by codec, each made when its codec is first met."""

    def __missing__(self, codec: str) -> Coder:
        made = self[codec] = decoder(codec)
        return made


def encoder(codec: str) -> Coder:
    """Samples to the coded bytes of one stream, in order."""
    if codec != "G722":
        return lambda samples: g711.encode(samples, codec)
    state = _G722(g711.SAMPLE_RATE, _BIT_RATE)
    return lambda samples: state.encode(array("h", samples))


def transcoder(source: str, target: str) -> Coder:
    """Coded bytes to another codec's: by table between the laws of G.711, else by samples."""
    if "G722" not in (source, target):
        return lambda coded: g711.translate(coded, source, target)
    decode, encode = decoder(source), encoder(target)
    return lambda coded: encode(decode(coded))


SILENCE = {**g711.SILENCE, "G722": encoder("G722")(bytes(2 * FRAME))}
"""20 ms of it."""
