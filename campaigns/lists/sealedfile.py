"""An uploaded file as it lies on disk: sealed piece by piece, each bound to its file and place.

Form: for each piece its length (4 bytes, big-endian) and the sealed bytes. A piece that is missing, moved or taken from
another file is noticed when it is opened.
"""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kit.seal import Seal, SealError

PIECE = 64 * 1024
_LENGTH = 4


class SealedWriter:
    """Takes bytes as they come and writes them sealed to `path`. `name` is the file's own context."""

    def __init__(self, path: Path, seal: Seal, name: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = open(path, "xb")  # noqa: SIM115 — closed by `close`
        os.chmod(path, 0o600)
        self._seal, self._name = seal, name
        self._waiting = bytearray()
        self._pieces = 0

    def write(self, some: bytes) -> None:
        self._waiting += some
        while len(self._waiting) >= PIECE:
            self._put(bytes(self._waiting[:PIECE]))
            del self._waiting[:PIECE]

    def finish(self) -> None:
        """Write what is left and bring it safely to disk."""
        self._put(bytes(self._waiting), last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()

    def close(self) -> None:
        self._file.close()

    def _put(self, piece: bytes, *, last: bool = False) -> None:
        sealed = self._seal.seal(piece, _context(self._name, self._pieces, last))
        self._file.write(len(sealed).to_bytes(_LENGTH, "big") + sealed)
        self._pieces += 1


def pieces(path: Path, seal: Seal, name: str) -> Iterator[bytes]:
    """The file's bytes as they were. Raises SealError when something is missing or changed."""
    with path.open("rb") as file:
        place, following = 0, _next(file)
        if following is None:
            raise SealError
        while following is not None:
            sealed, following = following, _next(file)
            yield seal.open_bytes(sealed, _context(name, place, following is None))
            place += 1


class SealedReader(io.RawIOBase):
    """The same as a stream, to put a decoder on."""

    def __init__(self, path: Path, seal: Seal, name: str) -> None:
        self._pieces = pieces(path, seal, name)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _next(file: BinaryIO) -> bytes | None:
    head = file.read(_LENGTH)
    if not head:
        return None
    return file.read(int.from_bytes(head, "big"))


def _context(name: str, place: int, last: bool) -> str:
    return f"upload:{name}:{place}:{'last' if last else 'more'}"
