"""What calls of both directions share: their life, BYE, offers, and the 2xx repeated until its ACK."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from enum import IntEnum, auto
from typing import TYPE_CHECKING, ClassVar

from sip import headers as h
from sip import holding
from sip.bye import Bye
from sip.dialog import Dialog, DialogKey
from sip.errors import BadSdp, WrongState
from sip.info import Keys
from sip.machine import Transaction
from sip.message import Request, Response
from sip.offering import GONE, Offer, Reoffer, Word, following
from sip.referral import Referral
from sip.repeater import Repeater
from sip.replaces import Replaces
from sip.session_timer import SessionTimer
from sip.uas import SDP

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.agent import UserAgent
    from sip.digest import Credentials


NOBODY, UNKNOWN_CALL = 408, 481
"""What `Call.probe` gives when no answer came, and when the other side knows nothing of the call."""


class Life(IntEnum):
    """Where a call is."""

    TRYING = auto()  # ours: nothing came back. Theirs: offered
    PROCEEDING = auto()  # a provisional answer was seen or sent
    CANCEL_HELD = auto()  # cancelled before any provisional answer
    CANCELLING = auto()  # CANCEL sent
    UP = auto()  # answered
    OVER = auto()


class Turn(IntEnum):
    """What moves a call on."""

    PROVISIONAL = auto()
    CANCEL = auto()
    ANSWER = auto()
    END = auto()
    AGAIN = auto()  # our INVITE is sent once more, with the answer to a challenge


LIFE: dict[tuple[Life, Turn], Life] = {
    (Life.TRYING, Turn.PROVISIONAL): Life.PROCEEDING,
    (Life.TRYING, Turn.CANCEL): Life.CANCEL_HELD,  # RFC 3261 §9.1 ¶4
    (Life.TRYING, Turn.ANSWER): Life.UP,
    (Life.TRYING, Turn.END): Life.OVER,
    (Life.PROCEEDING, Turn.PROVISIONAL): Life.PROCEEDING,
    (Life.TRYING, Turn.AGAIN): Life.TRYING,
    (Life.PROCEEDING, Turn.AGAIN): Life.TRYING,  # the provisional answer was the former INVITE's
    (Life.PROCEEDING, Turn.CANCEL): Life.CANCELLING,
    (Life.PROCEEDING, Turn.ANSWER): Life.UP,
    (Life.PROCEEDING, Turn.END): Life.OVER,
    (Life.CANCEL_HELD, Turn.PROVISIONAL): Life.CANCELLING,
    (Life.CANCEL_HELD, Turn.CANCEL): Life.CANCEL_HELD,
    (Life.CANCEL_HELD, Turn.END): Life.OVER,
    (Life.CANCELLING, Turn.PROVISIONAL): Life.CANCELLING,
    (Life.CANCELLING, Turn.CANCEL): Life.CANCELLING,
    (Life.CANCELLING, Turn.END): Life.OVER,  # an answer that comes now is ended as it comes: never UP
    (Life.UP, Turn.END): Life.OVER,
}


class Call(ABC):
    """One call with one other side. `local_sdp`, `remote_sdp`: the last bytes sent and got. `allow`: the lines in which
    the other side says what methods it takes. `holding`: whether our last offer holds. `keys`: those on their
    way by INFO."""

    __slots__ = (
        "agent",
        "allow",
        "call_id",
        "credentials",
        "dialog",
        "holding",
        "keys",
        "life",
        "local_sdp",
        "offer",
        "referral",
        "remote_sdp",
        "reoffer",
        "session",
        "unacknowledged",
    )

    owns_call_id: ClassVar[bool] = False
    """Who made the Call-ID waits longer after a glare (§14.1)."""

    def __init__(self, agent: UserAgent, call_id: str, local_sdp: bytes, credentials: Credentials | None) -> None:
        self.agent = agent
        self.allow: list[str] = []
        self.call_id = call_id
        self.credentials = credentials
        self.dialog: Dialog | None = None
        self.holding = False
        self.keys: Keys | None = None
        self.life = Life.TRYING
        self.local_sdp = local_sdp
        self.offer = Offer.NONE
        self.referral: Referral | None = None
        self.remote_sdp = b""
        self.reoffer: Reoffer | None = None
        self.session = SessionTimer(self, agent.session_s)
        self.unacknowledged: Repeater | None = None

    @abstractmethod
    def hang_up(self, reason: str | None = None) -> None:
        """End it at any moment: BYE when answered, CANCEL or 480 before. `reason` becomes a Reason header's text.
        A call that is over already stays so."""

    def turn(self, turn: Turn) -> None:
        """Move on. Raises `WrongState` for what `LIFE` does not hold."""
        found = LIFE.get((self.life, turn))
        if found is None:
            raise WrongState(f"{turn.name} in {self.life.name}")
        self.life = found

    @property
    def is_up(self) -> bool:
        return self.life is Life.UP

    @property
    def is_over(self) -> bool:
        return self.life is Life.OVER

    @property
    def is_answering(self) -> bool:
        """Whether we owe the INVITE that began the call its final answer."""
        return False

    def dialog_of(self, request: Request) -> Dialog:
        """The dialog that a request of the other side belongs to."""
        assert self.dialog is not None
        return self.dialog

    def dialog_keys(self) -> list[DialogKey]:
        """Of every dialog that this call is found by."""
        return [self.dialog.key] if self.dialog is not None else []

    # ------------------------------------------------------------ ending

    def send_bye(self, reason: str | None) -> None:
        """BYE now, and forget the dialog (§15.1.1); a 2xx of ours that waits for its ACK waits no longer."""
        assert self.dialog is not None
        self._stop_repeating()
        self.agent.forget(self)
        Bye(self.agent, self.dialog, self.credentials, reason)

    def ended_by_us(self, cause: str) -> None:
        """Tell the end in a later turn of the loop."""
        self.quiet()
        self.turn(Turn.END)
        self.agent.later(self.agent.listener.on_ended, self, True, cause)

    def on_bye(self, transaction: Transaction, request: Request) -> None:
        """The other side hangs up."""
        self.agent.reply(transaction, 200)
        self.end_by_peer(h.shown(request.get("reason") or "bye", 200))

    def end_by_peer(self, cause: str) -> None:
        self._stop_repeating()
        self.quiet()
        self.agent.forget(self)
        if self.life is not Life.OVER:
            self.turn(Turn.END)
            self.agent.tell(self.agent.listener.on_ended, self, False, cause)

    def lost(self, cause: str) -> None:
        """The other side knows nothing of the call, is silent, or its session ran out: BYE all the same
        (§12.2.1.2, RFC 4028 §10)."""
        if self.life is Life.UP:
            self.ended_by_us(cause)
            self.send_bye(None)

    def _stop_repeating(self) -> None:
        if self.unacknowledged is not None:
            self.unacknowledged.stop()
            self.unacknowledged = None

    def quiet(self) -> None:
        """Nothing of ours is begun any more."""
        self.session.stop()
        if self.reoffer is not None:
            self.reoffer.stop()
            self.reoffer = None

    # ------------------------------------------------------------ offers of ours inside the dialog

    def renegotiate(self, sdp: bytes, *, by_update: bool = False) -> None:
        """Offer this by re-INVITE, or by UPDATE (the only way before the answer, RFC 3311 §5.1). What comes of it is
        told by `on_renegotiated` or `on_reoffer_refused`; one that meets the other side's is made again by itself.
        Raises `WrongState` while another offer or INVITE is open."""
        self._reoffer("UPDATE" if by_update else "INVITE", lambda: sdp)

    def hold(self, *, by_address: bool = False) -> None:
        """Offer not to hear: a=sendonly, or inactive when they hold too. `by_address`: as c=0.0.0.0. As
        `renegotiate`."""
        self._reoffer("INVITE", lambda: holding.held(self.local_sdp, theirs=self.remote_sdp, by_address=by_address))

    def resume(self) -> None:
        """Offer to hear and speak again. As `renegotiate`."""
        self._reoffer("INVITE", lambda: holding.resumed(self.local_sdp))

    def refresh(self) -> None:
        """Refresh the session by what the other side takes (RFC 4028 §7.4); an offer under way does it too."""
        if self.reoffer is None and self._may_offer("INVITE"):
            by_update = self.takes("UPDATE")
            self.reoffer = Reoffer(self, "UPDATE" if by_update else "INVITE", lambda: self._same(by_update))

    def takes(self, method: str) -> bool:
        """Whether the other side says that it takes this method."""
        return method in h.values(self.allow)

    def _same(self, by_update: bool) -> bytes:
        return b"" if by_update else self.local_sdp

    def _reoffer(self, method: str, make: Callable[[], bytes]) -> None:
        if self.reoffer is not None or not self._may_offer(method):
            raise WrongState("an offer is made when the call is up and no other offer or INVITE is open")
        self.reoffer = Reoffer(self, method, make)

    def _may_offer(self, method: str) -> bool:
        if self.life is not Life.UP:
            return method == "UPDATE" and self.life is Life.PROCEEDING and self.has_early_answer
        return self.offer is Offer.NONE and self.unacknowledged is None

    @property
    def has_early_answer(self) -> bool:
        """Whether offer and answer were exchanged reliably before the call was answered."""
        return self.offer is Offer.NONE and bool(self.remote_sdp and self.local_sdp)

    def on_reoffer_accepted(self, body: bytes, response: Response) -> None:
        """2xx for our re-INVITE or UPDATE."""
        self.session.agreed(response)
        if body:
            self.offer = following(self.offer, Word.ANSWER)
            self.local_sdp = body
            self.holding = holding.is_hold(body)
            self.remote_sdp = response.body or self.remote_sdp
            self.agent.tell(self.agent.listener.on_renegotiated, self)

    def on_reoffer_failed(self, status: int, reason: str, response: Response | None) -> None:
        """A final no: the session stays as it was (§14.1), or is over where they do not know it; before the answer the
        call is taken back or refused (RFC 3311 §5.1, RFC 3261 §12.2.1.2)."""
        if status in GONE and self.is_up:
            self.lost("gone")
        elif status in GONE:
            self.hang_up()
        elif status == 422 and response is not None and self.session.widen(response):
            self.refresh()
        else:
            self.agent.tell(self.agent.listener.on_reoffer_refused, self, status, reason)

    # ------------------------------------------------------------ transfers

    def refer(self, target: str) -> None:
        """Ask the other side to call this URI in our place (RFC 5589 §6). What comes of it is told by `on_transfer`;
        the call stays until somebody hangs up. Raises `WrongState` for a call that is not up or is being transferred,
        `UnsafeField` for a URI that may not be sent."""
        if not self.is_up or (self.referral is not None and not self.referral.is_over):
            raise WrongState("a call is transferred when it is up, one transfer at a time")
        self.referral = Referral(self, target)

    def refer_to_call(self, other: Call) -> None:
        """Join the other sides of this call and of `other`, and leave both (RFC 5589 §7). As `refer`."""
        if not other.is_up or other.dialog is None:
            raise WrongState("only a call that is up can be joined to another")
        self.refer(Replaces.of(other.dialog).within(other.dialog.remote_target))

    # ------------------------------------------------------------ requests inside the dialog

    def press(self, keys: str) -> None:
        """Press keys (0-9 * # A-D) for the other side by INFO, for one that takes none in its sound; a refusal ends
        them. Raises `WrongState` for a call that is not up, `UnsafeField`."""
        if not self.is_up:
            raise WrongState("keys are pressed in a call that is up")
        self.keys = self.keys or Keys(self)
        self.keys.press(keys)

    async def probe(self, within: float) -> int:
        """Ask the other side whether the call still is: OPTIONS inside the dialog (§11, §12.2). Gives the final
        status, 481 when the other side knows nothing of the call, 408 when nothing came `within` seconds.
        Raises `WrongState` for a call that is not up."""
        if self.life is not Life.UP or self.dialog is None:
            raise WrongState("only a call that is up is asked after")
        request = self.dialog.request("OPTIONS", self.dialog.next_cseq())
        request.headers["accept"] = [SDP]
        try:
            async with asyncio.timeout(within):
                status, response = await self.agent.ask(
                    request, self.dialog.next_hop(), self.credentials, number=self.dialog.next_cseq
                )
        except TimeoutError:
            return NOBODY
        return status if response is not None else NOBODY

    def answer_to(self, request: Request) -> bytes | None:
        """The SDP for a re-INVITE or UPDATE: the listener's, or the last one turned to fit. None: declined."""
        if not request.body and request.method == "UPDATE":
            return b""
        try:
            given = self.agent.listener.on_reoffer(self, request.body)
        except BadSdp:
            return None
        if given is not None or not request.body:
            return given or self.local_sdp
        return holding.answering(self.local_sdp, request.body, holding=self.holding)

    def send_answer(self, transaction: Transaction, request: Request, sdp: bytes, now: float) -> None:
        """200 with SDP; that of an INVITE is repeated until the ACK (§13.3.1.4)."""
        response = request.reply(200, to_tag=self.dialog_of(request).local_tag, body=sdp)
        self.agent.letterhead.dress(response)
        self.allow = request.headers.get("allow", self.allow)
        self.session.answer(request, response)
        if sdp:
            response.headers["content-type"] = [SDP]
            self.offer = following(self.offer, Word.ANSWER if self.offer is Offer.THEIRS else Word.WE_OFFER)
            self.local_sdp = sdp
        elif self.offer is Offer.THEIRS:
            self.offer = following(self.offer, Word.LAPSE)
        transaction.respond(response, now)
        if request.method == "INVITE":
            self.unacknowledged = Repeater(self, transaction, response, now)

    def on_prack(self, transaction: Transaction, request: Request, now: float) -> None:
        """A PRACK from a side that we have sent no provisional answer."""
        self.agent.reply(transaction, 481)

    def on_ack(self, ack: Request, now: float) -> None:
        """The ACK of our 2xx; an SDP in it is the answer to our offer."""
        waiting = self.unacknowledged
        if waiting is None or ack.cseq.number != waiting.cseq:
            return
        answers = self.offer is Offer.OURS and bool(ack.body)
        if self.offer is Offer.OURS:
            self.offer = following(self.offer, Word.ANSWER if ack.body else Word.LAPSE)
        if ack.body:
            self.remote_sdp = ack.body
        self.take_as_acknowledged(answers=answers)

    def take_as_acknowledged(self, *, answers: bool = False) -> None:
        """Their ACK came, or a new INVITE, which nobody sends who has not got our 2xx (RFC 5407 §3.1.4)."""
        if self.unacknowledged is not None:
            self._stop_repeating()
            self.acknowledged(answers=answers)

    def acknowledged(self, *, answers: bool) -> None:
        """The other side has our 2xx. `answers`: its ACK answers the offer that they asked for by a re-INVITE."""
        if answers and self.life is Life.UP:
            self.agent.tell(self.agent.listener.on_renegotiated, self)

    def on_no_ack(self) -> None:
        """64*T1 went by without an ACK: hang up (§13.3.1.4, §14.2)."""
        self.unacknowledged = None
        if self.life is Life.UP:
            self.ended_by_us("no ack")
        self.send_bye(None)
