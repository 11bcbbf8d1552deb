"""A far end made of bytes: it reads messages and says only what a test tells it to."""

import asyncio
from collections.abc import Callable

from listening import ANSWER

from sip.message import Request, Response, parse


class RawPeer(asyncio.DatagramProtocol):
    """`got`: every message so far, in order."""

    def __init__(self) -> None:
        self.got: list[Request | Response] = []
        self.source: tuple[str, int] = ("", 0)
        self._changed = asyncio.Event()

    @classmethod
    async def open(cls, host: str = "127.0.0.1") -> "RawPeer":
        loop = asyncio.get_running_loop()
        transport, peer = await loop.create_datagram_endpoint(cls, local_addr=(host, 0))
        peer.transport = transport
        peer.address = transport.get_extra_info("sockname")[:2]
        return peer

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.append(parse(data))
        self.source = addr
        self._changed.set()

    def close(self) -> None:
        self.transport.close()

    def send(self, data: bytes, to: tuple[str, int] | None = None) -> None:
        self.transport.sendto(data, to or self.source)

    async def until(
        self, wanted: Callable[[Request | Response], bool] | str, count: int = 1, within: float = 5.0
    ) -> Request | Response:
        """Wait for the `count`th message that fits: a method, or a question."""
        fits = (lambda m: getattr(m, "method", None) == wanted) if isinstance(wanted, str) else wanted
        async with asyncio.timeout(within):
            while len(found := [message for message in self.got if fits(message)]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found[count - 1]

    async def status(self, status: int, count: int = 1) -> Response:
        """Wait for a response."""
        found = await self.until(lambda message: getattr(message, "status", 0) == status, count)
        assert isinstance(found, Response)
        return found

    def count(self, method: str) -> int:
        return sum(1 for message in self.got if getattr(message, "method", None) == method)

    def answer(self, request: Request, status: int, to_tag: str = "far", body: bytes = b"", **headers: str) -> Response:
        """Send a response to what came."""
        response = request.reply(status, to_tag=to_tag, body=body)
        if status >= 180 and request.method == "INVITE":
            response.set("contact", f"<sip:far@{self.address[0]}:{self.address[1]}>")
        if body:
            response.set("content-type", "application/sdp")
        for name, value in headers.items():
            response.set(name.replace("_", "-"), value)
        self.send(response.encode())
        return response

    def accept(self, request: Request, to_tag: str = "far") -> Response:
        """200 with SDP."""
        return self.answer(request, 200, to_tag, ANSWER)

    def request(
        self,
        method: str,
        target: tuple[str, int],
        /,
        *,
        number: int = 1,
        branch: str = "",
        body: bytes = b"",
        **fields: str,
    ) -> Request:
        """Send a request of our own; `fields` replace the usual ones (call_id="…", from_="…")."""
        host, port = self.address
        branch = branch or f"z9hG4bKraw{method}{number}{len(self.got)}"
        headers = {
            "via": f"SIP/2.0/UDP {host}:{port};rport;branch={branch}",
            "max-forwards": "70",
            "from": f"<sip:79160000001@{host}>;tag=raw",
            "to": f"<sip:74951234567@{target[0]}>",
            "call-id": "raw-call",
            "cseq": f"{number} {method}",
            "contact": f"<sip:raw@{host}:{port}>",
            "content-type": "application/sdp",
        } | {name.rstrip("_").replace("_", "-"): value for name, value in fields.items()}
        uri = f"sip:74951234567@{target[0]}:{target[1]}"
        made = Request(method, uri, {name: [value] for name, value in headers.items()}, body)
        self.send(made.encode(), target)
        return made
