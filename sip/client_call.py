"""A call that we place (RFC 3261 §13.2, §9.1), with its early dialogs (§12.1.2, RFC 3262 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip import headers as h
from sip.acknowledger import Acknowledger
from sip.call import Call, Life, Turn
from sip.dialog import Dialog, DialogKey
from sip.early import EarlyDialog, rseq_of
from sip.errors import BadMessage, BadSdp
from sip.exchange import authorized, renumbered, with_credentials
from sip.machine import Transaction, cancel_for
from sip.message import Request, Response
from sip.offering import Offer, Word, following
from sip.timers import TIMEOUT, Timer
from sip.transport import Address

if TYPE_CHECKING:
    from sip.agent import UserAgent
    from sip.digest import Credentials


class ClientCall(Call):
    """Made by `UserAgent.invite`. `status`: the last one seen, provisional or final, 0: none yet; `final`: the final
    response, None when none came; `early`: the dialogs of the provisional answers by their To tag, each with its early
    media's SDP."""

    __slots__ = ("_acks", "_answers", "_destination", "_give_up", "_invite", "_transaction", "early", "final", "status")

    owns_call_id = True

    def __init__(
        self, agent: UserAgent, invite: Request, destination: Address, credentials: Credentials | None
    ) -> None:
        super().__init__(agent, invite.call_id, invite.body, credentials)
        self.status = 0
        self.final: Response | None = None
        self._invite = invite
        self._destination = destination
        self._answers = 0
        self._acks: Acknowledger | None = None
        self._give_up: Timer | None = None
        self.early: dict[str, EarlyDialog] = {}
        self._expect_answer()
        self.session.ask(invite)
        self._transaction = self._send()

    def _send(self) -> Transaction:
        return self.agent.begin(self._invite, self._destination, self)

    @property
    def request(self) -> Request:
        """The INVITE as it was sent last."""
        return self._invite

    @property
    def retry_after(self) -> float | None:
        """How many seconds the other side asks to be left alone (§20.33)."""
        return h.seconds_of(self.final.get("retry-after")) if self.final is not None else None

    def cancel(self) -> None:
        """Take the call back. Held until the first provisional answer (§9.1); told by `on_failed(487)`, or by
        `on_failed(408)` when nobody was there at all. After the answer it is `hang_up`."""
        if self.life is Life.UP:
            self.hang_up()
        elif self.life is not Life.OVER:
            before = self.life
            self.turn(Turn.CANCEL)
            if self.life is Life.CANCELLING and before is not Life.CANCELLING:
                self._send_cancel()

    def hang_up(self, reason: str | None = None) -> None:
        if self.life is Life.UP:
            self.ended_by_us("bye")
            self.send_bye(reason)
        else:
            self.cancel()

    def _send_cancel(self) -> None:
        self.agent.send(cancel_for(self._invite), self._transaction.address, None)
        self._give_up = self.agent.timers.set(self.agent.now() + TIMEOUT, self, 0)

    # ------------------------------------------------------------ what comes back

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None:
        if 200 <= response.status < 300:
            self._success_or_fail(response)
        elif response.status < 200:
            self._provisional(response)
        else:
            self._failure(response)

    def _provisional(self, response: Response) -> None:
        before = self.life
        self.turn(Turn.PROVISIONAL)
        self.status = response.status
        if before is Life.CANCEL_HELD:
            self._send_cancel()
        if response.status > 100 and response.to_tag and not self._is_next(response):
            return
        if self.life is Life.PROCEEDING:
            self.agent.tell(self.agent.listener.on_progress, self, response.status, response)

    def _is_next(self, response: Response) -> bool:
        """Take a provisional answer into its early dialog; False: a reliable one that was seen, or before its turn."""
        early = self.early.get(response.to_tag)
        if early is None:
            early = EarlyDialog(Dialog.of_answer(self._invite, response, self._destination))
            self.early[response.to_tag] = early
            self.agent.core.know(early.dialog, self)
        self.dialog = early.dialog
        self.allow = response.headers.get("allow", self.allow)
        rseq = rseq_of(response)
        if rseq is not None and not early.takes(rseq):
            return False
        early.sdp = response.body or early.sdp
        if rseq is not None:
            self._acknowledge(early, rseq, response)
        return True

    def _acknowledge(self, early: EarlyDialog, rseq: int, response: Response) -> None:
        """PRACK; with our answer where the provisional answer held an offer (RFC 3262 §5)."""
        answer = b""
        if response.body and self.offer is Offer.OURS:
            self.offer = following(self.offer, Word.ANSWER)
            self.remote_sdp = response.body
        elif response.body and not self.has_early_answer:
            answer = self._answer_to_theirs(response.body)
        prack = early.prack(rseq, response.cseq.number, answer)
        hop = early.dialog.next_hop()
        self.agent.send(prack, hop, self.credentials, number=early.dialog.next_cseq)

    def _answer_to_theirs(self, offer: bytes) -> bytes:
        """Our answer, where the INVITE asked for an offer; b"" when it is declined, and the call is taken back."""
        self.remote_sdp = offer
        try:
            self.local_sdp = self.agent.listener.on_reoffer(self, offer) or self.local_sdp
        except BadSdp:
            self.agent.later(self.hang_up)
            return b""
        return self.local_sdp

    def dialog_of(self, request: Request) -> Dialog:
        early = self.early.get(request.from_tag)
        return early.dialog if early is not None else super().dialog_of(request)

    def dialog_keys(self) -> list[DialogKey]:
        keys = super().dialog_keys()
        return [*keys, *[early.dialog.key for early in self.early.values()]] if self.early else keys

    def on_bye(self, transaction: Transaction, request: Request) -> None:
        """BYE in an early dialog, which the called side may not send (§15): it wants no call, so it is taken back."""
        if self.life is Life.UP:
            super().on_bye(transaction, request)
            return
        self.agent.reply(transaction, 200)
        self.cancel()

    def _success_or_fail(self, response: Response) -> None:
        try:
            self._success(response)
        except BadMessage:
            self._fail(400, "unreadable")  # it cannot be acknowledged: the other side gives up by itself
            raise

    def _success(self, response: Response) -> None:
        if self._acks is not None:
            self._acks.on_response(self._transaction, response, self.agent.now())
        elif self.life in (Life.TRYING, Life.PROCEEDING):
            self._answered(response)
        else:
            self.agent.end_stray(response, self._destination, self.credentials)
            if self.life is not Life.OVER:
                self._fail(487, "cancelled")

    def _answered(self, response: Response) -> None:
        self.dialog = self._confirmed(response)
        self.turn(Turn.ANSWER)
        self.status = response.status
        self.final = response
        self.allow = response.headers.get("allow", self.allow)
        self.session.agreed(response)
        self._acknowledge_answer(self.dialog, response)
        self.agent.core.placed.discard(self)
        self.agent.core.know(self.dialog, self)
        self.agent.tell(self.agent.listener.on_answered, self, response)

    def _acknowledge_answer(self, dialog: Dialog, response: Response) -> None:
        """ACK, with our answer where the INVITE asked for an offer, which the 200 brought (§13.2.2.4)."""
        sdp = self._answer_to_theirs(response.body) if response.body and not self.local_sdp else b""
        ack = self.agent.letterhead.ack(dialog, self._invite.cseq.number, self._invite, sdp)
        hop, tag = dialog.next_hop(), dialog.remote_tag
        acks = Acknowledger(self.agent, tag, ack, hop, self._destination, self.credentials)
        self._acks = self._transaction.user = acks
        acks.acknowledge()

    def _confirmed(self, response: Response) -> Dialog:
        """The one dialog that stays (§13.2.2.4): of the answering fork, its numbers going on where it was early. An
        answer got reliably before stands, whatever the 200 holds (RFC 6337 §3.1.1)."""
        early = self.early.pop(response.to_tag, None)
        if early is None:
            dialog = Dialog.of_answer(self._invite, response, self._destination)
        else:
            dialog = early.dialog
            dialog.reach(response, self._invite.uri)
        if self.early:
            self._forget_early()
        if not (early is not None and early.rseq is not None and self.has_early_answer):
            self.remote_sdp = response.body or (early.sdp if early is not None else b"")
        self.offer = Offer.NONE
        return dialog

    def _failure(self, response: Response) -> None:
        self.final = response
        if self.life in (Life.TRYING, Life.PROCEEDING):
            again = self._better(response)
            if again is not None:
                self._begin_again(again)
                return
            if response.status < 400:
                self.agent.tell(self.agent.listener.on_redirected, self, targets_of(response))
            self._fail(response.status, response.reason)
        else:
            self._fail(487, "cancelled")

    def _begin_again(self, invite: Request) -> None:
        """With the early dialogs goes what was agreed on in them."""
        self.quiet()
        self._forget_early()
        self.turn(Turn.AGAIN)
        self._invite = invite
        self._expect_answer()
        self._transaction = self._send()

    def _expect_answer(self) -> None:
        """The INVITE is about to be sent: nothing is agreed on yet."""
        self.offer = Offer.OURS if self._invite.body else Offer.NONE
        self.local_sdp, self.remote_sdp = self._invite.body, b""

    def _better(self, response: Response) -> Request | None:
        """The INVITE once more, with what was asked for: credentials, or a longer session (RFC 4028 §7.3)."""
        header = authorized(self._invite, response, self.credentials, self._answers)
        if header is not None:
            self._answers += 1
            return with_credentials(self._invite, header)
        if response.status != 422 or not self.session.widen(response):
            return None
        again = renumbered(self._invite)
        self.session.ask(again)
        return again

    def _forget_early(self) -> None:
        self.agent.forget(self)
        self.early.clear()
        self.dialog = None

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        """Timer B: nothing came back (§8.1.3.1 treats it as 408)."""
        self._fail(408, "timeout")

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        if transaction is not self._transaction:
            return
        if self.life is Life.PROCEEDING:
            self._send_cancel()  # the other end may still ring: the answer would find nobody
        self._fail(503, "transport")

    def on_timer(self, event: int, now: float) -> None:
        """64*T1 after CANCEL without a final answer: the INVITE is taken for cancelled (§9.1 ¶5)."""
        self.agent.transactions.abandon(self._transaction)
        self._fail(487, "cancelled")

    def _fail(self, status: int, reason: str) -> None:
        if self.life in (Life.UP, Life.OVER):
            return
        self.turn(Turn.END)
        self.quiet()
        self.agent.forget(self)
        self.agent.core.placed.discard(self)
        self.agent.timers.cancel(self._give_up)
        self.status = status
        self.agent.tell(self.agent.listener.on_failed, self, status, reason)


def targets_of(response: Response) -> list[str]:
    """The Contact URIs of a 3xx, by their q, the best first (§8.1.3.4); what cannot be read is left out."""
    found: list[tuple[float, str]] = []
    for value in response.values("contact"):
        try:
            contact = h.parse_name_addr(value)
            found.append((float(contact.params.get("q") or 1), contact.uri))
        except (BadMessage, ValueError):
            continue
    return [uri for _, uri in sorted(found, key=lambda one: -one[0])]
