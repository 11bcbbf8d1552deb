"""All transactions of an endpoint and how messages find theirs (RFC 3261 §17.1.3, §17.2.3). Sans-IO."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sip.machine import BRANCH_LENGTH, COOKIE, LET_GO, Transaction, User
from sip.message import Request, Response
from sip.timers import TimerQueue
from sip.transaction import Event, State
from sip.transport import Address

_ANSWERING = (
    State.IS_PROCEEDING,
    State.IS_ACCEPTED,
    State.IS_COMPLETED,
    State.NS_TRYING,
    State.NS_PROCEEDING,
    State.NS_COMPLETED,
)
"""Servers whose answer may not have arrived."""
_BRANCH = b";branch="
_BARE_OK = Response(200, "OK", {})


class Core(Protocol):
    """The agent above: what belongs to no transaction, and what begins one."""

    def on_request(self, transaction: Transaction, request: Request, now: float) -> None: ...

    def on_accepted_ack(self, transaction: Transaction, ack: Request, now: float) -> None:
        """An ACK with the INVITE's own branch for a 2xx (RFC 6026 §7.1 passes it on)."""
        ...

    def on_gone(self, transaction: Transaction) -> None:
        """A server transaction has ended."""
        ...

    def on_detour_closed(self, request: Request, refused: Address, to: Address) -> None:
        """A request that was sent another way than usual goes `to` the usual address now: write that into it."""
        ...


