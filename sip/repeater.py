"""The 2xx of an INVITE, which its user repeats until the ACK comes (RFC 3261 §13.3.1.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.machine import Transaction
from sip.message import Response
from sip.timers import T1, T2, TIMEOUT, Timer

if TYPE_CHECKING:
    from sip.call import Call


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
