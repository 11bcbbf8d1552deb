"""A call that comes in (RFC 3261 §13.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sip import headers as h
from sip import identity
from sip.call import Call, Life, Turn
from sip.dialog import Dialog
from sip.errors import BadMessage, WrongState
from sip.inside import answer_offer
from sip.letterhead import OWN_USER
from sip.machine import Transaction
from sip.message import Request, Response
from sip.offering import Offer, Word, following
from sip.reliable import Reliable
from sip.transaction import State
from sip.uas import SDP, options_of
from sip.uri import Uri

if TYPE_CHECKING:
    from sip.agent import UserAgent


class ServerCall(Call):
    """Given to `Listener.on_offered`. `request`: the INVITE; `remote_sdp` its offer, empty when it has none;
    `replaces`: the call whose place it takes, which is hung up when this one is answered (RFC 3891 §3)."""

    __slots__ = (
        "_bye",
        "_confirmed",
        "_held",
        "_local_tag",
        "_reliable",
        "_transaction",
        "_trusted",
        "replaces",
        "request",
    )

    def __init__(
        self, agent: UserAgent, transaction: Transaction, request: Request, dialog: Dialog, *, trusted: bool = False
    ) -> None:
        super().__init__(agent, request.call_id, b"", None)
        self.request = request
        self.dialog = dialog
        self._local_tag = dialog.local_tag
        self.remote_sdp = request.body
        self.offer = Offer.THEIRS if request.body else Offer.NONE
        self.allow = request.headers.get("allow", self.allow)
        self._transaction = transaction
        self._reliable = Reliable(self, transaction)
        self._held: bytes | None = None
        self._trusted = trusted
        self.replaces: Call | None = None
        self._bye: tuple[str | None] | None = None
        self._confirmed = False

    # ------------------------------------------------------------ who calls whom

    @property
    def number(self) -> str | None:
        """The caller's number (an optional + and 3 to 15 digits): the one that a trusted peer asserts, else From's.
        None when there is none, or the caller withholds it."""
        if self.is_withheld:
            return None
        found = [identity.number_in(one.uri) for one in self._asserted()]
        return next((number for number in found if number), identity.number_in(self._from.uri))

    @property
    def name(self) -> str:
        """The caller's display name: at most 64 characters, controls and bidi marks made visible; "" when withheld."""
        if self.is_withheld:
            return ""
        return h.shown(next((one.name for one in self._asserted() if one.name), self._from.name))

    @property
    def is_withheld(self) -> bool:
        """Whether the caller wants neither number nor name shown (RFC 3323)."""
        return identity.is_withheld(self.request)

    @property
    def called(self) -> str:
        """The user part that was called, as shown text: of the Request-URI, or of To where a trunk calls the address
        that we registered."""
        user = _user(self.request.uri)
        return h.shown(_user(h.uri_of(self.request.headers["to"][0])) if user in ("", OWN_USER) else user)

    @property
    def diverted_by(self) -> list[str]:
        """By whom the call was sent on, the last one first, as shown text."""
        return identity.diverted(self.request)

    @property
    def verstat(self) -> str:
        """What the network found of the number's right, as shown text; "" when it says nothing."""
        return identity.verstat(self.request) if self._trusted else ""

    @property
    def identity_token(self) -> str:
        """The signed Identity header as shown text, unchecked."""
        return identity.token(self.request)

    @property
    def _from(self) -> h.NameAddr:
        return h.parse_name_addr(self.request.headers["from"][0])

    def _asserted(self) -> list[h.NameAddr]:
        return identity.asserted(self.request) if self._trusted else []

    # ------------------------------------------------------------ what we do

    def ring(self, sdp: bytes = b"") -> None:
        """180 Ringing, or 183 with early media when `sdp` is given: reliably where the caller requires that, or takes
        it and there is a description to be sure of (RFC 3262 §3). Raises `WrongState` after a final answer."""
        self.turn(Turn.PROVISIONAL)
        response = self.request.reply(183 if sdp else 180, to_tag=self._local_tag, body=sdp)
        self.agent.letterhead.dress(response)
        if sdp:
            response.headers["content-type"] = [SDP]
            self.local_sdp = sdp
        if "100rel" in options_of(self.request, "require", *(["supported"] if sdp else [])):
            self._ring_reliably(response)
        else:
            self._transaction.respond(response, self.agent.now())

    def _ring_reliably(self, response: Response) -> None:
        """A description in it is the answer, or an offer whose answer the PRACK brings (§5)."""
        if response.body and self.offer is Offer.THEIRS:
            self.offer = following(self.offer, Word.ANSWER)
        elif response.body and self.offer is Offer.NONE and not self.remote_sdp:
            self.offer = following(self.offer, Word.WE_OFFER)
        self._reliable.send(response, self.agent.now())

    def answer(self, sdp: bytes) -> None:
        """200 OK, repeated until the ACK comes (64*T1), then BYE; without `sdp` where a reliable 183 brought it
        already. Held while such a 183 waits for its PRACK, or an UPDATE of ours for its answer. Raises `WrongState`
        when the call is over."""
        if self.is_answering and self._is_negotiating:
            self._held = sdp
            return
        self.turn(Turn.ANSWER)
        self._reliable.stop()
        settled = super().has_early_answer
        self.send_answer(self._transaction, self.request, b"" if settled else sdp, self.agent.now())
        if self.replaces is not None:
            self.replaces.hang_up("replaced")

    def refuse(self, status: int, reason: str | None = None, headers: Sequence[tuple[str, str]] = ()) -> None:
        """A final answer of 300 to 699; told by `on_ended` with cause "refused"."""
        if not 300 <= status <= 699 or self.life not in (Life.TRYING, Life.PROCEEDING):
            raise WrongState("only a call that is not answered is refused, with a status from 300 to 699")
        self._refuse(status, reason, headers)
        self.ended_by_us("refused")

    def hang_up(self, reason: str | None = None) -> None:
        """480 before the answer; BYE after it, held until the ACK of the answer came (§15 ¶3)."""
        if self.life in (Life.TRYING, Life.PROCEEDING):
            self.refuse(480)
        elif self.life is Life.UP:
            self.ended_by_us("bye")
            if self._confirmed or self.unacknowledged is None:
                self.send_bye(reason)
            else:
                self._bye = (reason,)

    def quiet(self) -> None:
        self._reliable.stop()
        super().quiet()

    def _refuse(self, status: int, reason: str | None = None, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.agent.reply(self._transaction, status, reason, headers, self._local_tag)
        self.agent.forget(self)

    # ------------------------------------------------------------ what they do

    def acknowledged(self, *, answers: bool) -> None:
        if self._bye is not None:
            self.send_bye(self._bye[0])
        elif self.life is Life.UP and not self._confirmed:
            self._confirmed = True
            self.agent.tell(self.agent.listener.on_confirmed, self)
        else:
            super().acknowledged(answers=answers)

    def on_prack(self, transaction: Transaction, request: Request, now: float) -> None:
        """Their PRACK; its SDP answers our offer, or is one. 481: it means nothing of ours (RFC 3262 §3 ¶6)."""
        meant = self._reliable.acknowledged(request, now)
        if meant is None:
            self.agent.reply(transaction, 481)
            return
        if request.body and self.offer is Offer.NONE:
            self._answer_in_prack(transaction, request, now)
        else:
            if meant.body:
                self._take_answer(request.body)
            self.agent.reply(transaction, 200)
        self._answer_if_held()

    @property
    def _is_negotiating(self) -> bool:
        return self._reliable.holds_sdp or self.reoffer is not None

    def _answer_if_held(self) -> None:
        if self._held is not None and self.is_answering and not self._is_negotiating:
            self.answer(self._held)

    def on_reoffer_accepted(self, body: bytes, response: Response) -> None:
        super().on_reoffer_accepted(body, response)
        self._answer_if_held()

    def on_reoffer_failed(self, status: int, reason: str, response: Response | None) -> None:
        super().on_reoffer_failed(status, reason, response)
        self._answer_if_held()

    def _take_answer(self, sdp: bytes) -> None:
        """The PRACK of a provisional answer with our offer; one without an answer leaves it to the 200 (§5)."""
        if self.offer is Offer.OURS:
            self.offer = following(self.offer, Word.ANSWER if sdp else Word.LAPSE)
            self.remote_sdp = sdp

    def _answer_in_prack(self, transaction: Transaction, request: Request, now: float) -> None:
        """An offer in a PRACK, which is never refused itself (RFC 3262 §3 ¶6): one that is declined ends the INVITE."""
        if not answer_offer(self, transaction, request, now):
            self.agent.reply(transaction, 200)
            self._held = None
            self.refuse(488)

    def give_up_unacknowledged(self) -> None:
        """No PRACK for 64*T1."""
        self.refuse(504)

    @property
    def is_answering(self) -> bool:
        return self.life in (Life.TRYING, Life.PROCEEDING)

    @property
    def has_early_answer(self) -> bool:
        return super().has_early_answer and not self._reliable.holds_sdp

    def on_cancel(self) -> None:
        """CANCEL before our final answer (§9.2)."""
        if self.is_answering:
            self._refuse(487)
            self.end_by_peer("cancelled")

    def on_bye(self, transaction: Transaction, request: Request) -> None:
        if self._transaction.state is State.IS_PROCEEDING:
            self._refuse(487)  # §15.1.2: BYE in an early dialog
        super().on_bye(transaction, request)

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        """The caller's connection broke: before the answer there is nobody left to ring for."""
        if self.life in (Life.TRYING, Life.PROCEEDING):
            self.end_by_peer("transport")

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        """Timer H: no ACK for our refusal; the call was told as over when it was refused."""

    @property
    def is_trying(self) -> bool:
        """Whether nothing was answered yet, not even 100."""
        return self.life is Life.TRYING


def _user(text: str) -> str:
    try:
        return Uri.parse(text).plain_user
    except BadMessage:
        return ""
