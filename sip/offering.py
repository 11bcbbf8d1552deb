"""Who owes whom an answer (RFC 3264 §4, RFC 6337 §2), and our own offers inside a dialog: re-INVITE (RFC 3261 §14.1)
and UPDATE (RFC 3311 §5)."""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import IntEnum, auto
from typing import TYPE_CHECKING

from sip.errors import BadMessage, WrongState
from sip.exchange import authorized, with_credentials
from sip.machine import Transaction, cancel_for
from sip.message import Request, Response
from sip.timers import TIMEOUT, Timer
from sip.transaction import State
from sip.transport import Address
from sip.uas import SDP

if TYPE_CHECKING:
    from sip.call import Call


class Offer(IntEnum):
    """Whose offer waits for its answer."""

    NONE = auto()
    OURS = auto()
    THEIRS = auto()


class Word(IntEnum):
    """What moves offer and answer on."""

    WE_OFFER = auto()
    THEY_OFFER = auto()
    ANSWER = auto()
    LAPSE = auto()  # refused, or the transaction that carried it came to nothing


OFFERS: dict[tuple[Offer, Word], Offer] = {
    (Offer.NONE, Word.WE_OFFER): Offer.OURS,
    (Offer.NONE, Word.THEY_OFFER): Offer.THEIRS,
    (Offer.NONE, Word.ANSWER): Offer.NONE,  # repeated, or of another fork
    (Offer.NONE, Word.LAPSE): Offer.NONE,
    (Offer.OURS, Word.ANSWER): Offer.NONE,
    (Offer.OURS, Word.LAPSE): Offer.NONE,
    (Offer.THEIRS, Word.ANSWER): Offer.NONE,
    (Offer.THEIRS, Word.LAPSE): Offer.NONE,
}


def following(offer: Offer, word: Word) -> Offer:
    """The next state. Raises `WrongState` for a second offer before the answer to the first."""
    found = OFFERS.get((offer, word))
    if found is None:
        raise WrongState(f"{word.name} while an offer of {offer.name} waits for its answer")
    return found


def glare_wait(owns_call_id: bool) -> float:
    """Seconds until an offer that met 491 is made again, in steps of 10 ms: 2.1 to 4 for who made the Call-ID, 0 to 2
    for the other (§14.1)."""
    return random.randint(210, 400) / 100 if owns_call_id else random.randint(0, 200) / 100


GONE = (408, 481)
"""A request inside a dialog that is answered so, or not at all, ends the dialog (§12.2.1.2)."""


class Reoffer:
    """One offer or refresh of ours, until its answer. `make` gives the SDP at the moment of sending, so that what is
    sent again after a glare knows what came between; it gives b"" for a mere refresh by UPDATE."""

    __slots__ = ("_ack", "_answers", "_call", "_hop", "_make", "_request", "_timer", "_transaction", "method")

    _AGAIN, _LIMIT = 1, 2

    def __init__(self, call: Call, method: str, make: Callable[[], bytes]) -> None:
        self.method = method
        self._call = call
        self._make = make
        self._answers = 0
        self._ack: bytes | None = None
        self._timer: Timer | None = None
        self._transaction: Transaction | None = None
        self._begin()

    @property
    def carries_offer(self) -> bool:
        return bool(self._request.body)

    @property
    def is_inviting(self) -> bool:
        """Whether an INVITE of ours waits for its final answer."""
        return self.method == "INVITE" and self._transaction is not None

    def stop(self) -> None:
        """The call is over; an answer that still comes is acknowledged."""
        self._call.agent.timers.cancel(self._timer)

    # ------------------------------------------------------------ sending

    def _begin(self) -> None:
        call = self._call
        assert call.dialog is not None
        body = self._make()
        request = call.dialog.request(self.method, call.dialog.next_cseq(), body)
        call.agent.letterhead.dress(request)
        if body:
            call.offer = following(call.offer, Word.WE_OFFER)
            request.headers["content-type"] = [SDP]
        call.session.ask(request)
        self._send(request)

    def _send(self, request: Request) -> None:
        call, now = self._call, self._call.agent.now()
        assert call.dialog is not None
        self._request = request
        self._hop: Address = call.dialog.next_hop()
        self._transaction = call.agent.begin(request, self._hop, self)
        self._timer = call.agent.timers.set(now + TIMEOUT, self, self._LIMIT)

    # ------------------------------------------------------------ what comes back

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        if response.status < 200:
            return
        if transaction is not self._transaction:
            self._acknowledge(response)
            return
        self._call.agent.timers.cancel(self._timer)
        self._transaction = None
        if response.status < 300:
            self._accepted(response)
        elif not self._authorize(response):
            self._refused(response.status, response.reason, response)

    def _acknowledge(self, response: Response) -> None:
        """ACK a 2xx, the first time and each time that it is repeated, also after our BYE (RFC 5407 §3.2.3)."""
        call = self._call
        if self.method != "INVITE" or response.status >= 300 or call.dialog is None:
            return
        if self._ack is None:
            self._ack = call.agent.letterhead.ack(call.dialog, response.cseq.number, self._request)
        call.agent.write(self._ack, call.dialog.next_hop())

    def _accepted(self, response: Response) -> None:
        call = self._call
        try:
            if call.dialog is not None:
                call.dialog.retarget(response)
        except BadMessage:
            call.agent.counts.malformed += 1  # the former target stands
        self._acknowledge(response)
        if call.reoffer is self:
            call.reoffer = None
            call.on_reoffer_accepted(self._request.body, response)

    def _authorize(self, response: Response) -> bool:
        call = self._call
        header = authorized(self._request, response, call.credentials, self._answers)
        if header is None or call.reoffer is not self or call.dialog is None:
            return False
        self._answers += 1
        self._send(with_credentials(self._request, header, call.dialog.next_cseq()))
        return True

    def _refused(self, status: int, reason: str, response: Response | None = None) -> None:
        call = self._call
        if call.reoffer is not self:
            return
        if self.carries_offer:
            call.offer = following(call.offer, Word.LAPSE)
        if status == 491:
            self._wait()
            return
        call.reoffer = None
        call.on_reoffer_failed(status, reason, response)

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        self._over(transaction, 408, "timeout")

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        self._over(transaction, 503, "transport")

    def _over(self, transaction: Transaction, status: int, reason: str) -> None:
        if transaction is self._transaction:
            self._call.agent.timers.cancel(self._timer)
            self._transaction = None
            self._refused(status, reason)

    def on_timer(self, event: int, now: float) -> None:
        if event == self._AGAIN:
            self._again()
        elif self._transaction is not None and self._transaction.state is State.IC_PROCEEDING:
            self._give_up(self._transaction)  # timers B and F tell of silence

    def _wait(self) -> None:
        agent = self._call.agent
        self._timer = agent.timers.set(agent.now() + glare_wait(self._call.owns_call_id), self, self._AGAIN)

    def _again(self) -> None:
        """The glare is over: once more, unless an offer or INVITE of the other side's is still open."""
        if self._call.offer is Offer.NONE and self._call.unacknowledged is None:
            self._begin()
        else:
            self._wait()

    def _give_up(self, transaction: Transaction) -> None:
        """Nobody rings for a re-INVITE: one that is only promised an answer for 64*T1 is taken back (§14.1 ¶4)."""
        agent = self._call.agent
        agent.send(cancel_for(self._request), self._hop, None)
        self._transaction = None
        agent.transactions.abandon(transaction)
        self._refused(487, "cancelled")
