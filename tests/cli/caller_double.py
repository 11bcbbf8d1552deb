"""Somebody who calls a phone by bare messages: without an offer, and with a hold in the talk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sip.message import Request, Response, parse

PATIENCE_S = 10.0


def sdp(direction: str = "sendrecv") -> bytes:
    lines = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", "m=audio 24998 RTP/AVP 8")
    return "\r\n".join((*lines, f"a={direction}", "")).encode()


class Caller(asyncio.DatagramProtocol):
    """One call to `target`."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._responses: asyncio.Queue[Response] = asyncio.Queue()
        self._to = "<sip:phone@127.0.0.1>"
        self.call_id = "one-call"

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = parse(data)
        if isinstance(message, Response):
            self._responses.put_nowait(message)

    def send(self, method: str, cseq: int, body: bytes = b"") -> None:
        fields = {
            "via": [f"SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch=z9hG4bK-{method}-{cseq}"],
            "max-forwards": ["70"],
            "from": ["<sip:+905320000001@127.0.0.1>;tag=caller"],
            "to": [self._to],
            "call-id": [self.call_id],
            "cseq": [f"{cseq} {method}"],
            "contact": [f"<sip:caller@127.0.0.1:{self.port}>"],
        }
        if body:
            fields["content-type"] = ["application/sdp"]
        self.transport.sendto(Request(method, "sip:ahize@127.0.0.1", fields, body).encode(), self._target)

    async def final(self, cseq: int) -> Response:
        """The final answer to a request; provisional ones and repeats are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                response = await self._responses.get()
                if response.status >= 200 and response.cseq.number == cseq:
                    self._to = response.headers["to"][0]
                    return response


@asynccontextmanager
async def caller(target: tuple[str, int]) -> AsyncIterator[Caller]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: Caller(target), local_addr=("127.0.0.1", 0))
    try:
        yield protocol
    finally:
        transport.close()
