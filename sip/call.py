"""What calls of both directions share: their life, BYE, re-INVITE, and the 2xx repeated until its ACK."""

from __future__ import annotations

import asyncio
from enum import IntEnum, auto
from typing import TYPE_CHECKING

from sip import headers as h
from sip.dialog import Dialog
from sip.errors import WrongState
from sip.exchange import MAX_ANSWERS
from sip.machine import Transaction
from sip.message import Request, Response
from sip.timers import T1, T2, TIMEOUT, Timer
from sip.uas import SDP

if TYPE_CHECKING:
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


class Call:
    """One call with one other side. `local_sdp`, `remote_sdp`: the last bytes sent and got."""

    __slots__ = ("agent", "call_id", "credentials", "dialog", "life", "local_sdp", "remote_sdp", "unacknowledged")

    def __init__(self, agent: UserAgent, call_id: str, local_sdp: bytes, credentials: Credentials | None) -> None:
        self.agent = agent
        self.call_id = call_id
        self.credentials = credentials
        self.dialog: Dialog | None = None
        self.life = Life.TRYING
        self.local_sdp = local_sdp
        self.remote_sdp = b""
        self.unacknowledged: Repeater | None = None

    def hang_up(self, reason: str | None = None) -> None:
        """End it at any moment: BYE when answered, CANCEL or 480 before. `reason` becomes a Reason header's text.
        A call that is over already stays so."""
        raise NotImplementedError

    def turn(self, turn: Turn) -> None:
        """Move on. Raises `WrongState` for what `LIFE` does not hold."""
        following = LIFE.get((self.life, turn))
        if following is None:
            raise WrongState(f"{turn.name} in {self.life.name}")
        self.life = following

    # ------------------------------------------------------------ ending

    def send_bye(self, reason: str | None) -> None:
        """BYE now, and forget the dialog (§15.1.1)."""
        assert self.dialog is not None
        request = self.dialog.request("BYE", self.dialog.next_cseq())
        if reason is not None:
            request.add("reason", f"SIP;cause=200;text={h.quoted(reason)}")
        self.agent.forget(self)
        self.agent.send(request, self.dialog.next_hop(), self.credentials)

    def ended_by_us(self, cause: str) -> None:
        """Tell the end in a later turn of the loop."""
        self.turn(Turn.END)
        self.agent.later(self.agent.listener.on_ended, self, True, cause)

    def on_bye(self, transaction: Transaction, request: Request) -> None:
        """The other side hangs up."""
        self.agent.reply(transaction, 200)
        self.end_by_peer(h.shown(request.get("reason") or "bye", 200))

    def end_by_peer(self, cause: str) -> None:
        if self.unacknowledged is not None:
            self.unacknowledged.stop()
        self.agent.forget(self)
        if self.life is not Life.OVER:
            self.turn(Turn.END)
            self.agent.tell(self.agent.listener.on_ended, self, False, cause)

    # ------------------------------------------------------------ requests inside the dialog

    async def probe(self, within: float) -> int:
        """Ask the other side whether the call still is: OPTIONS inside the dialog (§11, §12.2). Gives the final
        status, 481 when the other side knows nothing of the call, 408 when nothing came `within` seconds.
        Raises `WrongState` for a call that is not up."""
        if self.life is not Life.UP or self.dialog is None:
            raise WrongState("only a call that is up is asked after")
        request = self.dialog.request("OPTIONS", self.dialog.next_cseq())
        self.dialog.local_cseq += MAX_ANSWERS  # what answers to challenges take: a BYE meanwhile comes after them
        request.headers["accept"] = [SDP]
        try:
            async with asyncio.timeout(within):
                status, response = await self.agent.ask(request, self.dialog.next_hop(), self.credentials)
        except TimeoutError:
            return NOBODY
        return status if response is not None else NOBODY

    def on_request(self, transaction: Transaction, request: Request, now: float) -> None:
        """A request whose tags are this call's, other than ACK and CANCEL."""
        assert self.dialog is not None
        if not self.dialog.follows(request):
            self.agent.reply(transaction, 500)
        elif request.method == "BYE":
            self.on_bye(transaction, request)
        elif request.method == "INVITE":
            self._reinvite(transaction, request, now)
        elif request.method == "OPTIONS":
            self.agent.reply(transaction, 200, headers=[("accept", SDP)])
        else:
            self.agent.reply(transaction, 405)

    def _reinvite(self, transaction: Transaction, request: Request, now: float) -> None:
        """Answer with the listener's SDP or the one we sent last (§14.2)."""
        assert self.dialog is not None
        if self.life is not Life.UP or self.unacknowledged is not None:
            self.agent.reply(transaction, 500, headers=[("retry-after", "2")])
            return
        self.dialog.retarget(request)
        if request.body:
            self.remote_sdp = request.body
        answer = self.agent.listener.on_reoffer(self, request.body)
        self.send_answer(transaction, request, answer or self.local_sdp, now)

    def send_answer(self, transaction: Transaction, request: Request, sdp: bytes, now: float) -> None:
        """200 with SDP, repeated until the ACK (§13.3.1.4)."""
        assert self.dialog is not None
        response = request.reply(200, to_tag=self.dialog.local_tag, body=sdp)
        self.agent.letterhead.dress(response)
        if sdp:
            response.headers["content-type"] = [SDP]
        transaction.respond(response, now)
        self.local_sdp = sdp
        self.unacknowledged = Repeater(self, transaction, response, now)

    def on_ack(self, ack: Request, now: float) -> None:
        """The ACK of our 2xx; an SDP in it is the answer to our offer."""
        waiting = self.unacknowledged
        if waiting is None or ack.cseq.number != waiting.cseq:
            return
        waiting.stop()
        self.unacknowledged = None
        if ack.body:
            self.remote_sdp = ack.body
        self.acknowledged()

    def acknowledged(self) -> None:
        """The other side has our 2xx."""

    def on_no_ack(self) -> None:
        """64*T1 went by without an ACK: hang up (§13.3.1.4, §14.2)."""
        self.unacknowledged = None
        if self.life is Life.UP:
            self.ended_by_us("no ack")
        self.send_bye(None)

    # ------------------------------------------------------------ for transactions in which this call is the user

    def on_transport_error(self, transaction: Transaction, now: float) -> None:
        """A response could not be sent, or an ACK: the timers of the call find out what that means."""


class Repeater:
    """A 2xx of ours, sent again at T1, 2*T1 … T2 until its ACK comes."""

    __slots__ = ("_call", "_interval", "_limit", "_repeat", "_response", "_transaction", "cseq")

    _AGAIN, _LIMIT = 1, 2

    def __init__(self, call: Call, transaction: Transaction, response: Response, now: float) -> None:
        timers = call.agent.timers
        self.cseq = response.cseq.number
        self._call = call
        self._transaction = transaction
        self._response = response
        self._interval = T1
        self._repeat: Timer | None = timers.set(now + T1, self, self._AGAIN)
        self._limit: Timer | None = timers.set(now + TIMEOUT, self, self._LIMIT)

    def stop(self) -> None:
        self._call.agent.timers.cancel(self._repeat)
        self._call.agent.timers.cancel(self._limit)

    def on_timer(self, event: int, now: float) -> None:
        if event == self._LIMIT:
            self.stop()
            self._call.on_no_ack()
            return
        self._interval = min(self._interval * 2, T2)
        self._repeat = self._call.agent.timers.set(now + self._interval, self, self._AGAIN)
        self._transaction.respond(self._response, now)
