"""A recording's file: pieces of one second sealed one by one (AES-256-GCM) under the recording's own key.

Form: `AHR1`, one byte for the law, then for each piece its place (4 bytes, big-endian), its length (4) and the sealed
bytes. The nonce is the place: a key serves one recording, a place one piece. Authenticated with it are the recording's
id, the law, the place, the place of the piece before it in the file, and whether it is the last. So a piece that is
changed, moved, taken out or taken from another recording is noticed, and so is an end that was cut off. Places that are
missing in the row were never written; silence stands for them. A file that ends without its last piece, perhaps in the
middle of one, is that of a service that died.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.seal import SealError

FORM = b"AHR1"
LAWS = {"PCMU": b"u", "PCMA": b"a"}
SILENCE = {"PCMU": b"\xff", "PCMA": b"\xd5"}
RATE, SIDES = 8000, 2
PIECE = RATE * SIDES
"""Bytes of a whole piece."""
_NUMBER = 4
_FIRST = 0xFFFFFFFF
_LONGEST = PIECE + 16


class Sealer:
    """Makes the bytes of one recording's file. `key`: 32 bytes, used for no other recording."""

    def __init__(self, recording: str, key: bytes, law: str) -> None:
        self.head = FORM + LAWS[law]
        self._cipher = AESGCM(key)
        self._context = recording.encode() + LAWS[law]
        self.before = _FIRST

    def seal(self, place: int, sound: bytes, *, last: bool) -> bytes:
        """The piece as it is written behind the one at `before`."""
        bound = _bound(self._context, place, self.before, last)
        sealed = self._cipher.encrypt(_nonce(place), sound, bound)
        self.before = place
        return place.to_bytes(_NUMBER, "big") + len(sealed).to_bytes(_NUMBER, "big") + sealed


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds. `samples`: of each side; `whole`: it ends as it was finished."""

    law: str
    samples: int
    whole: bool


def contents(path: Path, recording: str, key: bytes) -> Contents:
    """Read and check the whole file. Raises SealError when something was changed, OSError when it is not there."""
    found = Contents(law_of(path), 0, False)
    for some, last in _opened(path, recording, key):
        found = Contents(found.law, found.samples + len(some) // SIDES, last)
    return found


def sound(path: Path, recording: str, key: bytes) -> Iterator[bytes]:
    """The bytes of both sides, interleaved, in pieces. Raises SealError, OSError."""
    return (piece for piece, _ in _opened(path, recording, key))


def law_of(path: Path) -> str:
    """Raises SealError for what is no recording."""
    with path.open("rb") as file:
        return _law(file)


def _law(file: BinaryIO) -> str:
    head = file.read(len(FORM) + 1)
    law = next((name for name, byte in LAWS.items() if head == FORM + byte), None)
    if law is None:
        raise SealError("This file is no recording, or its beginning was changed.")
    return law


def _opened(path: Path, recording: str, key: bytes) -> Iterator[tuple[bytes, bool]]:
    """Each piece with the silence that stands before it, and whether it is the last of a finished recording."""
    cipher = AESGCM(key)
    with path.open("rb") as file:
        law = _law(file)
        context, before = recording.encode() + LAWS[law], _FIRST
        pieces = itertools.chain(_pieces(file), (None,))
        for (place, sealed), following in itertools.pairwise(pieces):  # pyright: ignore[reportGeneralTypeIssues]
            plain, last = _unsealed(cipher, sealed, context, place, before, following is None)
            missing = place - before - 1 if before != _FIRST else place
            before = place
            yield SILENCE[law] * (missing * PIECE) + plain, last


def _unsealed(
    cipher: AESGCM, sealed: bytes, context: bytes, place: int, before: int, final: bool
) -> tuple[bytes, bool]:
    for last in (True, False) if final else (False,):
        try:
            return cipher.decrypt(_nonce(place), sealed, _bound(context, place, before, last)), last
        except InvalidTag:
            continue
    raise SealError("This recording was changed after it was written; look who can reach its folder.")


def _pieces(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Up to the first that is not whole."""
    while len(head := file.read(2 * _NUMBER)) == 2 * _NUMBER:
        place, length = int.from_bytes(head[:_NUMBER], "big"), int.from_bytes(head[_NUMBER:], "big")
        if length > _LONGEST:
            raise SealError("This recording was changed after it was written; look who can reach its folder.")
        sealed = file.read(length)
        if len(sealed) < length:
            return
        yield place, sealed


def _nonce(place: int) -> bytes:
    return place.to_bytes(12, "big")


def _bound(context: bytes, place: int, before: int, last: bool) -> bytes:
    return context + place.to_bytes(_NUMBER, "big") + before.to_bytes(_NUMBER, "big") + (b"l" if last else b"m")
