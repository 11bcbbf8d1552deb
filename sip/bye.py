"""Our BYE (RFC 3261 §15.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip import headers as h
from sip.exchange import Exchange, unheeded
from sip.machine import Transaction
from sip.message import Response

if TYPE_CHECKING:
    from sip.agent import UserAgent
    from sip.dialog import Dialog
    from sip.digest import Credentials


class Bye:
    """Sent at once, as text; a request that can be sent again is made of it only when it is challenged. `reason`
    becomes a Reason header's text. Nobody waits for the answer. Raises `UnsafeField`."""

    __slots__ = ("_agent", "_credentials", "_cseq", "_dialog", "_reason")

    def __init__(self, agent: UserAgent, dialog: Dialog, credentials: Credentials | None, reason: str | None) -> None:
        self._agent = agent
        self._dialog = dialog
        self._credentials = credentials
        self._reason = "" if reason is None else f"SIP;cause=200;text={h.quoted(reason)}"
        self._cseq = dialog.next_cseq()
        via, branch = agent.letterhead.via_inside(dialog, self._cseq, "BYE")
        more = f"Reason: {self._reason}\r\n" if self._reason else ""
        data = dialog.written("BYE", self._cseq, via, more)
        if agent.fits(data, dialog.next_hop()):
            agent.transactions.send((branch, "BYE"), data, dialog.next_hop(), self, agent.now())
        else:
            self._exchange().send()

    def _exchange(self) -> Exchange:
        """The same as something that answers challenges, and takes to another transport."""
        request = self._dialog.request("BYE", self._cseq)
        if self._reason:
            request.add("reason", self._reason)
        return Exchange(
            self._agent, request, self._dialog.next_hop(), unheeded, self._credentials, self._dialog.next_cseq
        )

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        if response.status in (401, 407):
            self._exchange().on_response(transaction, response, now)

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        """The call is over all the same."""

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        """So it is."""
