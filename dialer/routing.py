"""Who gets a call. Pure; one strategy in this form: the operator who has been ready longest."""

from collections.abc import Iterable
from dataclasses import dataclass

from dialer.operator import State
from dialer.shapes import OperatorId, ProjectId, Reason


@dataclass(frozen=True, slots=True)
class Candidate:
    """An operator as routing sees him. `since`: monotonic seconds of his state."""

    id: OperatorId
    state: State
    since: float
    projects: frozenset[ProjectId]


@dataclass(frozen=True, slots=True)
class Choice:
    """The operator, or why there is none: no_operators, no_operator_for_project, no_operator_ready."""

    operator: OperatorId | None
    reason: Reason | None = None


def choose(project: ProjectId, candidates: Iterable[Candidate]) -> Choice:
    """The longest ready operator who may take calls of the project."""
    present = [c for c in candidates if c.state not in (State.OFFLINE, State.CONNECTING)]
    if not present:
        return Choice(None, Reason("no_operators"))
    allowed = [c for c in present if project in c.projects]
    if not allowed:
        return Choice(None, Reason("no_operator_for_project", {"present": len(present)}))
    ready = [c for c in allowed if c.state is State.READY]
    if not ready:
        return Choice(None, Reason("no_operator_ready", {"present": len(allowed)}))
    return Choice(min(ready, key=lambda c: (c.since, c.id)).id)
