"""The life of one call, outgoing or incoming, as a table. Pure: the engine carries the commands out.

Outgoing: placing → dialing → ringing → answered → connected → ended, with `message` for people whom nobody
could take in time. Where machines are told from people `listening` comes before answered, and a machine that is to
have a message is at `beep` until it may begin. Incoming: offered → greeting → waiting → connected → ended. `waiting`
is shared: a customer whose operator's leg died waits there too.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from dialer.errors import WrongTurn
from dialer.outcomes import Outcome, outcome_of_status


class State(StrEnum):
    PLACING = "placing"  # decided, not sent: the rules and the store are being asked
    DIALING = "dialing"
    RINGING = "ringing"
    REDIRECTED = "redirected"  # a 3xx named other numbers: the rules and the store are being asked
    CANCELLING = "cancelling"
    LISTENING = "listening"  # the detector listens to who answered
    BEEP = "beep"  # a machine; its beep is awaited
    ANSWERED = "answered"  # a person is there, no operator yet, the connect limit runs
    MESSAGE = "message"  # one is played, to a person or a machine
    OFFERED = "offered"
    GREETING = "greeting"
    WAITING = "waiting"
    CONNECTED = "connected"
    ENDING = "ending"  # we hung up, the line has not confirmed it yet
    ENDED = "ended"


class Event(StrEnum):
    SENT = "sent"
    RANG = "rang"
    REDIRECTED = "redirected"
    ANSWERED = "answered"
    PICKED_UP = "picked_up"  # answered, and it is to be told by whom
    HUMAN = "human"
    MACHINE = "machine"
    FAX = "fax"
    VOICEMAIL = "voicemail"  # a machine that is to have a message
    BEEPED = "beeped"
    FAILED = "failed"
    RING_LIMIT = "ring_limit"
    TAKE_BACK = "take_back"
    JOINED = "joined"
    OUT_OF_TIME = "out_of_time"
    MESSAGE_OVER = "message_over"
    GREETED = "greeted"
    ORPHANED = "orphaned"  # the operator's leg ended while talking
    HANG_UP = "hang_up"
    GONE = "gone"


class Command(StrEnum):
    CANCEL = "cancel"
    HANG_UP = "hang_up"
    REFUSE = "refuse"
    FOLLOW = "follow"
    LISTEN = "listen"
    AWAIT_BEEP = "await_beep"
    LEAVE_MESSAGE = "leave_message"
    ROUTE = "route"
    PLAY_MESSAGE = "play_message"
    PLAY_GREETING = "play_greeting"
    FINISH = "finish"


S, E, C = State, Event, Command

TRANSITIONS: dict[tuple[State, Event], State] = {
    (S.PLACING, E.SENT): S.DIALING,
    (S.PLACING, E.TAKE_BACK): S.ENDED,
    (S.PLACING, E.HANG_UP): S.ENDED,
    (S.DIALING, E.RANG): S.RINGING,
    (S.DIALING, E.ANSWERED): S.ANSWERED,
    (S.DIALING, E.PICKED_UP): S.LISTENING,
    (S.DIALING, E.FAILED): S.ENDED,
    (S.DIALING, E.RING_LIMIT): S.CANCELLING,
    (S.DIALING, E.TAKE_BACK): S.CANCELLING,
    (S.DIALING, E.HANG_UP): S.CANCELLING,
    (S.RINGING, E.RANG): S.RINGING,
    (S.RINGING, E.ANSWERED): S.ANSWERED,
    (S.RINGING, E.PICKED_UP): S.LISTENING,
    (S.RINGING, E.FAILED): S.ENDED,
    (S.RINGING, E.RING_LIMIT): S.CANCELLING,
    (S.RINGING, E.TAKE_BACK): S.CANCELLING,
    (S.RINGING, E.HANG_UP): S.CANCELLING,
    (S.DIALING, E.REDIRECTED): S.REDIRECTED,
    (S.RINGING, E.REDIRECTED): S.REDIRECTED,
    (S.REDIRECTED, E.SENT): S.DIALING,
    (S.REDIRECTED, E.FAILED): S.ENDED,
    (S.REDIRECTED, E.TAKE_BACK): S.ENDED,
    (S.REDIRECTED, E.HANG_UP): S.ENDED,
    (S.CANCELLING, E.RANG): S.CANCELLING,
    (S.CANCELLING, E.FAILED): S.ENDED,
    (S.CANCELLING, E.ANSWERED): S.ENDING,  # a 200 OK that crossed our CANCEL (RFC 3261 §9.1)
    (S.CANCELLING, E.GONE): S.ENDED,
    (S.CANCELLING, E.TAKE_BACK): S.CANCELLING,
    (S.CANCELLING, E.HANG_UP): S.CANCELLING,
    (S.LISTENING, E.HUMAN): S.ANSWERED,
    (S.LISTENING, E.MACHINE): S.ENDING,
    (S.LISTENING, E.FAX): S.ENDING,
    (S.LISTENING, E.VOICEMAIL): S.BEEP,
    (S.LISTENING, E.GONE): S.ENDED,
    (S.LISTENING, E.HANG_UP): S.ENDING,
    (S.BEEP, E.BEEPED): S.MESSAGE,
    (S.BEEP, E.OUT_OF_TIME): S.ENDING,
    (S.BEEP, E.GONE): S.ENDED,
    (S.BEEP, E.HANG_UP): S.ENDING,
    (S.ANSWERED, E.JOINED): S.CONNECTED,
    (S.ANSWERED, E.OUT_OF_TIME): S.MESSAGE,
    (S.ANSWERED, E.GONE): S.ENDED,
    (S.ANSWERED, E.HANG_UP): S.ENDING,
    (S.MESSAGE, E.MESSAGE_OVER): S.ENDING,
    (S.MESSAGE, E.GONE): S.ENDED,
    (S.MESSAGE, E.HANG_UP): S.ENDING,
    (S.OFFERED, E.ANSWERED): S.GREETING,
    (S.OFFERED, E.FAILED): S.ENDED,
    (S.OFFERED, E.GONE): S.ENDED,
    (S.OFFERED, E.HANG_UP): S.ENDED,
    (S.GREETING, E.GREETED): S.WAITING,
    (S.GREETING, E.GONE): S.ENDED,
    (S.GREETING, E.HANG_UP): S.ENDING,
    (S.WAITING, E.JOINED): S.CONNECTED,
    (S.WAITING, E.GONE): S.ENDED,
    (S.WAITING, E.HANG_UP): S.ENDING,
    (S.CONNECTED, E.JOINED): S.CONNECTED,  # handed on
    (S.CONNECTED, E.ORPHANED): S.WAITING,
    (S.CONNECTED, E.GONE): S.ENDED,
    (S.CONNECTED, E.HANG_UP): S.ENDING,
    (S.ENDING, E.GONE): S.ENDED,
    (S.ENDING, E.FAILED): S.ENDED,
    (S.ENDING, E.ANSWERED): S.ENDING,
    (S.ENDING, E.HANG_UP): S.ENDING,
}

COMMANDS: dict[tuple[State, Event], tuple[Command, ...]] = {
    (S.DIALING, E.ANSWERED): (C.ROUTE,),
    (S.RINGING, E.ANSWERED): (C.ROUTE,),
    (S.DIALING, E.PICKED_UP): (C.LISTEN,),
    (S.RINGING, E.PICKED_UP): (C.LISTEN,),
    (S.LISTENING, E.HUMAN): (C.ROUTE,),
    (S.LISTENING, E.MACHINE): (C.HANG_UP,),
    (S.LISTENING, E.FAX): (C.HANG_UP,),
    (S.LISTENING, E.VOICEMAIL): (C.AWAIT_BEEP,),
    (S.LISTENING, E.HANG_UP): (C.HANG_UP,),
    (S.BEEP, E.BEEPED): (C.LEAVE_MESSAGE,),
    (S.BEEP, E.OUT_OF_TIME): (C.HANG_UP,),
    (S.BEEP, E.HANG_UP): (C.HANG_UP,),
    (S.DIALING, E.REDIRECTED): (C.FOLLOW,),
    (S.RINGING, E.REDIRECTED): (C.FOLLOW,),
    (S.DIALING, E.RING_LIMIT): (C.CANCEL,),
    (S.RINGING, E.RING_LIMIT): (C.CANCEL,),
    (S.DIALING, E.TAKE_BACK): (C.CANCEL,),
    (S.RINGING, E.TAKE_BACK): (C.CANCEL,),
    (S.DIALING, E.HANG_UP): (C.CANCEL,),
    (S.RINGING, E.HANG_UP): (C.CANCEL,),
    (S.CANCELLING, E.ANSWERED): (C.HANG_UP,),
    (S.ANSWERED, E.OUT_OF_TIME): (C.PLAY_MESSAGE,),
    (S.ANSWERED, E.HANG_UP): (C.HANG_UP,),
    (S.MESSAGE, E.MESSAGE_OVER): (C.HANG_UP,),
    (S.MESSAGE, E.HANG_UP): (C.HANG_UP,),
    (S.OFFERED, E.ANSWERED): (C.PLAY_GREETING,),
    (S.OFFERED, E.HANG_UP): (C.REFUSE,),
    (S.GREETING, E.GREETED): (C.ROUTE,),
    (S.GREETING, E.HANG_UP): (C.HANG_UP,),
    (S.WAITING, E.HANG_UP): (C.HANG_UP,),
    (S.CONNECTED, E.ORPHANED): (C.ROUTE,),
    (S.CONNECTED, E.HANG_UP): (C.HANG_UP,),
    (S.ENDING, E.ANSWERED): (C.HANG_UP,),
}

UNANSWERED = frozenset({S.PLACING, S.DIALING, S.RINGING, S.REDIRECTED})
NOBODY = frozenset({E.MACHINE, E.FAX, E.VOICEMAIL})
IN_LINE = frozenset({S.ANSWERED, S.WAITING})
_WAITS = frozenset({S.LISTENING, S.ANSWERED})
_TAKES_BACK = frozenset({E.RING_LIMIT, E.TAKE_BACK, E.HANG_UP})


@dataclass(frozen=True, slots=True)
class Life:
    """Where a call stands. Times are monotonic seconds; None: it has not come to that."""

    state: State
    began_at: float
    rang_at: float | None = None
    answered_at: float | None = None
    joined_at: float | None = None
    parted_at: float | None = None
    ended_at: float | None = None
    sent: bool = False  # the INVITE has left
    taken_back: Event | None = None  # why it was cancelled
    nobody: Event | None = None  # what the detector said, if it was no person
    undelivered: bool = False  # the connect limit passed, or we hung up on a person who waited

    @property
    def ring_s(self) -> float:
        """Seconds from the INVITE to the answer or the end."""
        end = self.answered_at if self.answered_at is not None else self.ended_at
        return 0.0 if end is None else max(0.0, end - self.began_at)

    @property
    def talk_s(self) -> float:
        """Seconds from the first join to the last parting."""
        if self.joined_at is None or self.parted_at is None:
            return 0.0
        return max(0.0, self.parted_at - self.joined_at)


def step(life: Life, event: Event, now: float) -> tuple[Life, tuple[Command, ...]]:
    """What becomes of a life by an event. Raises WrongTurn."""
    state = TRANSITIONS.get((life.state, event))
    if state is None:
        raise WrongTurn(life.state, event)
    commands = COMMANDS.get((life.state, event), ())
    if state is State.ENDED and life.state is not State.PLACING:
        commands = (*commands, Command.FINISH)
    return _stamp(life, event, state, now), commands


def _stamp(life: Life, event: Event, state: State, now: float) -> Life:
    changed = replace(life, state=state)
    if event is Event.SENT:
        changed = replace(changed, began_at=now, sent=True)
    elif event is Event.RANG and life.rang_at is None:
        changed = replace(changed, rang_at=now)
    elif event in (Event.ANSWERED, Event.PICKED_UP) and life.answered_at is None:
        changed = replace(changed, answered_at=now)
    elif event is Event.JOINED:
        changed = replace(changed, joined_at=life.joined_at if life.joined_at is not None else now)
    elif event in NOBODY:
        changed = replace(changed, nobody=event)
    elif event is Event.OUT_OF_TIME or (life.state in _WAITS and event is Event.HANG_UP):
        changed = replace(changed, undelivered=True)
    if life.state is State.CONNECTED:
        changed = replace(changed, parted_at=now)
    if life.state in UNANSWERED and event in _TAKES_BACK:
        changed = replace(changed, taken_back=event)
    return replace(changed, ended_at=now) if state is State.ENDED else changed


def outcome(life: Life, status: int, connect_s: float) -> Outcome:
    """How an outgoing call that has ended is to be counted. `status`: the last SIP status, 0: none came.

    A hang-up inside the connect limit (`connect_s` seconds) is early, after it the call was abandoned. A call that
    was taken back and to which nothing at all came, not even an answer to that, says that the trunk is silent.
    """
    if life.joined_at is not None:
        return Outcome.CONNECTED
    if life.taken_back is not None:
        unheard = life.sent and status == 0 and life.rang_at is None and life.answered_at is None
        if unheard and life.taken_back is not Event.HANG_UP:
            return Outcome.NO_TRUNK
        return Outcome.NO_ANSWER if life.taken_back is Event.RING_LIMIT else Outcome.CANCELLED
    if life.nobody is not None:
        return Outcome.FAX if life.nobody is Event.FAX else Outcome.MACHINE
    if life.answered_at is not None:
        waited = (life.ended_at if life.ended_at is not None else life.answered_at) - life.answered_at
        return Outcome.ABANDONED if life.undelivered or waited >= connect_s else Outcome.HUNG_UP_EARLY
    return Outcome.NO_TRUNK if status == 0 else outcome_of_status(status)
