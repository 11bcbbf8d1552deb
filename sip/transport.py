"""Where packets come from and go to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, cast


class Address(NamedTuple):
    """One end of the wire: an IP address, a port and the name of the transport ("udp", "tcp" or "tls")."""

    host: str
    port: int
    transport: str = "udp"

    @classmethod
    def of(cls, place: tuple[str, int] | Address) -> Address:
        """Host and port by UDP, or the address itself."""
        return place if isinstance(place, Address) else cls(*place)


Receive = Callable[[bytes, Address], None]


class Transport(Protocol):
    """One way out. `reliable`: no retransmissions are needed (RFC 3261 §17)."""

    name: str
    reliable: bool

    @property
    def local(self) -> Address: ...

    def send(self, data: bytes, to: Address) -> None:
        """Send one message; raises OSError when it is known at once that it cannot go."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Above:
    """What a transport tells and asks: `receive` one message; `lost`: a connection broke or could not be made; `knows`:
    whether an address may connect; `name_of`: what the certificate of an address must be for; `spawn` runs work."""

    receive: Receive
    lost: Callable[[Address], None]
    knows: Callable[[Address], bool]
    name_of: Callable[[Address], str]
    spawn: Callable[[Coroutine[Any, Any, None], str], object]


@lru_cache(1024)
def _source(addr: tuple[Any, ...]) -> Address:
    return Address(addr[0], addr[1])


OpenTransports = Callable[[tuple[str, int], Above], Awaitable[Sequence[Transport]]]
"""Opens all ways in and out at an address, UDP first; raises OSError when it cannot be had."""

_BUFFER = 4 * 1024 * 1024


class UdpTransport(asyncio.DatagramProtocol):
    """One UDP socket."""

    name = "udp"
    reliable = False

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._socket: asyncio.DatagramTransport | None = None
        self._local = Address("", 0)
        self.errors = 0

    @classmethod
    async def open(cls, bind: tuple[str, int], receive: Receive) -> UdpTransport:
        """Bind; raises OSError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(lambda: cls(receive), local_addr=bind)
        return protocol

    def connection_made(self, transport: Any) -> None:
        self._socket = cast(asyncio.DatagramTransport, transport)
        host, port = transport.get_extra_info("sockname")[:2]
        self._local = Address(host, port)
        bound = transport.get_extra_info("socket")
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            bound.setsockopt(socket.SOL_SOCKET, option, _BUFFER)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._receive(data, _source(addr))

    def error_received(self, exc: Exception) -> None:
        self.errors += 1

    @property
    def local(self) -> Address:
        return self._local

    def send(self, data: bytes, to: Address) -> None:
        if self._socket is None or self._socket.is_closing():
            raise OSError("the socket is closed")
        self._socket.sendto(data, (to.host, to.port))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
