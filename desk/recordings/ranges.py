"""Which part of a file a player asks for (RFC 9110 §14.2); pure."""

import re
from typing import NamedTuple

_ONE = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))", re.ASCII | re.IGNORECASE)


class Part(NamedTuple):
    """Bytes from `start` up to `end`, which is left out."""

    start: int
    end: int


def part_of(header: str | None, size: int) -> Part | None:
    """The part that a Range header names of `size` bytes; None: the whole, also where it names several or none.

    An empty part: it begins behind the last byte (416).
    """
    found = None if header is None else _ONE.fullmatch(header.replace(" ", ""))
    if found is None:
        return None
    first, last, tail = found.groups()
    if tail is not None:
        return Part(max(0, size - int(tail)), size)
    end = min(size, int(last) + 1) if last else size
    if last and int(last) < int(first):
        return None
    return Part(int(first), end) if int(first) < size else Part(size, size)
