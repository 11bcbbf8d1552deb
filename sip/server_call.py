"""A call that comes in (RFC 3261 §13.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sip import headers as h
from sip.call import Call, Life, Turn
from sip.dialog import Dialog
from sip.errors import BadMessage, WrongState
from sip.letterhead import OWN_USER
from sip.machine import Transaction
from sip.message import Request
from sip.transaction import State
from sip.uas import SDP
from sip.uri import Uri, is_number

if TYPE_CHECKING:
    from sip.agent import UserAgent


class ServerCall(Call):
    """Given to `Listener.on_offered`. `request`: the INVITE; `remote_sdp` its offer, empty when it has none."""

    __slots__ = ("_bye", "_confirmed", "_local_tag", "_transaction", "request")

    def __init__(self, agent: UserAgent, transaction: Transaction, request: Request, dialog: Dialog) -> None:
        super().__init__(agent, request.call_id, b"", None)
        self.request = request
        self.dialog = dialog
        self._local_tag = dialog.local_tag
        self.remote_sdp = request.body
        self._transaction = transaction
        self._bye: tuple[str | None] | None = None
        self._confirmed = False

    # ------------------------------------------------------------ who calls whom

    @property
    def number(self) -> str | None:
        """The caller's number (an optional + and 3 to 15 digits), or None when From holds no number."""
        user = _user(h.uri_of(self.request.headers["from"][0]))
        return user if is_number(user) else None

    @property
    def called(self) -> str:
        """The user part that was called, as shown text: of the Request-URI, or of To where a trunk calls the address
        that we registered."""
        user = _user(self.request.uri)
        return h.shown(_user(h.uri_of(self.request.headers["to"][0])) if user in ("", OWN_USER) else user)

    @property
    def name(self) -> str:
        """The caller's display name: at most 64 characters, controls and bidi marks made visible."""
        return h.shown(h.parse_name_addr(self.request.headers["from"][0]).name)

    # ------------------------------------------------------------ what we do

    def ring(self, sdp: bytes = b"") -> None:
        """180 Ringing, or 183 with early media when `sdp` is given. Raises `WrongState` after a final answer."""
        self.turn(Turn.PROVISIONAL)
        response = self.request.reply(183 if sdp else 180, to_tag=self._local_tag, body=sdp)
        self.agent.letterhead.dress(response)
        if sdp:
            self.local_sdp = sdp
            response.headers["content-type"] = [SDP]
        self._transaction.respond(response, self.agent.now())

    def answer(self, sdp: bytes) -> None:
        """200 OK, repeated until the ACK comes (64*T1), then BYE. Raises `WrongState` when the call is over."""
        self.turn(Turn.ANSWER)
        self.send_answer(self._transaction, self.request, sdp, self.agent.now())

    def refuse(self, status: int, reason: str | None = None, headers: Sequence[tuple[str, str]] = ()) -> None:
        """A final answer of 300 to 699; told by `on_ended` with cause "refused"."""
        if not 300 <= status <= 699 or self.life not in (Life.TRYING, Life.PROCEEDING):
            raise WrongState("only a call that is not answered is refused, with a status from 300 to 699")
        self._refuse(status, reason, headers)
        self.ended_by_us("refused")

    def hang_up(self, reason: str | None = None) -> None:
        """480 before the answer; BYE after it, held until the ACK came (§15 ¶3)."""
        if self.life in (Life.TRYING, Life.PROCEEDING):
            self.refuse(480)
        elif self.life is Life.UP:
            self.ended_by_us("bye")
            if self.unacknowledged is None:
                self.send_bye(reason)
            else:
                self._bye = (reason,)

    def _refuse(self, status: int, reason: str | None = None, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.agent.reply(self._transaction, status, reason, headers, self._local_tag)
        self.agent.forget(self)

    # ------------------------------------------------------------ what they do

    def acknowledged(self) -> None:
        if self._bye is not None:
            self.send_bye(self._bye[0])
        elif self.life is Life.UP and not self._confirmed:
            self._confirmed = True
            self.agent.tell(self.agent.listener.on_confirmed, self)

    def on_cancel(self) -> None:
        """CANCEL before our final answer (§9.2)."""
        if self.life in (Life.TRYING, Life.PROCEEDING):
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
