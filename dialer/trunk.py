"""How many calls a trunk bears now: its channels, its calls a second, a gentle start, a circuit breaker. Pure."""

from collections.abc import Sequence

from dialer.line_events import TrunkState
from dialer.shapes import Reason

RAMP = 0.10
"""Share of the channels that opens each second after a trunk came (back) up."""
HALVES_AT, STOPS_AT = 4, 8
"""So many faults of the trunk in a row halve its lines, then close it."""
REST_S, LONGEST_REST_S = 30.0, 3600.0
"""After `STOPS_AT` faults; and the most that one answer may ask for, as dialing stands still meanwhile."""


class TrunkGuard:
    """Knows one trunk's state and the faults of its latest calls. Times: monotonic seconds."""

    def __init__(self, state: TrunkState, now: float) -> None:
        self.state = state
        self._open_since = now
        self._faults = 0
        self._rests_until = 0.0
        self._tokens, self._tokens_at = 1.0, now
        self.turn = 0
        """How far it is behind its share of the calls, by `next_turn`."""

    def moved(self, state: TrunkState, now: float) -> bool:
        """The line reports a state. True: up or down changed, or why."""
        changed = (state.up, state.reason) != (self.state.up, self.state.reason)
        if state.up and not self.state.up:
            self._open_since, self._faults, self._rests_until = now, 0, 0.0
        self.state = state
        return changed

    def worked(self) -> None:
        """The far side of the trunk gave an answer of its own: the trunk is sound."""
        self._faults = 0

    def failed(self, now: float, retry_after: float | None) -> None:
        """One call ended by a fault of the trunk. `retry_after`: seconds of rest that it asked for."""
        self._faults += 1
        if retry_after is not None:
            self._rest(now, min(retry_after, LONGEST_REST_S))
        elif self._faults >= STOPS_AT:
            self._rest(now, REST_S)

    def _rest(self, now: float, seconds: float) -> None:
        self._rests_until = max(self._rests_until, now + seconds)
        self._open_since = self._rests_until
        self._faults = HALVES_AT

    def sent(self, now: float) -> None:
        """One INVITE leaves."""
        self._refill(now)
        self._tokens -= 1

    def room(self, in_use: int, now: float, unsent: int = 0) -> int:
        """How many more calls, `in_use` being there already and `unsent` on their way to it."""
        if self.closed(now) is not None:
            return 0
        opened = max(1, int(self.state.channels * RAMP * (now - self._open_since + 1)))
        lines = min(self.state.channels, opened)
        if self._faults >= HALVES_AT:
            lines = max(1, lines // 2)
        return max(0, min(lines - in_use, self._paced(now)) - unsent)

    def closed(self, now: float) -> Reason | None:
        """Why nothing at all may be dialed; None: open."""
        if not self.state.up:
            return Reason("trunk_down", {"trunk": self.state.name, "cause": self.state.reason.code})
        if now < self._rests_until:
            return Reason("trunk_resting", {"trunk": self.state.name, "faults": self._faults})
        return None

    def _paced(self, now: float) -> int:
        if self.state.cps <= 0:
            return self.state.channels
        self._refill(now)
        return int(self._tokens)

    def _refill(self, now: float) -> None:
        most = max(1.0, self.state.cps)
        self._tokens = min(most, self._tokens + (now - self._tokens_at) * self.state.cps)
        self._tokens_at = now


def next_turn(guards: Sequence[TrunkGuard]) -> TrunkGuard:
    """Whose turn it is by weight, each one's turns spread evenly (smooth weighted round-robin)."""
    for guard in guards:
        guard.turn += guard.state.weight
    chosen = max(guards, key=lambda guard: guard.turn)
    chosen.turn -= sum(guard.state.weight for guard in guards)
    return chosen
