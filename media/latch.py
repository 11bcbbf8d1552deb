"""Which source a leg listens to; pure.

The address of the description is taken at once. Another source is learned only after four packets in sequence, inside a
window, while none came from the described address; from then on that one alone. Strangers get in no other way.
"""

from collections import OrderedDict
from dataclasses import dataclass

Address = tuple[str, int]

IN_SEQUENCE = 4
WINDOW_S = 10.0
_MOST_CANDIDATES = 8


@dataclass(slots=True)
class _Candidate:
    ssrc: int
    sequence: int
    count: int = 1

    def follows(self, ssrc: int, sequence: int) -> bool:
        return ssrc == self.ssrc and sequence == (self.sequence + 1) & 0xFFFF


class Latch:
    """`told`: the address of the description; `locked`: the source that is listened to, once it is known."""

    def __init__(self) -> None:
        self.told: Address | None = None
        self.locked: Address | None = None
        self._until = 0.0
        self._candidates: OrderedDict[Address, _Candidate] = OrderedDict()

    def learn(self, told: Address, now: float) -> None:
        """A description came: learning begins. The same address again while locked changes nothing."""
        if told == self.told and self.locked is not None:
            return
        self.told = told
        self.relearn(now)

    def relearn(self, now: float) -> None:
        """Begin to learn anew, `now` in monotonic seconds."""
        self.locked = None
        self._until = now + WINDOW_S
        self._candidates.clear()

    def admits(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        """Whether a valid packet from `source` is taken; locks on to it when it is."""
        if self.locked is not None:
            return source == self.locked
        if self.told is None:
            return False
        if source == self.told or self._proves_itself(source, ssrc, sequence, now):
            self.locked = source
            self._candidates.clear()
            return True
        return False

    def _proves_itself(self, source: Address, ssrc: int, sequence: int, now: float) -> bool:
        if now >= self._until:
            return False
        known = self._candidates.get(source)
        if known is None or not known.follows(ssrc, sequence):
            self._candidates[source] = _Candidate(ssrc, sequence)
            if len(self._candidates) > _MOST_CANDIDATES:
                self._candidates.popitem(last=False)
            return False
        known.sequence = sequence
        known.count += 1
        return known.count >= IN_SEQUENCE
