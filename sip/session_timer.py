"""Session timers (RFC 4028): a call that nobody refreshes any more is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip import headers as h
from sip.message import Message, Request, Response
from sip.timers import Timer
from sip.uas import MIN_SE, options_of

if TYPE_CHECKING:
    from sip.call import Call

_LONGEST = 86_400
_MARGIN = 32.0
"""Who does not refresh hangs up so long before the end, or a third of the interval (§10)."""

_PATIENCE = 10.0
"""Seconds at least between a refresh and the next try."""


class SessionTimer:
    """The session of one call. `interval`: seconds, as wished and then as agreed; `ours`: whether we refresh; None as
    long as nothing is agreed."""

    __slots__ = ("_call", "_end", "_ends_at", "_least", "_refresh", "interval", "ours")

    _REFRESH, _END = 1, 2

    def __init__(self, call: Call, interval: int) -> None:
        self.interval = max(interval, MIN_SE)
        self.ours: bool | None = None
        self._call = call
        self._least = MIN_SE
        self._refresh: Timer | None = None
        self._end: Timer | None = None
        self._ends_at = 0.0

    # ------------------------------------------------------------ what the messages say

    def ask(self, request: Request) -> None:
        """Say in an INVITE or UPDATE of ours how long the session is to be, and who refreshes if that is settled
        (§7.1, §7.4)."""
        role = "" if self.ours is None else f";refresher={'uac' if self.ours else 'uas'}"
        request.headers["session-expires"] = [f"{self.interval}{role}"]
        request.headers["min-se"] = [str(self._least)]

    def widen(self, response: Response) -> bool:
        """422: take the interval that is asked for (§7.3). False: it asks for none that would be new."""
        wanted = h.seconds_of(response.get("min-se"))
        if wanted is None or not self._least < wanted <= _LONGEST:
            return False
        self._least = int(wanted)
        self.interval = max(self.interval, self._least)
        return True

    def agreed(self, response: Response) -> None:
        """What a 2xx for our request says; nothing said: no session timer (§7.2)."""
        interval, refresher = _terms(response)
        if interval is None:
            self.stop()
        else:
            self._run(max(interval, MIN_SE), refresher != "uas")

    def answer(self, request: Request, response: Response) -> None:
        """Put into our 2xx what they asked for: who asks refreshes, unless it says otherwise or cannot (§9)."""
        interval, refresher = _terms(request)
        if interval is None:
            self.stop()
            return
        able = "timer" in options_of(request, "supported", "require")
        theirs = able and refresher != "uas"
        response.headers["session-expires"] = [f"{interval};refresher={'uac' if theirs else 'uas'}"]
        if theirs:
            response.headers["require"] = ["timer"]
        self._run(interval, not theirs)

    # ------------------------------------------------------------ the clock

    def _run(self, interval: int, ours: bool) -> None:
        self.stop()
        timers, now = self._call.agent.timers, self._call.agent.now()
        self.interval, self.ours = interval, ours
        self._ends_at = now + interval - (0.0 if ours else min(_MARGIN, interval / 3))
        self._end = timers.set(self._ends_at, self, self._END)
        if ours:
            self._refresh = timers.set(now + interval / 2, self, self._REFRESH)

    def stop(self) -> None:
        if self._end is None:
            return
        self._call.agent.timers.cancel(self._refresh)
        self._call.agent.timers.cancel(self._end)

    def on_timer(self, event: int, now: float) -> None:
        if event == self._END:
            self._call.agent.timers.cancel(self._refresh)
            self._call.lost("session ran out")
            return
        again = now + max((self._ends_at - now) / 2, _PATIENCE)
        self._refresh = self._call.agent.timers.set(again, self, self._REFRESH)
        self._call.refresh()


def _terms(message: Message) -> tuple[int | None, str]:
    """Session-Expires: seconds (None: not said) and the refresher ("": not said)."""
    text = message.get("session-expires")
    if text is None:
        return None, ""
    seconds = h.seconds_of(text)
    if seconds is None:
        return None, ""
    said = [piece.strip().lower() for piece in h.pieces(text, ";")]
    return int(seconds), next((word[10:] for word in said if word.startswith("refresher=")), "")
