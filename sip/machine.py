"""One transaction: carries out `sip.transaction.TRANSITIONS`. Sans-IO: `now` is an argument, bytes leave through its
home, time comes through the home's `TimerQueue`."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2s
from typing import Protocol, cast

from sip.errors import WrongState
from sip.message import Fields, Request, Response
from sip.timers import T1, T2, T4, TIMEOUT, WAIT_D, Timer, TimerQueue
from sip.transaction import TRANSITIONS, Act, Event, State
from sip.transport import Address

COOKIE = "z9hG4bK"
_DIGEST_BYTES = 12
BRANCH_LENGTH = len(COOKIE) + 2 * _DIGEST_BYTES


LET_GO = Request("", "", {})
"""The request of a client transaction that does not need its own any more, or has never had it but as text."""


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
    """One machine. Drive it by `step`; `address` is where it sends to, `instead` where to when that cannot be."""

    __slots__ = (
        "_ends_at",
        "_home",
        "_interval",
        "_last",
        "_limit",
        "_repeat",
        "address",
        "instead",
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
        self.instead: Address | None = None
        self.reliable = reliable
        self.user: User | ServerUser | None = user
        self.state = State.NEW
        self._last = b""
        self._interval = T1
        self._ends_at = 0.0
        self._repeat: Timer | None = None
        self._limit: Timer | None = None

    def step(self, event: int, now: float, message: Request | Response | None = None) -> None:
        """Make one transition. Raises `WrongState` for what the table does not hold."""
        found = _STEPS.get((self.state, event))
        if found is None:
            raise WrongState(f"{Event(event).name} in {self.state.name}")
        self.state, acts, ends = found
        for act in acts:
            act(self, now, message)
        if ends:
            self._home.forget(self)

    def start(self, now: float, data: bytes = b"") -> None:
        """Send the request (client). `data`: its bytes, where they are known."""
        self._last = data or self.request.encode()
        self.step(Event.SEND_INVITE if self.request.method == "INVITE" else Event.SEND_REQUEST, now)

    def start_again(self, to: Address, now: float, *, reliable: bool) -> None:
        """Send the request by another way (client): nothing came back by the first."""
        self._stop(now, None)
        self.address, self.instead, self.reliable = to, None, reliable
        self.state, self._interval = State.NEW, T1
        self.start(now)

    def answer_by(self, to: Address, now: float) -> None:
        """Send responses there from now on, and the last one once more (server): it may be lost. A 2xx for an INVITE is
        repeated by its user."""
        self.address, self.instead = to, None
        if self.state is not State.IS_ACCEPTED:
            self._transmit(now, None)

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
        self.step(event, now)

    def stop(self) -> None:
        """End without telling anybody."""
        self._stop(0.0, None)
        self.state = State.TERMINATED

    @property
    def is_unanswered(self) -> bool:
        """Whether this server still owes a final answer."""
        return self.state in (State.IS_PROCEEDING, State.NS_TRYING, State.NS_PROCEEDING)

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

    def _let_go(self, _now: float, _message: object) -> None:
        self.request, self._last = LET_GO, b""

    def _stop(self, _now: float, _message: object) -> None:
        timers = self._home.timers
        if self._repeat is not None:
            timers.cancel(self._repeat)
        if self._limit is not None:
            timers.cancel(self._limit)

    def _repeat_by(self, event: Event, now: float) -> None:
        if not self.reliable:
            self._repeat = self._home.timers.after(T1, now, self, event)

    def _again(self, interval: float, now: float) -> None:
        """The next repeat, or the end where that comes first."""
        self._interval = interval
        repeat, limit = _PAIRS[self.state]
        if now + interval < self._ends_at:
            self._repeat = self._home.timers.set(now + interval, self, repeat)
        else:
            self._repeat = self._home.timers.set(self._ends_at, self, limit)

    def _give_up_by(self, event: Event, now: float) -> None:
        """The end of what is repeated: needs no timer of its own, since the last repeat sets it."""
        self._ends_at = now + TIMEOUT
        if self.reliable:
            self._limit_by(event, TIMEOUT, now)

    def _limit_by(self, event: Event, delay: float, now: float) -> None:
        self._limit = self._home.timers.after(delay, now, self, event)

    def _wait(self, event: Event, delay: float, now: float) -> None:
        """A timer that only absorbs repeats: none can come over a reliable transport (§17, Table 4)."""
        self._limit = self._home.timers.after(0.0 if self.reliable else delay, now, self, event)

    def _pass(self, now: float, message: object) -> None:
        self._home.deliver(self, cast("Request | Response", message), now)

    def _tell_timeout(self, now: float, _message: object) -> None:
        if self.user is not None:
            self.user.on_timeout(self, now)

    def _tell_transport(self, now: float, _message: object) -> None:
        if self.user is not None:
            self.user.on_transport_error(self, now)


_PAIRS = {
    State.IC_CALLING: (Event.TIMER_A, Event.TIMER_B),
    State.NC_TRYING: (Event.TIMER_E, Event.TIMER_F),
    State.NC_PROCEEDING: (Event.TIMER_E, Event.TIMER_F),
    State.IS_COMPLETED: (Event.TIMER_G, Event.TIMER_H),
}
"""The timer that repeats in a state, and the one that ends that."""

# pyright: reportPrivateUsage=false
Do = Callable[[Transaction, float, object], None]
_DO: dict[int, Do] = {
    Act.TRANSMIT: Transaction._transmit,
    Act.ACK: Transaction._ack,
    Act.STOP: Transaction._stop,
    Act.LET_GO: Transaction._let_go,
    Act.REPEAT_A: lambda t, now, _: t._repeat_by(Event.TIMER_A, now),
    Act.REPEAT_E: lambda t, now, _: t._repeat_by(Event.TIMER_E, now),
    Act.REPEAT_G: lambda t, now, _: t._repeat_by(Event.TIMER_G, now),
    Act.DOUBLE: lambda t, now, _: t._again(t._interval * 2, now),
    Act.DOUBLE_TO_T2: lambda t, now, _: t._again(min(t._interval * 2, T2), now),
    Act.AT_T2: lambda t, now, _: t._again(T2, now),
    Act.LIMIT_B: lambda t, now, _: t._give_up_by(Event.TIMER_B, now),
    Act.LIMIT_F: lambda t, now, _: t._give_up_by(Event.TIMER_F, now),
    Act.LIMIT_H: lambda t, now, _: t._give_up_by(Event.TIMER_H, now),
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

_STEPS: dict[tuple[int, int], tuple[State, tuple[Do, ...], bool]] = {
    begun: (following, tuple(_DO[act] for act in acts), following is State.TERMINATED)
    for begun, (following, acts, _) in TRANSITIONS.items()
}
"""With whether it is the end."""


def _sending(status: int) -> Event:
    return Event.SEND_1XX if status < 200 else Event.SEND_2XX if status < 300 else Event.SEND_3XX


def branch_for(call_id: str, from_tag: str, cseq: int, method: str) -> str:
    """The branch of a request, derived so that it is known after a crash: the same for an INVITE, its CANCEL and the
    ACK of its refusal (§9.1, §17.1.1.3), another for every other method and CSeq."""
    kind = "INVITE" if method == "CANCEL" else method
    text = f"{call_id}\0{from_tag}\0{cseq}\0{kind}".encode("utf-8", "surrogateescape")
    return COOKIE + blake2s(text, digest_size=_DIGEST_BYTES).hexdigest()


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
