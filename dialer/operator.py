"""The life of one operator's working day as a table. Pure: the engine carries the commands out."""

from dataclasses import dataclass, replace
from enum import StrEnum

from dialer.errors import WrongTurn
from dialer.shapes import CallId, Reason


class State(StrEnum):
    OFFLINE = "offline"
    CONNECTING = "connecting"  # the operator's phone rings
    NOT_READY = "not_ready"
    READY = "ready"
    RESERVED = "reserved"  # a call is being placed for this operator
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class Event(StrEnum):
    SIGN_IN = "sign_in"
    LEG_UP = "leg_up"
    LEG_FAILED = "leg_failed"
    LEG_LOST = "leg_lost"
    GO_READY = "go_ready"
    GO_NOT_READY = "go_not_ready"
    SIGN_OFF = "sign_off"
    RESERVE = "reserve"
    RELEASE = "release"
    CONNECT = "connect"
    CALL_OVER = "call_over"
    WRAPPED_UP = "wrapped_up"


class Command(StrEnum):
    CALL_PHONE = "call_phone"
    HANG_UP_PHONE = "hang_up_phone"
    TAKE_BACK_CALL = "take_back_call"
    ORPHAN_CALL = "orphan_call"
    START_WRAP_UP = "start_wrap_up"
    STOP_WRAP_UP = "stop_wrap_up"
    OFFER = "offer"  # ready: whoever waits longest, else the campaigns


S, E, C = State, Event, Command

TRANSITIONS: dict[tuple[State, Event], State] = {
    (S.OFFLINE, E.SIGN_IN): S.CONNECTING,
    (S.OFFLINE, E.SIGN_OFF): S.OFFLINE,
    (S.CONNECTING, E.SIGN_IN): S.CONNECTING,
    (S.CONNECTING, E.GO_READY): S.CONNECTING,
    (S.CONNECTING, E.GO_NOT_READY): S.CONNECTING,
    (S.CONNECTING, E.LEG_UP): S.NOT_READY,  # or what was chosen meanwhile
    (S.CONNECTING, E.LEG_FAILED): S.OFFLINE,
    (S.CONNECTING, E.LEG_LOST): S.OFFLINE,
    (S.CONNECTING, E.SIGN_OFF): S.OFFLINE,
    (S.NOT_READY, E.SIGN_IN): S.NOT_READY,
    (S.NOT_READY, E.GO_READY): S.READY,
    (S.NOT_READY, E.GO_NOT_READY): S.NOT_READY,
    (S.NOT_READY, E.SIGN_OFF): S.OFFLINE,
    (S.NOT_READY, E.LEG_LOST): S.OFFLINE,
    (S.READY, E.SIGN_IN): S.READY,
    (S.READY, E.GO_READY): S.READY,
    (S.READY, E.GO_NOT_READY): S.NOT_READY,
    (S.READY, E.SIGN_OFF): S.OFFLINE,
    (S.READY, E.LEG_LOST): S.OFFLINE,
    (S.READY, E.RESERVE): S.RESERVED,
    (S.RESERVED, E.SIGN_IN): S.RESERVED,
    (S.RESERVED, E.GO_READY): S.RESERVED,
    (S.RESERVED, E.GO_NOT_READY): S.RESERVED,
    (S.RESERVED, E.SIGN_OFF): S.RESERVED,
    (S.RESERVED, E.RELEASE): S.READY,  # or what was chosen meanwhile
    (S.RESERVED, E.CONNECT): S.TALKING,
    (S.RESERVED, E.LEG_LOST): S.OFFLINE,
    (S.TALKING, E.SIGN_IN): S.TALKING,
    (S.TALKING, E.GO_READY): S.TALKING,
    (S.TALKING, E.GO_NOT_READY): S.TALKING,
    (S.TALKING, E.SIGN_OFF): S.TALKING,
    (S.TALKING, E.CALL_OVER): S.WRAP_UP,
    (S.TALKING, E.LEG_LOST): S.OFFLINE,
    (S.WRAP_UP, E.SIGN_IN): S.WRAP_UP,
    (S.WRAP_UP, E.GO_READY): S.WRAP_UP,  # its end is the result, or the limit
    (S.WRAP_UP, E.GO_NOT_READY): S.WRAP_UP,
    (S.WRAP_UP, E.SIGN_OFF): S.OFFLINE,
    (S.WRAP_UP, E.WRAPPED_UP): S.READY,  # or what was chosen meanwhile
    (S.WRAP_UP, E.LEG_LOST): S.OFFLINE,
}

