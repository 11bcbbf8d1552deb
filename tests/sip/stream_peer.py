"""A far end by TCP or TLS made of bytes: it reads messages and says only what a test tells it to."""

import asyncio
import ssl
from collections.abc import Callable

from sip.framing import PING, Framer
from sip.message import Request, Response, parse


class StreamPeer(asyncio.Protocol):
    """One connection, made or accepted. `got`: every message so far; `pongs`: empty lines that came alone."""

    def __init__(self, made: Callable[["StreamPeer"], None] = lambda peer: None) -> None:
        self.got: list[Request | Response] = []
        self.pongs = 0
        self._made = made
        self.closed = asyncio.Event()
        self._framer = Framer()
        self._changed = asyncio.Event()

    @classmethod
    async def connect(cls, to: tuple[str, int], tls: ssl.SSLContext | None = None, name: str | None = None):
        """`name`: what the certificate of the other side must be for."""
        _, peer = await asyncio.get_running_loop().create_connection(cls, *to, ssl=tls, server_hostname=name)
        return peer

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.address = transport.get_extra_info("sockname")[:2]
        self._made(self)

    def data_received(self, data: bytes) -> None:
        self.pongs += data == b"\r\n"
        self.got += [parse(found) for found in self._framer.feed(data) if found != PING]
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def send(self, data: bytes) -> None:
        self.transport.write(data)

    async def until(self, fits: Callable[[Request | Response], bool], count: int = 1) -> Request | Response:
        """Wait for the `count`th message that fits."""
        async with asyncio.timeout(20):
            while len(found := [message for message in self.got if fits(message)]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found[count - 1]

    async def method(self, name: str, count: int = 1) -> Request:
        return await self.until(lambda message: getattr(message, "method", None) == name, count)  # type: ignore[return-value]

    async def status(self, status: int, count: int = 1) -> Response:
        return await self.until(lambda message: getattr(message, "status", 0) == status, count)  # type: ignore[return-value]

    async def until_pong(self) -> None:
        async with asyncio.timeout(20):
            while not self.pongs:
                self._changed.clear()
                await self._changed.wait()

    async def until_closed(self) -> None:
        await asyncio.wait_for(self.closed.wait(), 20)

    def answer(self, request: Request, status: int, body: bytes = b"", contact: str = "") -> None:
        """Send a response to what came."""
        response = request.reply(status, to_tag="far", body=body)
        host, port = self.address
        response.set("contact", contact or f"<sip:far@{host}:{port};transport=tcp>")
        self.send(response.encode())


class StreamServer:
    """A far end that is connected to; `peers`: the connections so far, in order."""

    def __init__(self) -> None:
        self.peers: list[StreamPeer] = []
        self._came = asyncio.Event()

    @classmethod
    async def open(cls, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> "StreamServer":
        made = cls()
        made._server = await asyncio.get_running_loop().create_server(
            lambda: StreamPeer(made._accept), host, port, ssl=tls
        )
        made.address = made._server.sockets[0].getsockname()[:2]
        return made

    def _accept(self, peer: StreamPeer) -> None:
        self.peers.append(peer)
        self._came.set()

    async def peer(self, number: int = 1) -> StreamPeer:
        """The `number`th connection."""
        async with asyncio.timeout(20):
            while len(self.peers) < number:
                self._came.clear()
                await self._came.wait()
        return self.peers[number - 1]

    def close(self) -> None:
        self._server.close()
        for peer in self.peers:
            peer.transport.abort()