class Transactions:
    """`send` takes bytes and an address; it raises OSError when they cannot go. `is_reliable` knows the transports."""

    __slots__ = ("_clients", "_core", "_is_reliable", "_send", "_servers", "dropped", "timers")

    def __init__(
        self,
        core: Core,
        timers: TimerQueue,
        send: Callable[[bytes, Address], None],
        is_reliable: Callable[[Address], bool] = lambda address: address.transport != "udp",
    ) -> None:
        self._core = core
        self.timers = timers
        self._send = send
        self._is_reliable = is_reliable
        self._clients: dict[object, Transaction] = {}
        self._servers: dict[object, Transaction] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    def request(
        self,
        request: Request,
        to: Address,
        user: User,
        now: float,
        *,
        data: bytes = b"",
        branch: str = "",
        instead: Address | None = None,
    ) -> Transaction:
        """Begin a client transaction. `data`, `branch`: the request's bytes and branch, where they are known;
        `instead`: where it goes when nobody takes it at `to`. Raises `LocalError` when the request is not fit for the
        wire."""
        key = (branch or request.branch, request.method)
        transaction = Transaction(self, key, request, to, reliable=self._is_reliable(to), user=user)
        transaction.instead = instead
        self._clients[key] = transaction
        try:
            transaction.start(now, data)
        except BaseException:
            self.forget(transaction)
            raise
        return transaction

    def send(self, key: tuple[str, str], data: bytes, to: Address, user: User, now: float) -> None:
        """Begin a client transaction of a request other than INVITE that is known as text only. `key`: branch and
        method."""
        transaction = Transaction(self, key, LET_GO, to, reliable=self._is_reliable(to), user=user)
        self._clients[key] = transaction
        transaction.start(now, data)

    def settles(self, data: bytes, now: float) -> bool:
        """Whether these bytes are the 200 of a BYE that was sent as text, of which nothing else is asked: it is not
        read any further."""
        at = data.find(_BRANCH)
        transaction = self._clients.get((data[at + 8 : at + 8 + BRANCH_LENGTH].decode("latin-1"), "BYE"))
        if transaction is None or transaction.request is not LET_GO or not data.endswith(b"\r\n\r\n"):
            return False
        transaction.step(Event.GOT_2XX, now, _BARE_OK)
        return True

    def response(self, response: Response, now: float) -> bool:
        """Give a response to its client transaction; False: it has none."""
        branch, cseq = response.branch, response.headers["cseq"][0]
        transaction = self._clients.get((branch, cseq[cseq.rfind(" ") + 1 :]))
        if transaction is None:  # not ours, or not written with one space
            transaction = self._clients.get((branch, response.cseq.method))
        if transaction is None:
            return False
        transaction.receive(response, now)
        return True

    def repeated(self, request: Request, now: float) -> bool:
        """Whether the request belonged to a known transaction: a repeat, or the ACK of a refusal."""
        transaction = self._servers.get(server_key(request))
        if transaction is None:
            return False
        if request.method == "ACK":
            transaction.step(Event.GOT_ACK, now, request)
        else:
            transaction.step(Event.GOT_AGAIN, now, request)
        return True

    def accept(self, request: Request, reply_to: Address, now: float) -> Transaction:
        """Begin a server transaction; its request goes to the core."""
        key = server_key(request)
        transaction = Transaction(self, key, request, reply_to, reliable=self._is_reliable(reply_to), user=None)
        if reply_to.transport != "udp":
            transaction.instead = _listening(request, reply_to)
        self._servers[key] = transaction
        event = Event.GOT_INVITE if request.method == "INVITE" else Event.GOT_REQUEST
        transaction.step(event, now, request)
        return transaction

    def invite_of(self, cancel: Request) -> Transaction | None:
        """The INVITE that a CANCEL means (§9.2)."""
        return self._servers.get(server_key(cancel, "INVITE"))

    def unanswered(self) -> bool:
        """Whether a request of ours still waits for its final answer."""
        return any(one.is_waiting for one in self._clients.values())

    def abandon(self, transaction: Transaction) -> None:
        """Stop a client transaction whose user has lost patience."""
        transaction.stop()
        self.forget(transaction)

    def transport_failed(self, address: Address, now: float) -> None:
        """A connection broke: tell everybody who was sending there."""
        for transaction in [*self._clients.values(), *self._servers.values()]:
            if transaction.address == address and transaction.state is not State.TERMINATED:
                self.failed(transaction, now)

    def failed(self, transaction: Transaction, now: float) -> None:
        """A transaction could not send, or cannot be answered any more."""
        instead = transaction.instead
        if self._answers_elsewhere(transaction, now):
            return
        if instead is None or transaction.state not in (State.IC_CALLING, State.NC_TRYING):
            transaction.step(Event.TRANSPORT_ERROR, now)
            return
        self._core.on_detour_closed(transaction.request, transaction.address, instead)
        transaction.start_again(instead, now, reliable=self._is_reliable(instead))

    def _answers_elsewhere(self, transaction: Transaction, now: float) -> bool:
        """Whether a server has another way for its answers, which they go by from now on."""
        if transaction.instead is None or transaction.state not in _ANSWERING:
            return False
        transaction.answer_by(transaction.instead, now)
        return True

    # ------------------------------------------------------------ what transactions need

    def transmit(self, transaction: Transaction, data: bytes, now: float) -> None:
        try:
            self._send(data, transaction.address)
        except OSError:
            if not self._answers_elsewhere(transaction, now):
                self.timers.set(now, _Failure(self, transaction), Event.TRANSPORT_ERROR)

    def deliver(self, transaction: Transaction, message: Request | Response, now: float) -> None:
        if isinstance(message, Response):
            transaction.user.on_response(transaction, message, now)  # type: ignore[union-attr]
        elif message.method == "ACK":
            self._core.on_accepted_ack(transaction, message, now)
        else:
            self._core.on_request(transaction, message, now)

    def forget(self, transaction: Transaction) -> None:
        if self._clients.get(transaction.key) is transaction:
            del self._clients[transaction.key]
        elif self._servers.get(transaction.key) is transaction:
            del self._servers[transaction.key]
            self._core.on_gone(transaction)


def _listening(request: Request, source: Address) -> Address:
    """Where responses go when the connection of the request is gone: the port of sent-by, at the machine that the
    request came from and at no other, whatever the Via says (§18.2.2)."""
    return Address(source.host, request.via.port or (5061 if source.transport == "tls" else 5060), source.transport)


class _Failure:
    """Tells a transaction of a failed send in a later turn, so that its user is not called from inside its own call."""

    __slots__ = ("_home", "_transaction")

    def __init__(self, home: Transactions, transaction: Transaction) -> None:
        self._home = home
        self._transaction = transaction

    def on_timer(self, event: int, now: float) -> None:
        if self._transaction.state is not State.TERMINATED:  # else it has ended meanwhile
            self._home.failed(self._transaction, now)


def server_key(request: Request, method: str | None = None) -> object:
    """What a request is matched by: branch, sent-by and method, an ACK counting as INVITE (§17.2.3). A branch without
    the cookie, or with nothing after it, is RFC 2543's: the whole of what names the request."""
    via = request.via
    method = method or ("INVITE" if request.method == "ACK" else request.method)
    branch = via.branch
    if len(branch) > len(COOKIE) and branch[:7].lower() == COOKIE.lower():
        return branch, via.host, via.port, method
    return request.uri, request.from_tag, request.call_id, request.cseq.number, via.host, via.port, branch, method
