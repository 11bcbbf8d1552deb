"""People who wait for an operator, in the order in which they are served."""

from bisect import insort
from dataclasses import dataclass, field
from enum import IntEnum

from dialer.shapes import CallId, ProjectId


class Rank(IntEnum):
    """Who comes before whom; equals by the time they came."""

    FRONT = 0  # was talking when the operator's leg died
    HOT = 1
    ANSWERED = 2  # an outgoing call inside its connect limit
    CALLER = 3


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """`since`: monotonic seconds at which the waiting began."""

    rank: Rank
    since: float
    call: CallId
    project: ProjectId = field(compare=False)


class Queue:
    """Places in line. One call has at most one."""

    def __init__(self) -> None:
        self._line: list[Place] = []

    def __len__(self) -> int:
        return len(self._line)

    def add(self, place: Place) -> int:
        """Stand in line; gives the place among those of the same project, 1 being the next."""
        self.remove(place.call)
        insort(self._line, place)
        return self.place(place.call)

    def place(self, call: CallId) -> int:
        """The place of a call among those of its project; 0: it does not wait."""
        mine = next((p for p in self._line if p.call == call), None)
        if mine is None:
            return 0
        return sum(1 for p in self._line if p.project == mine.project and p <= mine)

    def next_for(self, projects: frozenset[ProjectId]) -> Place | None:
        """Whoever an operator of these projects has to take first; stays in line until removed."""
        return next((p for p in self._line if p.project in projects), None)

    def waiting(self, projects: frozenset[ProjectId]) -> int:
        return sum(1 for p in self._line if p.project in projects)

    def remove(self, call: CallId) -> bool:
        """Leave the line. False: was not in it."""
        before = len(self._line)
        self._line = [p for p in self._line if p.call != call]
        return len(self._line) < before
