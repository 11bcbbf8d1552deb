"""A listener that remembers, and waits."""

import asyncio

from sip.agent import UserAgent
from sip.call import Call
from sip.client_call import ClientCall
from sip.errors import BadSdp
from sip.listener import Account, Listener
from sip.message import Request, Response
from sip.server_call import ServerCall
from sip.transport import Address

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
)
ANSWER = OFFER.replace(b"40000", b"41000")


class Ear(Listener):
    """`heard`: (what, call, details…) in order. `on_offer`: what is done with an incoming call."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []
        self.on_offer = lambda call: None
        self.registrar = None
        self.reoffers: list[bytes] = []
        self.reanswer: bytes | None = None
        self.declines = False
        self._changed = asyncio.Event()

    def _hear(self, *what: object) -> None:
        self.heard.append(what)
        self._changed.set()

    def words(self, call: Call | None = None) -> list[object]:
        """What was heard, 100 left out: ("progress", 180) becomes 180."""
        mine = [entry for entry in self.heard if call is None or entry[1] is call]
        return [entry[2] if entry[0] == "progress" else entry[0] for entry in mine if entry[2:3] != (100,)]

    def of(self, *words: object) -> list[tuple[object, ...]]:
        """What was heard under one of these words; a number is a progress of that status."""
        return [entry for entry in self.heard if entry[0] in words or (entry[0] == "progress" and entry[2] in words)]

    async def until(self, *words: object, within: float = 5.0) -> tuple[object, ...]:
        """Wait until one of these was heard; gives it."""
        async with asyncio.timeout(within):
            while not self.of(*words):
                self._changed.clear()
                await self._changed.wait()
        return self.of(*words)[0]

    def on_progress(self, call: ClientCall, status: int, response: Response) -> None:
        self._hear("progress", call, status)

    def on_answered(self, call: ClientCall, response: Response) -> None:
        self._hear("answered", call)

    def on_failed(self, call: ClientCall, status: int, reason: str) -> None:
        self._hear("failed", call, status, reason)

    def on_offered(self, call: ServerCall) -> None:
        self._hear("offered", call)
        self.on_offer(call)

    def on_confirmed(self, call: ServerCall) -> None:
        self._hear("confirmed", call)

    def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
        self._hear("ended", call, by_us, cause)

    def on_reoffer(self, call: Call, sdp: bytes) -> bytes | None:
        self.reoffers.append(sdp)
        if self.declines:
            raise BadSdp("no")
        return self.reanswer

    def on_renegotiated(self, call: Call) -> None:
        self._hear("renegotiated", call)

    def on_reoffer_refused(self, call: Call, status: int, reason: str) -> None:
        self._hear("reoffer refused", call, status)

    def on_redirected(self, call: ClientCall, targets: list[str]) -> None:
        self._hear("redirected", call, targets)

    def on_transfer(self, call: Call, status: int, last: bool) -> None:
        self._hear("transfer", call, status, last)

    def on_digit(self, call: Call, digit: str, duration_ms: int) -> None:
        self._hear("digit", call, digit, duration_ms)

    def on_register(self, request: Request, source: Address) -> Response | None:
        return self.registrar(request, source) if self.registrar else None


def dial(
    agent: UserAgent,
    destination: tuple[str, int] | Address,
    number: str = "+905321005001",
    account: Account | None = None,
    domain: str = "pbx.test",
    user: str = "dialer",
    **more: object,
) -> ClientCall:
    """Place a call with fresh identifiers."""
    call_id, from_tag, cseq = agent.seed()
    to = f"sip:{number}@{destination[0]}:{destination[1]}"
    return agent.invite(
        to,
        from_uri=f"sip:{user}@{domain}",
        to_uri=to,
        call_id=call_id,
        from_tag=from_tag,
        cseq=cseq,
        sdp=OFFER,
        destination=destination,
        account=account,
        **more,
    )
