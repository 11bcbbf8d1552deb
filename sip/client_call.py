"""A call that we place (RFC 3261 §13.2, §9.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip import headers as h
from sip.call import Call, Life, Turn
from sip.dialog import Dialog
from sip.errors import BadMessage
from sip.exchange import authorized, with_credentials
from sip.machine import Transaction, cancel_for
from sip.message import Request, Response
from sip.timers import TIMEOUT, Timer
from sip.transport import Address

if TYPE_CHECKING:
    from sip.agent import UserAgent
    from sip.digest import Credentials


class ClientCall(Call):
    """Made by `UserAgent.invite`. `status`: the last one seen, provisional or final, 0: none yet; `final`: the final
    response, None when none came."""

    __slots__ = ("_acks", "_answers", "_destination", "_give_up", "_invite", "_transaction", "final", "status")

    def __init__(
        self, agent: UserAgent, invite: Request, destination: Address, credentials: Credentials | None
    ) -> None:
        super().__init__(agent, invite.call_id, invite.body, credentials)
        self.status = 0
        self.final: Response | None = None
        self._invite = invite
        self._destination = destination
        self._answers = 0
        self._acks: Request | None = None
        self._give_up: Timer | None = None
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
        elif self.life is Life.OVER or transaction is not self._transaction:
            return
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
        if response.status > 100 and response.to_tag:
            self.dialog = Dialog.of_response(response, self._destination, self._invite.uri)
        if self.life is Life.PROCEEDING:
            self.agent.tell(self.agent.listener.on_progress, self, response.status, response)

    def _success_or_fail(self, response: Response) -> None:
        try:
            self._success(response)
        except BadMessage:
            self._fail(400, "unreadable")  # it cannot be acknowledged: the other side gives up by itself
            raise

    def _success(self, response: Response) -> None:
        if self._acks is not None and self.dialog is not None and response.to_tag == self.dialog.remote_tag:
            self.agent.transmit(self._acks, self.dialog.next_hop())
        elif self.life in (Life.TRYING, Life.PROCEEDING):
            self._answered(response)
        else:
            self.agent.end_stray(response, self._destination, self.credentials)
            if self.life is not Life.OVER:
                self._fail(487, "cancelled")

    def _answered(self, response: Response) -> None:
        self.dialog = Dialog.of_response(response, self._destination, self._invite.uri)
        self.turn(Turn.ANSWER)
        self.status = response.status
        self.final = response
        self.dialog.local_cseq = self._invite.cseq.number
        self.remote_sdp = response.body
        self._acks = self.agent.letterhead.ack(self.dialog, self._invite.cseq.number, self._invite)
        self.agent.transmit(self._acks, self.dialog.next_hop())
        self.agent.core.placed.discard(self)
        self.agent.remember(self)
        self.agent.tell(self.agent.listener.on_answered, self, response)

    def _failure(self, response: Response) -> None:
        self.final = response
        if self.life in (Life.TRYING, Life.PROCEEDING):
            header = authorized(self._invite, response, self.credentials, self._answers)
            if header is not None:
                self._answers += 1
                self.turn(Turn.AGAIN)
                self._invite = with_credentials(self._invite, header)
                self._transaction = self._send()
                return
            self._fail(response.status, response.reason)
        else:
            self._fail(487, "cancelled")

    def on_timeout(self, transaction: Transaction, now: float) -> None:
        """Timer B: nothing came back (§8.1.3.1 treats it as 408)."""
        if transaction is self._transaction:
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
        self.agent.core.placed.discard(self)
        self.agent.timers.cancel(self._give_up)
        self.status = status
        self.agent.tell(self.agent.listener.on_failed, self, status, reason)
