"""What becomes of a 2xx that comes again when our call is answered already (RFC 3261 §13.2.2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.machine import Transaction
from sip.message import Response
from sip.transport import Address

if TYPE_CHECKING:
    from sip.agent import UserAgent
    from sip.digest import Credentials


class Acknowledger:
    """The user of an INVITE's transaction once that is answered. It holds nothing of the call, which may be over long
    before the transaction is. `tag`: of the answer that was taken; `ack`: its bytes, for `hop`; `fallback`: where the
    INVITE went."""

    __slots__ = ("_ack", "_agent", "_credentials", "_fallback", "_hop", "_tag")

    def __init__(
        self, agent: UserAgent, tag: str, ack: bytes, hop: Address, fallback: Address, credentials: Credentials | None
    ) -> None:
        self._agent = agent
        self._tag = tag
        self._ack = ack
        self._hop = hop
        self._fallback = fallback
        self._credentials = credentials

    def acknowledge(self) -> None:
        self._agent.write(self._ack, self._hop)

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        """A 2xx, nothing else comes now: the same once more is acknowledged again; that of another fork is hung up."""
        if response.to_tag == self._tag:
            self.acknowledge()
        else:
            self._agent.end_stray(response, self._fallback, self._credentials)

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        """An answered INVITE waits for nothing."""

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        """The other side asks for its ACK by repeating the answer."""
