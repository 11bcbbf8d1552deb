"""The life of a campaign as a table, and what it needs before it may run. Pure."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from campaigns.errors import WrongState
from dialer.shapes import DETECTOR_S, JOIN_S, Detection, Mode
from kit.errors import FieldError


class State(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class Event(StrEnum):
    START = "start"
    PAUSE = "pause"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DRAFT, Event.START): State.RUNNING,
    (State.PAUSED, Event.START): State.RUNNING,
    (State.RUNNING, Event.PAUSE): State.PAUSED,
}


def after(state: State, event: Event) -> State:
    """Raises WrongState, naming both, when there is no such step."""
    found = TRANSITIONS.get((state, event))
    if found is None:
        raise WrongState(f"A campaign that is {state} cannot {event}; load it again.", state=state, event=event)
    return found


def missing(campaign: Mapping[str, Any], trunks: Sequence[str]) -> list[FieldError]:
    """What a campaign lacks to run, one entry a field. `trunks`: the configured ones; none: not checked."""
    found: list[FieldError] = []
    if not campaign["caller_id"]:
        found.append(_lack("caller_id", "Say which number the customer sees; it must be one that can be called back."))
    if not any(campaign["hours"].values()):
        found.append(_lack("hours", "Say on which days and at what hours customers may be called."))
    if campaign["mode"] == Mode.PREDICTIVE and not campaign["message"]:
        found.append(_lack("message", "Predictive dialing needs a message for people who cannot be connected in time."))
    if campaign["detection"] == Detection.MESSAGE and not campaign["message"]:
        found.append(_lack("message", "Say which message is to be left on answering machines."))
    needed = campaign["detector"].get("total_s", DETECTOR_S) + JOIN_S
    if campaign["detection"] != Detection.OFF and campaign["connect_s"] < needed:
        found.append(_lack("connect_s", f"To tell machines from people takes time: allow at least {needed:g} seconds."))
    unknown = [name for name in campaign["trunks"] if trunks and name not in trunks]
    if unknown:
        found.append(_lack("trunks", f"There is no trunk {', '.join(unknown)}; configured are: {', '.join(trunks)}."))
    return found


def _lack(field: str, message: str) -> FieldError:
    return {"field": field, "code": "missing" if field != "trunks" else "unknown", "message": message}
