"""WAV files of any usual rate, width and number of channels, as 16-bit samples at 8 kHz."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.errors import BadSound
from media.g711 import SAMPLE_RATE

RATES = range(4_000, 192_001)
_Signal = NDArray[np.float64]


def read(path: Path) -> bytes:
    """The samples of a file, its channels as one. Raises BadSound."""
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            raw = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise BadSound(path.name, str(error) or "it is cut short") from error
    if rate not in RATES:
        raise BadSound(path.name, f"its rate is {rate} Hz")
    raw = raw[: len(raw) - len(raw) % (width * channels)]
    if not raw:
        raise BadSound(path.name, "it is empty")
    if (rate, channels, width) == (SAMPLE_RATE, 1, 2):
        return raw
    signal = _signal(raw, width).reshape(-1, channels).mean(axis=1)
    return np.clip(np.rint(resampled(signal, rate)), -32768, 32767).astype("<i2").tobytes()


def _signal(raw: bytes, width: int) -> _Signal:
    """PCM of 1 (unsigned), 2, 3 or 4 bytes a sample, as numbers of the range of 16 bit."""
    if width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.float64) - 128) * 256
    if width == 2:
        return np.frombuffer(raw, "<i2").astype(np.float64)
    wide = np.zeros((len(raw) // width, 4), np.uint8)
    wide[:, 4 - width :] = np.frombuffer(raw, np.uint8).reshape(-1, width)
    return wide.view("<i4").reshape(-1).astype(np.float64) / 65536


def resampled(signal: _Signal, rate: int) -> _Signal:
    """The same sound at 8 kHz: what lies above 4 kHz is cut off in the spectrum, so that nothing folds down."""
    if rate == SAMPLE_RATE:
        return signal
    # Filled up to whole seconds: a transform of an odd length takes many times as long.
    seconds = -(-len(signal) // rate)
    spectrum = np.fft.rfft(signal, seconds * rate)[: seconds * SAMPLE_RATE // 2 + 1]
    whole = np.fft.irfft(spectrum, seconds * SAMPLE_RATE) * (SAMPLE_RATE / rate)
    return whole[: max(1, round(len(signal) * SAMPLE_RATE / rate))]
