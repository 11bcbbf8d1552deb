"""Whole messages out of a stream of bytes (RFC 3261 §7.5, §18.3). Sans-IO."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sip.errors import BadStream
from sip.message import MAX_SIZE

PING = b"\r\n\r\n"
"""What a peer sends to keep a connection alive; it is answered with `PONG` (RFC 5626 §3.5.1)."""
PONG = b"\r\n"

_END = b"\r\n\r\n"
_MAX_HEAD = 32_768
_MAX_START = 8_192
_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE)


class Framer:
    """Takes what comes, gives messages as they become whole, and `PING` where a peer asks for a sign of life."""

    __slots__ = ("_buffer", "_size")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._size = 0  # of the message whose head was read; 0: not read yet

    @property
    def is_partial(self) -> bool:
        """Whether a message has begun and is not whole."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Raises `BadStream`, after the messages before it, when what follows is not SIP or over the limits: the
        stream is of no use any more. A message whose length cannot be told is given without its body before that."""
        self._buffer += data
        while (found := self._keep_alive() or self._message()) is not None:
            yield found

    def _keep_alive(self) -> bytes | None:
        """Take empty lines from before a message."""
        buffer = self._buffer
        if self._size or not buffer.startswith(PONG):
            return None
        if buffer.startswith(PING):
            del buffer[: len(PING)]
            return PING
        if len(buffer) != 3 or buffer[2] != 0x0D:  # else the second half of a PING is to come
            del buffer[: len(PONG)]
        return None

    def _message(self) -> bytes | None:
        if not self._size and not self._read_head():
            return None
        if len(self._buffer) < self._size:
            return None
        whole = bytes(self._buffer[: self._size])
        del self._buffer[: self._size]
        self._size = 0
        return whole

    def _read_head(self) -> bool:
        self._check_start()
        end = self._buffer.find(_END)
        if end < 0:
            if len(self._buffer) > _MAX_HEAD:
                raise BadStream("the header fields of a message have no end")
            return False
        self._size = end + len(_END) + self._length(end + len(_END))
        return True

    def _check_start(self) -> None:
        """Find out early that somebody speaks another protocol."""
        buffer = self._buffer
        if buffer and not 0x20 < buffer[0] < 0x7F and not PING.startswith(buffer):
            raise BadStream("a stream does not begin like SIP")
        end = buffer.find(b"\r\n")
        if end > _MAX_START or (end < 0 and len(buffer) > _MAX_START):
            raise BadStream("the first line of a message has no end")
        if end > 0 and b"SIP/" not in buffer[:end].upper():
            raise BadStream("a stream is not SIP")

    def _length(self, head: int) -> int:
        """Content-Length; 0 when there is none, as where the head tells it in a way that nobody can rely on."""
        found = _LENGTH.findall(self._buffer, 0, head)
        if not found:
            return 0
        if len(found) > 1 or not found[0].isdigit() or len(found[0]) > 9:
            del self._buffer[head:]
            self._buffer += _UNREADABLE
            return 0
        if head + int(found[0]) > MAX_SIZE:
            raise BadStream("a message is too long")
        return int(found[0])


_UNREADABLE = b"\0"
"""Stands after a message that nobody knows the end of: what cannot begin a message ends the stream."""
