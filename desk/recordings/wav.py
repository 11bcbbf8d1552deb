"""The head of a WAV file of stereo G.711 (RIFF, formats 6 and 7); pure."""

import struct

from desk.recordings.sealed import RATE, SIDES

_FORMATS = {"PCMA": 6, "PCMU": 7}
HEAD = 58
"""Bytes before the sound."""


def head(law: str, samples: int) -> bytes:
    """For `samples` of each side that follow, interleaved."""
    size = samples * SIDES
    form = struct.pack("<HHIIHHH", _FORMATS[law], SIDES, RATE, RATE * SIDES, SIDES, 8, 0)
    fact = struct.pack("<4sII", b"fact", 4, samples)
    body = b"WAVE" + _chunk(b"fmt ", form) + fact + struct.pack("<4sI", b"data", size)
    return struct.pack("<4sI", b"RIFF", len(body) + size) + body


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content
