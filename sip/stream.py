"""All TCP or TLS connections of an endpoint: made on demand, used again, let in from peers only (RFC 3261 §18)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Any

from kit import log
from sip.connection import Connection
from sip.transport import Above, Address

_log = log.get("sip.stream")
CONNECT_S = 4.0
"""How long making a connection may take, TLS included."""
MAX_CONNECTIONS = 512
MAX_FROM_ONE = 64
"""Connections that one address may have made to us."""
_REST_S = 1.0
_BACKLOG = 64
_RESET = struct.pack("ii", 1, 0)

Contexts = tuple[ssl.SSLContext, ssl.SSLContext | None]
"""For connections that we make, and for those that come in."""


class StreamTransport:
    """`name` is "tcp", or "tls" when it is given `contexts`. What goes to an address uses the connection that there is,
    whoever made it (RFC 5923)."""

    reliable = True

    def __init__(self, above: Above, host: str, contexts: Contexts | None = None) -> None:
        self.name = "tls" if contexts else "tcp"
        self.receive = above.receive
        self._above = above
        self._host = host
        self._local = Address(host, 0, self.name)
        self._outgoing, self._incoming = contexts or (None, None)
        self._connections: dict[Address, Connection] = {}
        self._accepted: dict[Address, Connection] = {}
        self._unreachable: set[Address] = set()
        self._listener: socket.socket | None = None
        self._closed = False

    def listen(self, port: int) -> None:
        """Let peers connect; raises OSError when the port cannot be had."""
        kind = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, port), family=kind, backlog=_BACKLOG)
        listener.setblocking(False)
        self._listener = listener
        self._local = Address(self._host, listener.getsockname()[1], self.name)
        self._heed()

    @property
    def local(self) -> Address:
        return self._local

    def __len__(self) -> int:
        return len(self._connections)

    def send(self, data: bytes, to: Address) -> None:
        """Send by the connection to this address, making one when there is none: what becomes of that is told by
        `lost`. Raises OSError when it is known at once that it cannot go."""
        connection = self._connections.get(to)
        if connection is None:
            connection = self._connect(to)
        connection.write(data)

    def close(self) -> None:
        if self._listener is not None and not self._closed:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
        self._closed = True
        for connection in list(self._connections.values()):
            connection.end()

    def gone(self, connection: Connection) -> None:
        """A connection is over: whoever waits for it is told."""
        self._accepted.pop(connection.address, None)
        if self._connections.get(connection.address) is connection:
            del self._connections[connection.address]
        if not self._closed:
            self._above.lost(connection.address)

    # ------------------------------------------------------------ connections that we make

    def _connect(self, to: Address) -> Connection:
        if self._closed or len(self._connections) >= MAX_CONNECTIONS:
            raise OSError("there is no room for another connection")
        connection = self._connections[to] = Connection(self, to)
        self._above.spawn(self._make(connection), "sip.connect")
        return connection

    async def _make(self, connection: Connection) -> None:
        to = connection.address
        name = self._above.name_of(to) if self._outgoing is not None else None
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection,
                    to.host,
                    to.port,
                    ssl=self._outgoing,
                    server_hostname=name,
                    local_addr=(self._host, 0),
                )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            self._missed(connection, error)
        else:
            self._unreachable.discard(to)

    def _missed(self, connection: Connection, error: Exception) -> None:
        if connection.address not in self._unreachable and len(self._unreachable) < MAX_CONNECTIONS:
            self._unreachable.add(connection.address)
            _log.warning(_advice(error), kind=self.name, reason=_why(error))
        connection.end()

    # ------------------------------------------------------------ connections that come in

    def _heed(self) -> None:
        if self._listener is not None and not self._closed:
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """One connection a turn of the loop; a stranger's is reset before a byte of it is read."""
        assert self._listener is not None
        try:
            wire, peer = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # no more file descriptors
            self._pause(error)
            return
        address = Address(peer[0], peer[1], self.name)
        if not self._above.knows(address) or self._is_crowded(address.host):
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            wire.close()
            return
        wire.setblocking(False)
        connection = self._connections[address] = self._accepted[address] = Connection(self, address)
        self._above.spawn(self._admit(connection, wire), "sip.accept")

    def _pause(self, error: OSError) -> None:
        _log.error("no connection can be accepted for a moment", kind=self.name, reason=_why(error))
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)  # type: ignore[arg-type]
        loop.call_later(_REST_S, self._heed)

    def _is_crowded(self, host: str) -> bool:
        of_host = sum(1 for address in self._accepted if address.host == host)
        return of_host >= MAX_FROM_ONE or len(self._connections) >= MAX_CONNECTIONS

    async def _admit(self, connection: Connection, wire: socket.socket) -> None:
        factory: Callable[[], Any] = lambda: connection  # noqa: E731
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.get_running_loop().connect_accepted_socket(factory, wire, ssl=self._incoming)
        except (OSError, TimeoutError):
            connection.end()


def _advice(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate of the other side is not trusted: check sip.tls_ca and the trunk's host"
    if isinstance(error, ssl.SSLError):
        return "TLS cannot be agreed on with the other side: check the trunk's port and sip.tls_certificate"
    return "a connection cannot be made: check the trunk's host, port and transport"


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return error.reason or "TLS"
    return (error.strerror if isinstance(error, OSError) else None) or "time-out"
