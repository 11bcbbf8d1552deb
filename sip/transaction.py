"""The four transaction machines of RFC 3261 §17, with RFC 6026, as one table. Sans-IO: `now` is an argument,
bytes leave through a callable, time through the `TimerQueue`.

`TRANSITIONS` is the specification: (state, event) gives the next state, what is done on the way, and where it is
written. What is not in it is an error that names both.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, auto
from hashlib import blake2s
from typing import Protocol

from sip.errors import WrongState
from sip.message import Fields, Request, Response
from sip.timers import T1, T2, T4, TIMEOUT, WAIT_D, Timer, TimerQueue
from sip.transport import Address

COOKIE = "z9hG4bK"


class State(IntEnum):
    """IC, NC: client of an INVITE, of another request. IS, NS: server."""

    NEW = auto()
    IC_CALLING = auto()
    IC_PROCEEDING = auto()
    IC_COMPLETED = auto()
    IC_ACCEPTED = auto()
    NC_TRYING = auto()
    NC_PROCEEDING = auto()
    NC_COMPLETED = auto()
    IS_PROCEEDING = auto()
    IS_COMPLETED = auto()
    IS_CONFIRMED = auto()
    IS_ACCEPTED = auto()
    NS_TRYING = auto()
    NS_PROCEEDING = auto()
    NS_COMPLETED = auto()
    TERMINATED = auto()


class Event(IntEnum):
    SEND_INVITE = auto()
    SEND_REQUEST = auto()
    GOT_INVITE = auto()
    GOT_REQUEST = auto()
    GOT_1XX = auto()
    GOT_2XX = auto()
    GOT_3XX = auto()  # 300 to 699
    GOT_AGAIN = auto()  # the request once more
    GOT_ACK = auto()
    SEND_1XX = auto()
    SEND_2XX = auto()
    SEND_3XX = auto()  # 300 to 699
    TRANSPORT_ERROR = auto()
    TIMER_A = auto()
    TIMER_B = auto()
    TIMER_D = auto()
    TIMER_E = auto()
    TIMER_F = auto()
    TIMER_G = auto()
    TIMER_H = auto()
    TIMER_I = auto()
    TIMER_J = auto()
    TIMER_K = auto()
    TIMER_L = auto()
    TIMER_M = auto()


class Act(IntEnum):
    """What is done on a transition. PASS stands last: the user may drive the machine on from inside it."""

    TRANSMIT = auto()  # the request, or the last response
    ACK = auto()  # for a final answer other than 2xx (§17.1.1.3)
    STOP = auto()  # both timers
    REPEAT_A = auto()
    REPEAT_E = auto()
    REPEAT_G = auto()
    DOUBLE = auto()  # the interval of A
    DOUBLE_TO_T2 = auto()  # the interval of E or G, at most T2
    AT_T2 = auto()
    LIMIT_B = auto()
    LIMIT_D = auto()
    LIMIT_F = auto()
    LIMIT_H = auto()
    LIMIT_I = auto()
    LIMIT_J = auto()
    LIMIT_K = auto()
    LIMIT_L = auto()
    LIMIT_M = auto()
    PASS = auto()
    TELL_TIMEOUT = auto()
    TELL_TRANSPORT = auto()


Step = tuple[State, tuple[Act, ...], str]

S, E, A = State, Event, Act
TRANSITIONS: dict[tuple[State, Event], Step] = {
    # ------------------------------------------------------------ INVITE client, §17.1.1 and RFC 6026 §7.2
    (S.NEW, E.SEND_INVITE): (S.IC_CALLING, (A.REPEAT_A, A.LIMIT_B, A.TRANSMIT), "3261 §17.1.1.2 ¶2"),
    (S.IC_CALLING, E.TIMER_A): (S.IC_CALLING, (A.DOUBLE, A.TRANSMIT), "3261 §17.1.1.2 ¶2"),
    (S.IC_CALLING, E.TIMER_B): (S.TERMINATED, (A.STOP, A.TELL_TIMEOUT), "3261 §17.1.1.2 ¶4"),
    (S.IC_CALLING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.1.4"),
    (S.IC_CALLING, E.GOT_1XX): (S.IC_PROCEEDING, (A.STOP, A.PASS), "3261 §17.1.1.2 ¶5"),
    (S.IC_CALLING, E.GOT_2XX): (S.IC_ACCEPTED, (A.STOP, A.LIMIT_M, A.PASS), "6026 §7.2"),
    (S.IC_CALLING, E.GOT_3XX): (S.IC_COMPLETED, (A.STOP, A.ACK, A.LIMIT_D, A.PASS), "3261 §17.1.1.2 ¶6"),
    (S.IC_PROCEEDING, E.GOT_1XX): (S.IC_PROCEEDING, (A.PASS,), "3261 §17.1.1.2 ¶5"),
    (S.IC_PROCEEDING, E.GOT_2XX): (S.IC_ACCEPTED, (A.LIMIT_M, A.PASS), "6026 §7.2"),
    (S.IC_PROCEEDING, E.GOT_3XX): (S.IC_COMPLETED, (A.ACK, A.LIMIT_D, A.PASS), "3261 §17.1.1.2 ¶6"),
    (S.IC_PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.TELL_TRANSPORT,), "3261 §17.1.4"),
    (S.IC_COMPLETED, E.GOT_1XX): (S.IC_COMPLETED, (), "3261 figure 5: late, ignored"),
    (S.IC_COMPLETED, E.GOT_2XX): (S.IC_COMPLETED, (A.PASS,), "3261 §13.2.2.4: another fork answered; its user ends it"),
    (S.IC_COMPLETED, E.GOT_3XX): (S.IC_COMPLETED, (A.ACK,), "3261 §17.1.1.2 ¶7"),
    (S.IC_COMPLETED, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.1.1.2 ¶9"),
    (S.IC_COMPLETED, E.TIMER_D): (S.TERMINATED, (), "3261 §17.1.1.2 ¶8"),
    (S.IC_ACCEPTED, E.GOT_1XX): (S.IC_ACCEPTED, (), "6026 §7.2"),
    (S.IC_ACCEPTED, E.GOT_2XX): (S.IC_ACCEPTED, (A.PASS,), "6026 §7.2: repeated or forked"),
    (S.IC_ACCEPTED, E.GOT_3XX): (S.IC_ACCEPTED, (), "6026 §7.2"),
    (S.IC_ACCEPTED, E.TRANSPORT_ERROR): (S.IC_ACCEPTED, (), "6026 §7.2: nothing of the machine's is under way"),
    (S.IC_ACCEPTED, E.TIMER_M): (S.TERMINATED, (), "6026 §7.2"),
    # ------------------------------------------------------------ other client, §17.1.2
    (S.NEW, E.SEND_REQUEST): (S.NC_TRYING, (A.REPEAT_E, A.LIMIT_F, A.TRANSMIT), "3261 §17.1.2.2 ¶1"),
    (S.NC_TRYING, E.TIMER_E): (S.NC_TRYING, (A.DOUBLE_TO_T2, A.TRANSMIT), "3261 §17.1.2.2 ¶2"),
    (S.NC_TRYING, E.TIMER_F): (S.TERMINATED, (A.STOP, A.TELL_TIMEOUT), "3261 §17.1.2.2 ¶3"),
    (S.NC_TRYING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.1.2.2 ¶3"),
    (S.NC_TRYING, E.GOT_1XX): (S.NC_PROCEEDING, (A.PASS,), "3261 §17.1.2.2 ¶4"),
    (S.NC_TRYING, E.GOT_2XX): (S.NC_COMPLETED, (A.STOP, A.LIMIT_K, A.PASS), "3261 §17.1.2.2 ¶4"),
    (S.NC_TRYING, E.GOT_3XX): (S.NC_COMPLETED, (A.STOP, A.LIMIT_K, A.PASS), "3261 §17.1.2.2 ¶4"),
    (S.NC_PROCEEDING, E.TIMER_E): (S.NC_PROCEEDING, (A.AT_T2, A.TRANSMIT), "3261 §17.1.2.2 ¶5"),
    (S.NC_PROCEEDING, E.TIMER_F): (S.TERMINATED, (A.STOP, A.TELL_TIMEOUT), "3261 §17.1.2.2 ¶5"),
    (S.NC_PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.1.2.2 ¶5"),
    (S.NC_PROCEEDING, E.GOT_1XX): (S.NC_PROCEEDING, (A.PASS,), "3261 figure 6"),
    (S.NC_PROCEEDING, E.GOT_2XX): (S.NC_COMPLETED, (A.STOP, A.LIMIT_K, A.PASS), "3261 §17.1.2.2 ¶5"),
    (S.NC_PROCEEDING, E.GOT_3XX): (S.NC_COMPLETED, (A.STOP, A.LIMIT_K, A.PASS), "3261 §17.1.2.2 ¶5"),
    (S.NC_COMPLETED, E.GOT_1XX): (S.NC_COMPLETED, (), "3261 §17.1.2.2 ¶6: buffered, not passed"),
    (S.NC_COMPLETED, E.GOT_2XX): (S.NC_COMPLETED, (), "3261 §17.1.2.2 ¶6: buffered, not passed"),
    (S.NC_COMPLETED, E.GOT_3XX): (S.NC_COMPLETED, (), "3261 §17.1.2.2 ¶6: buffered, not passed"),
    (S.NC_COMPLETED, E.TRANSPORT_ERROR): (S.NC_COMPLETED, (), "3261 figure 6: nothing is under way"),
    (S.NC_COMPLETED, E.TIMER_K): (S.TERMINATED, (), "3261 §17.1.2.2 ¶7"),
    # ------------------------------------------------------------ INVITE server, §17.2.1 and RFC 6026 §7.1
    (S.NEW, E.GOT_INVITE): (S.IS_PROCEEDING, (A.PASS,), "3261 §17.2.1 ¶2"),
    (S.IS_PROCEEDING, E.GOT_AGAIN): (S.IS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.1 ¶3"),
    (S.IS_PROCEEDING, E.GOT_ACK): (S.IS_PROCEEDING, (), "3261 figure 7: nothing to acknowledge yet"),
    (S.IS_PROCEEDING, E.SEND_1XX): (S.IS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.1 ¶3"),
    (S.IS_PROCEEDING, E.SEND_2XX): (S.IS_ACCEPTED, (A.LIMIT_L, A.TRANSMIT), "6026 §7.1"),
    (S.IS_PROCEEDING, E.SEND_3XX): (S.IS_COMPLETED, (A.REPEAT_G, A.LIMIT_H, A.TRANSMIT), "3261 §17.2.1 ¶5"),
    (S.IS_PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.TELL_TRANSPORT,), "3261 §17.2.4"),
    (S.IS_COMPLETED, E.GOT_AGAIN): (S.IS_COMPLETED, (A.TRANSMIT,), "3261 §17.2.1 ¶6"),
    (S.IS_COMPLETED, E.TIMER_G): (S.IS_COMPLETED, (A.DOUBLE_TO_T2, A.TRANSMIT), "3261 §17.2.1 ¶6"),
    (S.IS_COMPLETED, E.TIMER_H): (S.TERMINATED, (A.STOP, A.TELL_TIMEOUT), "3261 §17.2.1 ¶8"),
    (S.IS_COMPLETED, E.GOT_ACK): (S.IS_CONFIRMED, (A.STOP, A.LIMIT_I), "3261 §17.2.1 ¶7"),
    (S.IS_COMPLETED, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.2.4"),
    (S.IS_CONFIRMED, E.GOT_AGAIN): (S.IS_CONFIRMED, (), "3261 §17.2.1 ¶9"),
    (S.IS_CONFIRMED, E.GOT_ACK): (S.IS_CONFIRMED, (), "3261 §17.2.1 ¶9"),
    (S.IS_CONFIRMED, E.TRANSPORT_ERROR): (S.IS_CONFIRMED, (), "3261 figure 7: nothing is under way"),
    (S.IS_CONFIRMED, E.TIMER_I): (S.TERMINATED, (), "3261 §17.2.1 ¶9"),
    (S.IS_ACCEPTED, E.GOT_AGAIN): (S.IS_ACCEPTED, (), "6026 §7.1: absorbed, the user repeats its 2xx"),
    (S.IS_ACCEPTED, E.GOT_ACK): (S.IS_ACCEPTED, (A.PASS,), "6026 §7.1"),
    (S.IS_ACCEPTED, E.SEND_2XX): (S.IS_ACCEPTED, (A.TRANSMIT,), "6026 §7.1"),
    (S.IS_ACCEPTED, E.TRANSPORT_ERROR): (S.IS_ACCEPTED, (A.TELL_TRANSPORT,), "6026 §7.1"),
    (S.IS_ACCEPTED, E.TIMER_L): (S.TERMINATED, (), "6026 §7.1"),
    # ------------------------------------------------------------ other server, §17.2.2
    (S.NEW, E.GOT_REQUEST): (S.NS_TRYING, (A.PASS,), "3261 §17.2.2 ¶1"),
    (S.NS_TRYING, E.GOT_AGAIN): (S.NS_TRYING, (), "3261 §17.2.2 ¶2"),
    (S.NS_TRYING, E.SEND_1XX): (S.NS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.2 ¶2"),
    (S.NS_TRYING, E.SEND_2XX): (S.NS_COMPLETED, (A.LIMIT_J, A.TRANSMIT), "3261 §17.2.2 ¶2"),
    (S.NS_TRYING, E.SEND_3XX): (S.NS_COMPLETED, (A.LIMIT_J, A.TRANSMIT), "3261 §17.2.2 ¶2"),
    (S.NS_TRYING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.TELL_TRANSPORT,), "3261 §17.2.4"),
    (S.NS_PROCEEDING, E.GOT_AGAIN): (S.NS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.2 ¶3"),
    (S.NS_PROCEEDING, E.SEND_1XX): (S.NS_PROCEEDING, (A.TRANSMIT,), "3261 §17.2.2 ¶3"),
    (S.NS_PROCEEDING, E.SEND_2XX): (S.NS_COMPLETED, (A.LIMIT_J, A.TRANSMIT), "3261 §17.2.2 ¶3"),
    (S.NS_PROCEEDING, E.SEND_3XX): (S.NS_COMPLETED, (A.LIMIT_J, A.TRANSMIT), "3261 §17.2.2 ¶3"),
    (S.NS_PROCEEDING, E.TRANSPORT_ERROR): (S.TERMINATED, (A.TELL_TRANSPORT,), "3261 §17.2.4"),
    (S.NS_COMPLETED, E.GOT_AGAIN): (S.NS_COMPLETED, (A.TRANSMIT,), "3261 §17.2.2 ¶4"),
    (S.NS_COMPLETED, E.SEND_1XX): (S.NS_COMPLETED, (), "3261 §17.2.2 ¶4: discarded"),
    (S.NS_COMPLETED, E.SEND_2XX): (S.NS_COMPLETED, (), "3261 §17.2.2 ¶4: discarded"),
    (S.NS_COMPLETED, E.SEND_3XX): (S.NS_COMPLETED, (), "3261 §17.2.2 ¶4: discarded"),
    (S.NS_COMPLETED, E.TRANSPORT_ERROR): (S.TERMINATED, (A.STOP, A.TELL_TRANSPORT), "3261 §17.2.4"),
    (S.NS_COMPLETED, E.TIMER_J): (S.TERMINATED, (), "3261 §17.2.2 ¶5"),
}
del S, E, A


class User(Protocol):
    """What a transaction tells; `sip.transactions` gives incoming requests to the agent, not to a user."""

    def on_response(self, transaction: Transaction, response: Response, now: float) -> None: ...

    def on_timeout(self, transaction: Transaction, now: float) -> None: ...

    def on_transport_error(self, transaction: Transaction, now: float) -> None: ...


class ServerUser(Protocol):
    """The user of a server transaction, once the agent has found or made one."""

    def on_timeout(self, transaction: Transaction, now: float) -> None: ...

    def on_transport_error(self, transaction: Transaction, now: float) -> None: ...


class Home(Protocol):
    """What a transaction needs around it."""

    timers: TimerQueue

    def transmit(self, transaction: Transaction, data: bytes, now: float) -> None: ...

    def deliver(self, transaction: Transaction, message: Request | Response, now: float) -> None: ...

    def forget(self, transaction: Transaction) -> None: ...


class Transaction:
    """One machine. Drive it by `step`; `address` is where it sends to."""

    __slots__ = (
        "_home",
        "_interval",
        "_last",
        "_limit",
        "_repeat",
        "address",
        "key",
        "reliable",
        "request",
        "state",
        "user",
    )

    def __init__(
        self, home: Home, key: object, request: Request, address: Address, *, reliable: bool, user: User | None
    ) -> None:
        self._home = home
        self.key = key
        self.request = request
        self.address = address
        self.reliable = reliable
        self.user: User | ServerUser | None = user
        self.state = State.NEW
        self._last = b""
        self._interval = T1
        self._repeat: Timer | None = None
        self._limit: Timer | None = None

    def step(self, event: Event, now: float, message: Request | Response | None = None) -> None:
        """Make one transition. Raises `WrongState` for what the table does not hold."""
        found = TRANSITIONS.get((self.state, event))
        if found is None:
            raise WrongState(f"{Event(event).name} in {self.state.name}")
        self.state = found[0]
        for act in found[1]:
            _DO[act](self, now, message)
        if found[0] is State.TERMINATED:
            self._home.forget(self)

    def start(self, now: float) -> None:
        """Send the request (client)."""
        self._last = self.request.encode()
        self.step(Event.SEND_INVITE if self.request.method == "INVITE" else Event.SEND_REQUEST, now)

    def respond(self, response: Response, now: float) -> None:
        """Send a response (server). Raises `WrongState` when a final one was sent, or the machine has ended."""
        data = response.encode()
        event = _sending(response.status)
        if (self.state, event) not in TRANSITIONS:
            raise WrongState(f"{event.name} in {self.state.name}")
        if self.state is not State.NS_COMPLETED:
            self._last = data
        self.step(event, now, response)

    def receive(self, response: Response, now: float) -> None:
        """A response came (client)."""
        status = response.status
        event = Event.GOT_1XX if status < 200 else Event.GOT_2XX if status < 300 else Event.GOT_3XX
        self.step(event, now, response)

    def on_timer(self, event: int, now: float) -> None:
        self.step(Event(event), now)

    def stop(self) -> None:
        """End without telling anybody."""
        self._stop(0.0, None)
        self.state = State.TERMINATED

    @property
    def is_waiting(self) -> bool:
        """Whether this client still waits for a final answer."""
        return self.state in (State.IC_CALLING, State.IC_PROCEEDING, State.NC_TRYING, State.NC_PROCEEDING)

    # ------------------------------------------------------------ what is done on the way

    def _transmit(self, now: float, _message: object) -> None:
        if self._last:
            self._home.transmit(self, self._last, now)

    def _ack(self, now: float, message: object) -> None:
        assert isinstance(message, Response)
        self._home.transmit(self, ack_for(self.request, message).encode(), now)

    def _stop(self, _now: float, _message: object) -> None:
        self._home.timers.cancel(self._repeat)
        self._home.timers.cancel(self._limit)

    def _repeat_by(self, event: Event, now: float) -> None:
        if not self.reliable:
            self._repeat = self._home.timers.set(now + self._interval, self, event)

    def _again(self, interval: float, now: float) -> None:
        self._interval = interval
        event = _REPEATS[self.state]
        self._repeat = self._home.timers.set(now + interval, self, event)

    def _limit_by(self, event: Event, delay: float, now: float) -> None:
        self._limit = self._home.timers.set(now + delay, self, event)

    def _wait(self, event: Event, delay: float, now: float) -> None:
        """A timer that only absorbs repeats: none can come over a reliable transport (§17, Table 4)."""
        self._limit = self._home.timers.set(now + (0.0 if self.reliable else delay), self, event)

    def _pass(self, now: float, message: object) -> None:
        assert isinstance(message, Request | Response)
        self._home.deliver(self, message, now)

    def _tell_timeout(self, now: float, _message: object) -> None:
        if self.user is not None:
            self.user.on_timeout(self, now)

    def _tell_transport(self, now: float, _message: object) -> None:
        if self.user is not None:
            self.user.on_transport_error(self, now)


_REPEATS = {
    State.IC_CALLING: Event.TIMER_A,
    State.NC_TRYING: Event.TIMER_E,
    State.NC_PROCEEDING: Event.TIMER_E,
    State.IS_COMPLETED: Event.TIMER_G,
}

# pyright: reportPrivateUsage=false
_DO: dict[int, Callable[[Transaction, float, object], None]] = {
    Act.TRANSMIT: Transaction._transmit,
    Act.ACK: Transaction._ack,
    Act.STOP: Transaction._stop,
    Act.REPEAT_A: lambda t, now, _: t._repeat_by(Event.TIMER_A, now),
    Act.REPEAT_E: lambda t, now, _: t._repeat_by(Event.TIMER_E, now),
    Act.REPEAT_G: lambda t, now, _: t._repeat_by(Event.TIMER_G, now),
    Act.DOUBLE: lambda t, now, _: t._again(t._interval * 2, now),
    Act.DOUBLE_TO_T2: lambda t, now, _: t._again(min(t._interval * 2, T2), now),
    Act.AT_T2: lambda t, now, _: t._again(T2, now),
    Act.LIMIT_B: lambda t, now, _: t._limit_by(Event.TIMER_B, TIMEOUT, now),
    Act.LIMIT_F: lambda t, now, _: t._limit_by(Event.TIMER_F, TIMEOUT, now),
    Act.LIMIT_H: lambda t, now, _: t._limit_by(Event.TIMER_H, TIMEOUT, now),
    Act.LIMIT_L: lambda t, now, _: t._limit_by(Event.TIMER_L, TIMEOUT, now),
    Act.LIMIT_M: lambda t, now, _: t._limit_by(Event.TIMER_M, TIMEOUT, now),
    Act.LIMIT_D: lambda t, now, _: t._wait(Event.TIMER_D, WAIT_D, now),
    Act.LIMIT_I: lambda t, now, _: t._wait(Event.TIMER_I, T4, now),
    Act.LIMIT_J: lambda t, now, _: t._wait(Event.TIMER_J, TIMEOUT, now),
    Act.LIMIT_K: lambda t, now, _: t._wait(Event.TIMER_K, T4, now),
    Act.PASS: Transaction._pass,
    Act.TELL_TIMEOUT: Transaction._tell_timeout,
    Act.TELL_TRANSPORT: Transaction._tell_transport,
}


def _sending(status: int) -> Event:
    return Event.SEND_1XX if status < 200 else Event.SEND_2XX if status < 300 else Event.SEND_3XX


def branch_for(call_id: str, from_tag: str, cseq: int, method: str) -> str:
    """The branch of a request, derived so that it is known after a crash: the same for an INVITE, its CANCEL and the
    ACK of its refusal (§9.1, §17.1.1.3), another for every other method and CSeq."""
    kind = "INVITE" if method == "CANCEL" else method
    text = f"{call_id}\0{from_tag}\0{cseq}\0{kind}".encode("utf-8", "surrogateescape")
    return COOKIE + blake2s(text, digest_size=12).hexdigest()


def ack_for(invite: Request, response: Response) -> Request:
    """The ACK of a final answer other than 2xx, inside the INVITE's transaction (§17.1.1.3)."""
    return _beside(invite, "ACK", response.headers["to"])


def cancel_for(invite: Request) -> Request:
    """The CANCEL of an INVITE (§9.1)."""
    return _beside(invite, "CANCEL", invite.headers["to"])


def _beside(invite: Request, method: str, to: list[str]) -> Request:
    theirs = invite.headers
    fields: Fields = {"via": theirs["via"][:1], "max-forwards": ["70"]}
    if "route" in theirs:
        fields["route"] = theirs["route"]
    fields |= {"from": theirs["from"], "to": to, "call-id": theirs["call-id"]}
    fields["cseq"] = [f"{invite.cseq.number} {method}"]
    return Request(method, invite.uri, fields)
