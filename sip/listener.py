"""What the user agent takes from its owner and tells it: accounts, peers, and the calls back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sip.message import Request, Response

if TYPE_CHECKING:
    from sip.call import Call
    from sip.client_call import ClientCall
    from sip.referral import TransferRequest
    from sip.server_call import ServerCall
    from sip.transport import Address


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody whose packets are read at all: a trunk or a phone, known by its address.

    `transfer`: whether it may move calls, by REFER and Replaces (T8). `trusted`: whether what it asserts of a caller
    is believed (RFC 3325 §2.3), as of a trunk, not of a phone.
    """

    name: str
    transfer: bool = False
    trusted: bool = False


Peers = Callable[["Address"], Peer | None]
"""Who sends from this IP address by this transport (the port says nothing); None: a stranger, whose packets are dropped
and counted."""


@dataclass(frozen=True, slots=True)
class Account:
    """What it takes to be somebody at a registrar or trunk.

    `host` and `port` are the registrar's (a name is resolved). `realm` None: the first realm that this account is
    challenged with is kept for the life of the process, and credentials are sent for no other. `expires` and
    `refresh` are seconds; the registration is renewed at least every `refresh`, which also proves the trunk alive.
    `min_digest`: the weakest algorithm that is answered: "md5", "sha-256" or "sha-512-256". `transport`: "udp", "tcp"
    or "tls".
    """

    name: str
    host: str
    port: int
    username: str
    password: str
    realm: str | None = None
    expires: int = 300
    min_digest: str = "md5"
    refresh: float = 20.0
    transport: str = "udp"

    def __repr__(self) -> str:
        return f"Account({self.name!r}, {self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class RegistrationState:
    """`status`: the registrar's last answer (0: none came). `retry_s`: seconds to the next try when not `up`."""

    up: bool
    status: int
    reason: str
    retry_s: float | None = None


class Listener:
    """The owner's ears. Every method is plain and synchronous, called on the loop; subclass what you need.

    For one call the order is fixed: `on_progress`* then one of `on_answered`, `on_failed`; after `on_answered`
    exactly one `on_ended`. For an incoming call: `on_offered`, then exactly one `on_ended`, whatever happens.
    What a method of a call causes (`hang_up`, `cancel`) is told in a later turn of the loop, never from inside it.
    """

    def on_progress(self, call: ClientCall, status: int, response: Response) -> None:
        """A provisional answer, 100 included. `response.body` may be early media's SDP, kept in
        `call.early[response.to_tag].sdp`."""

    def on_answered(self, call: ClientCall, response: Response) -> None:
        """200 came and was ACKed; `call.remote_sdp` is the answer, `call.dialog` is whole."""

    def on_failed(self, call: ClientCall, status: int, reason: str) -> None:
        """The call came to nothing. 408 with "timeout": nothing came back (timer B); 503 with "transport": not sent;
        487: cancelled by us, also when a late 200 was ACKed and hung up; 400 with "unreadable": a broken 200."""

    def on_redirected(self, call: ClientCall, targets: list[str]) -> None:
        """A 3xx: where else it says to call, the best first. Nothing is followed by itself (T8): `on_failed` comes
        next, and whoever calls a target does so by its own dial policy."""

    def on_offered(self, call: ServerCall) -> None:
        """Somebody calls: `ring`, `answer` or `refuse`, now or later. 100 is sent when none is done at once."""

    def on_confirmed(self, call: ServerCall) -> None:
        """The caller's ACK for our 200 came."""

    def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
        """An answered call, or an incoming one at any moment, is over. `cause`: a word ("bye", "cancelled", "no ack",
        "refused", "timeout", "gone", "session ran out") or the text of the other side's Reason header."""

    def on_reoffer(self, call: Call, sdp: bytes) -> bytes | None:
        """The other side sent a re-INVITE (`sdp` empty: it asks for an offer). Give the SDP to answer with;
        None: the one we sent last, its direction turned to fit. Also for an offer in an UPDATE or PRACK. Raise
        `BadSdp` to decline it (488): what was agreed before stands."""
        return None

    def on_renegotiated(self, call: Call) -> None:
        """A new offer of ours was answered, also one that they asked for by a re-INVITE without any:
        `call.local_sdp` and `call.remote_sdp` hold from now on."""

    def on_reoffer_refused(self, call: Call, status: int, reason: str) -> None:
        """Our own new offer came to nothing; what was agreed before stands. 408 and 481 end the call instead."""

    def on_transfer(self, call: Call, status: int, last: bool) -> None:
        """What comes of our `refer`: the status of the other side's new call, or of the REFER when it was refused.
        `last`: nothing more will be told; with 2xx the call may be hung up. A refusal may come after the end."""

    def on_refer(self, call: Call, asked: TransferRequest) -> None:
        """A peer that may asks us to call somebody else: `asked.accept()`, place the call under the owner's own dial
        policy (T8) and `asked.tell` of it; or `asked.refuse()`, now or later."""
        asked.refuse()

    def on_digit(self, call: Call, digit: str, duration_ms: int) -> None:
        """A digit came by INFO."""

    def on_register(self, request: Request, source: Address) -> Response | None:
        """A peer wants to register with us. None: 405. `sip.registrar.Registrar.answer` does the whole work."""
        return None
