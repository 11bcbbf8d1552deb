"""The asyncio user agent: sockets and clock around the sans-IO core (RFC 3261 §8, §12 to §15)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sip.client_call import ClientCall
from sip.listener import Account, Listener, Peers
from sip.registration import Registration, StateCallback
from sip.transport import Address


class UserAgent:
    """One endpoint on one address. All methods belong to the loop it was started on.

    `bind`: host and port to listen on (port 0: any). `advertise`: what others are told instead (NAT, containers).
    `unknown_peer`: "drop" (no answer at all) or "403" to what strangers send.
    """

    def __init__(
        self,
        bind: tuple[str, int],
        *,
        peers: Peers,
        listener: Listener,
        user_agent: str = "Ahize",
        advertise: tuple[str, int] | None = None,
        unknown_peer: str = "drop",
    ) -> None: ...

    async def start(self) -> None:
        """Open the socket; raises OSError when the address cannot be had."""
        ...

    async def stop(self) -> None:
        """Unregister (at most 1 s), end what still lives with CANCEL or BYE, close the socket."""
        ...

    @property
    def local_address(self) -> str:
        """ "host:port" that this agent sends from, for `DialogSeed.local_address`."""
        ...

    def seed(self) -> tuple[str, str, int]:
        """Fresh (Call-ID, From tag, CSeq) for a call, known before anything is sent."""
        ...

    def invite(
        self,
        target_uri: str,
        *,
        from_uri: str,
        to_uri: str,
        call_id: str,
        from_tag: str,
        cseq: int,
        sdp: bytes,
        destination: tuple[str, int],
        account: Account | None = None,
        headers: Sequence[tuple[str, str]] = (),
        display_name: str | None = None,
    ) -> ClientCall:
        """Send an INVITE now; what comes of it is told to the listener.

        URIs are plain ("sip:905321005001@pbx.example"; `sip.uri.for_number` makes them); `destination` is an IP
        address and port. Raises `sip.LocalError` when a field would not be safe on the wire; nothing is sent then.
        """
        ...

    def register(self, account: Account, on_state: StateCallback) -> Registration:
        """Register, and stay so, until `Registration.stop`."""
        ...

    async def options(self, destination: tuple[str, int], uri: str | None = None) -> int:
        """Ask whether somebody is there: the final status, 408 when nobody answered (32 s), 503 when not sent."""
        ...

    def end_lost(
        self,
        *,
        call_id: str,
        from_tag: str,
        cseq: int,
        from_uri: str,
        to_uri: str,
        request_uri: str,
        destination: tuple[str, int],
        to_tag: str | None = None,
        remote_target: str | None = None,
        route_set: Sequence[str] = (),
        answered: bool = False,
        account: Account | None = None,
    ) -> asyncio.Future[None]:
        """End the dialog of a process that died, from the same local address: BYE if `answered`, else CANCEL for
        `cseq` and `cseq + 1` (a challenge may have been answered), and BYE too where a To tag is known.
        The future is done when the other side has answered or is silent."""
        ...

    async def resolve(self, host: str, port: int) -> Address:
        """The address behind a name (A or AAAA; no SRV)."""
        ...
