"""An exchange that answers each method as a test wants, and says where it sees the asker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sip.message import Request, parse


class Exchange(asyncio.DatagramProtocol):
    """`statuses`: what a method is answered with; others are not answered. `seen_as`: the address that it names."""

    def __init__(self, statuses: dict[str, int], seen_as: str, realm: str, date: str | None) -> None:
        self._statuses, self._seen_as, self._realm, self._date = statuses, seen_as, realm, date
        self.asked: list[Request] = []
        self.port = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = parse(data)
        assert isinstance(request, Request)
        self.asked.append(request)
        status = self._statuses.get(request.method)
        if status is None:
            return
        response = request.reply(status, to_tag="far")
        response.headers["via"] = [f"{request.headers['via'][0]};received={self._seen_as}"]
        if status == 401:
            response.headers["www-authenticate"] = [f'Digest realm="{self._realm}", nonce="n", algorithm=MD5']
        if self._date is not None:
            response.headers["date"] = [self._date]
        self.transport.sendto(response.encode(), addr)


@asynccontextmanager
async def exchange(
    statuses: dict[str, int], *, seen_as: str = "127.0.0.1", realm: str = "here", date: str | None = None
) -> AsyncIterator[Exchange]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: Exchange(statuses, seen_as, realm, date), local_addr=("127.0.0.1", 0)
    )
    try:
        yield protocol
    finally:
        transport.close()
