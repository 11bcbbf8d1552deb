"""Provisional answers of ours that the caller acknowledges by PRACK, one after the other (RFC 3262 §3)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sip import headers as h
from sip.errors import BadMessage
from sip.machine import Transaction
from sip.message import Request, Response
from sip.timers import T1, TIMEOUT, Timer

if TYPE_CHECKING:
    from sip.server_call import ServerCall


class Reliable:
    """Sends each at T1, 2*T1, 4*T1 … until its PRACK; after 64*T1 the INVITE is refused with 504 (§3 ¶8)."""

    __slots__ = ("_call", "_interval", "_limit", "_repeat", "_rseq", "_sent", "_transaction", "_waiting")

    _AGAIN, _LIMIT = 1, 2

    def __init__(self, call: ServerCall, transaction: Transaction) -> None:
        self._call = call
        self._transaction = transaction
        self._rseq = random.randint(1, 2**31 - 1)
        self._sent: Response | None = None
        self._waiting: list[Response] = []
        self._interval = T1
        self._repeat: Timer | None = None
        self._limit: Timer | None = None

    @property
    def holds_sdp(self) -> bool:
        """Whether a description is on its way that no PRACK has acknowledged: no 2xx may overtake it (§3 ¶9)."""
        return any(one.body for one in [self._sent, *self._waiting] if one is not None)

    def send(self, response: Response, now: float) -> None:
        """Send it now, or after those before it are acknowledged (§3 ¶7)."""
        response.headers["require"] = ["100rel"]
        self._waiting.append(response)
        if self._sent is None:
            self._next(now)

    def _next(self, now: float) -> None:
        self._sent = self._waiting.pop(0) if self._waiting else None
        if self._sent is None:
            return
        self._rseq += 1
        self._sent.headers["rseq"] = [str(self._rseq)]
        self._interval = T1
        self._limit = self._call.agent.timers.set(now + TIMEOUT, self, self._LIMIT)
        self._transmit(now)

    def _transmit(self, now: float) -> None:
        assert self._sent is not None
        self._transaction.respond(self._sent, now)
        self._repeat = self._call.agent.timers.set(now + self._interval, self, self._AGAIN)

    def acknowledged(self, prack: Request, now: float) -> Response | None:
        """The provisional answer that a PRACK means, which is not sent again; None: none that waits."""
        if self._sent is None or _rack(prack) != (self._rseq, self._sent.cseq.number, "INVITE"):
            return None
        sent = self._sent
        self.stop()
        self._next(now)
        return sent

    def stop(self) -> None:
        """Repeat no more: acknowledged, or a final answer went out."""
        self._call.agent.timers.cancel(self._repeat)
        self._call.agent.timers.cancel(self._limit)
        self._sent = None

    def on_timer(self, event: int, now: float) -> None:
        if event == self._LIMIT:
            self.stop()
            self._call.give_up_unacknowledged()
            return
        self._interval *= 2
        self._transmit(now)


def _rack(prack: Request) -> tuple[int, int, str] | None:
    words = (prack.get("rack") or "").split()
    if len(words) != 3:
        return None
    try:
        return h.parse_number(words[0], "RAck", 2**32), h.parse_number(words[1], "RAck"), words[2]
    except BadMessage:
        return None
