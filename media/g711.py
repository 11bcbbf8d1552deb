"""G.711: 16-bit linear samples to and from µ-law and A-law, and from one law to the other; pure."""

import warnings

with warnings.catch_warnings():
    # Gone from the standard library in 3.13, where audioop-lts stands in.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

SAMPLE_RATE = 8000
FRAME = 160
"""Samples, and bytes, in 20 ms."""

_ALL = bytes(range(256))
ULAW_TO_ALAW = audioop.lin2alaw(audioop.ulaw2lin(_ALL, 2), 2)
ALAW_TO_ULAW = audioop.lin2ulaw(audioop.alaw2lin(_ALL, 2), 2)

SILENCE = {"PCMU": b"\xff" * FRAME, "PCMA": b"\xd5" * FRAME}


def encode(samples: bytes, codec: str) -> bytes:
    """G.711 bytes of 16-bit little-endian samples; `codec` is "PCMU" or "PCMA"."""
    return audioop.lin2ulaw(samples, 2) if codec == "PCMU" else audioop.lin2alaw(samples, 2)


def decode(coded: bytes, codec: str) -> bytes:
    """16-bit little-endian samples of G.711 bytes."""
    return audioop.ulaw2lin(coded, 2) if codec == "PCMU" else audioop.alaw2lin(coded, 2)


def translate(coded: bytes, source: str, target: str) -> bytes:
    """The same sound in another law, by table."""
    if source == target:
        return coded
    return coded.translate(ULAW_TO_ALAW if source == "PCMU" else ALAW_TO_ULAW)


def loudness(coded: bytes, codec: str) -> int:
    """Root mean square of the samples, 0 to 32767."""
    return level(decode(coded, codec))


def level(samples: bytes) -> int:
    """Root mean square of 16-bit samples in native order, 0 to 32767."""
    return audioop.rms(samples, 2)


def mixed(one: bytes, other: bytes) -> bytes:
    """Both sounds at once: samples added, held at the loudest there is."""
    return audioop.add(one, other, 2)
