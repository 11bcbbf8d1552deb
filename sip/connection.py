"""One TCP or TLS connection: frames what comes, holds back what goes until it is made, and does not live for ever."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Protocol, cast

from sip.errors import BadStream
from sip.framing import PING, PONG, Framer
from sip.transport import Address, Receive

MESSAGE_S = 32.0
"""How long a message may take to become whole."""
IDLE_S = 600.0
"""How long a connection may carry nothing; trunks are asked after far more often."""
SILENT_MS = 20_000
"""How long what was sent may stay without the other machine's acknowledgement."""
MAX_UNSENT = 1024 * 1024
"""Bytes that may wait, for a connection to be made or for the other end to read: after a crash all calls are ended at
once."""


class Home(Protocol):
    """Who owns connections."""

    receive: Receive

    def gone(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """`address`: the other end. `gone` is told to the home once, however it ends."""

    def __init__(self, home: Home, address: Address) -> None:
        self.address = address
        self._home = home
        self._framer = Framer()
        self._pending = bytearray()
        self._wire: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._over = False

    def write(self, data: bytes) -> None:
        """Send, or keep it until the connection is made. Raises OSError when the other end does not take it."""
        if self._over:
            raise OSError("the connection is closed")
        if self._wire is None:
            if len(self._pending) + len(data) > MAX_UNSENT:
                raise OSError("too much waits for a connection")
            self._pending += data
        elif self._wire.is_closing():
            raise OSError("the connection is about to be closed")
        elif self._wire.get_write_buffer_size() > MAX_UNSENT:
            self._wire.abort()
            raise OSError("the other end does not read")
        else:
            self._wire.write(data)

    def end(self) -> None:
        """Close it now; what was not sent is lost."""
        if self._wire is not None:
            self._wire.abort()
        self._end()

    def _end(self) -> None:
        if self._over:
            return
        self._over = True
        self._pending.clear()
        if self._patience is not None:
            self._patience.cancel()
        self._home.gone(self)

    # ------------------------------------------------------------ what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)
        if self._over:
            self._wire.abort()
            return
        _give_up_soon(transport.get_extra_info("socket"))
        self._wait(IDLE_S)
        self._wire.write(bytes(self._pending))
        self._pending.clear()

    def data_received(self, data: bytes) -> None:
        was_partial = self._framer.is_partial
        count = 0
        try:
            for message in self._framer.feed(data):
                count += 1
                self._take(message)
        except (BadStream, OSError):
            self._close()
            return
        is_slow = was_partial and self._framer.is_partial and not count
        if not is_slow:  # a message that comes byte by byte gets no more time
            self._wait(MESSAGE_S if self._framer.is_partial else IDLE_S)

    def _take(self, message: bytes) -> None:
        if message == PING:
            self.write(PONG)
        else:
            self._home.receive(message, self.address)

    def _close(self) -> None:
        """Close after what was written: a refusal may be under way."""
        if self._wire is not None:
            self._wire.close()
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _wait(self, seconds: float) -> None:
        if self._patience is not None:
            self._patience.cancel()
        if not self._over:
            self._patience = asyncio.get_running_loop().call_later(seconds, self._close)


def _give_up_soon(wire: Any) -> None:
    """The system's own patience with a silent machine is a quarter of an hour."""
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MS)