CHOSEN = frozenset({E.LEG_UP, E.RELEASE, E.WRAPPED_UP})
"""Events after which an operator comes to where he chose to be next (`Operator.then`)."""

CHOICES: dict[Event, State] = {E.GO_READY: S.READY, E.GO_NOT_READY: S.NOT_READY, E.SIGN_OFF: S.OFFLINE}

ENTRY: dict[State, tuple[Command, ...]] = {S.READY: (C.OFFER,), S.WRAP_UP: (C.START_WRAP_UP,)}
EXIT: dict[State, tuple[Command, ...]] = {S.WRAP_UP: (C.STOP_WRAP_UP,)}
COMMANDS: dict[tuple[State, Event], tuple[Command, ...]] = {
    (S.OFFLINE, E.SIGN_IN): (C.CALL_PHONE,),
    (S.RESERVED, E.SIGN_OFF): (C.TAKE_BACK_CALL,),
    (S.RESERVED, E.LEG_LOST): (C.TAKE_BACK_CALL,),
    (S.TALKING, E.LEG_LOST): (C.ORPHAN_CALL,),
}
_LEG_IS_DOWN = frozenset({E.LEG_LOST, E.LEG_FAILED})


@dataclass(frozen=True, slots=True)
class Operator:
    """Where an operator stands. `since`: monotonic seconds. `then`: where to after the call or the ringing."""

    state: State = State.OFFLINE
    since: float = 0.0
    reason: Reason | None = None
    call: CallId | None = None
    then: State = State.NOT_READY
    then_reason: Reason | None = None

    @property
    def at_work(self) -> bool:
        """Counts as one of the team: has calls now or may have the next one."""
        busy = self.state in (State.RESERVED, State.TALKING, State.WRAP_UP)
        return self.state is State.READY or (busy and self.then is State.READY)


def step(
    operator: Operator, event: Event, now: float, reason: Reason | None = None, call: CallId | None = None
) -> tuple[Operator, tuple[Command, ...]]:
    """What becomes of an operator by an event. `call`: of RESERVE and CONNECT. Raises WrongTurn."""
    target = TRANSITIONS.get((operator.state, event))
    if target is None:
        raise WrongTurn(operator.state, event)
    if event in CHOSEN:
        target, reason = operator.then, operator.then_reason
    after = _move(operator, target, reason, call, now)
    after = _choose(after, event, target, reason)
    return after, _commands(operator, event, target)


def _move(operator: Operator, target: State, reason: Reason | None, call: CallId | None, now: float) -> Operator:
    if target is operator.state:
        changed = reason if target is State.NOT_READY else operator.reason
        return replace(operator, reason=changed, call=call or operator.call)
    keeps = operator.call if target in (State.TALKING, State.WRAP_UP) else None
    return replace(operator, state=target, since=now, reason=reason, call=call or keeps)


def _choose(operator: Operator, event: Event, target: State, reason: Reason | None) -> Operator:
    if target is State.READY:
        return replace(operator, then=State.READY, then_reason=None)
    if target in (State.OFFLINE, State.NOT_READY):
        return replace(operator, then=State.NOT_READY, then_reason=None)
    if event in CHOICES:
        return replace(operator, then=CHOICES[event], then_reason=reason)
    return operator


def _commands(operator: Operator, event: Event, target: State) -> tuple[Command, ...]:
    commands = COMMANDS.get((operator.state, event), ())
    if target is operator.state:
        return commands
    down = target is State.OFFLINE and event not in _LEG_IS_DOWN
    leave = EXIT.get(operator.state, ()) + ((Command.HANG_UP_PHONE,) if down else ())
    return leave + commands + ENTRY.get(target, ())
