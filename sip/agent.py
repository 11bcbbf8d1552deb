"""The asyncio user agent: socket and clock around the sans-IO core (RFC 3261 §8, §12 to §15)."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable, Sequence
from functools import partial

from kit import log
from kit.tasks import Tasks
from sip import headers as h
from sip.call import Call
from sip.client_call import ClientCall
from sip.core import Core
from sip.dialog import Dialog
from sip.digest import Credentials
from sip.errors import LocalError
from sip.exchange import Done, Exchange, unheeded
from sip.gate import USUAL, Counts, Gate, Limits
from sip.letterhead import Letterhead, tag_for
from sip.listener import Account, Listener, Peers
from sip.machine import Transaction, User
from sip.message import Request, Response
from sip.registration import Registration, StateCallback
from sip.server_call import ServerCall
from sip.stray import StrayDialog
from sip.timers import TimerQueue
from sip.tls import Tls
from sip.transactions import Transactions
from sip.transport import Above, Address, OpenTransports, Transport
from sip.uas import ALLOW, SDP, SUPPORTED
from sip.uri import Uri, is_ip
from sip.whereabouts import Whereabouts
from sip.wires import open_wires

_log = log.get("sip.agent")
FAREWELL = 1.0
"""Seconds that `stop` waits for answers to its last requests."""
MAX_DATAGRAM = 1300
"""Bytes of a request above which UDP might break it into pieces (RFC 3261 §18.1.1)."""
TCP_AGAIN = 3600.0
"""Seconds after which a side that took no TCP is tried by TCP again."""


class UserAgent:
    """One endpoint on one address. All methods belong to the loop it was started on.

    `bind`: host and port to listen on (port 0: any). `advertise`: what others are told instead (NAT, containers).
    `unknown_peer`: "drop" (no answer at all) or "403" to what strangers send. `trace` sees every message as
    (direction, bytes, address). UDP and TCP are spoken on the same port, TLS where `tls` says how. `session_s`: the
    session interval that our INVITEs ask for (RFC 4028), at least 90 s.
    """

    def __init__(
        self,
        bind: tuple[str, int],
        *,
        peers: Peers,
        listener: Listener,
        user_agent: str = "Ahize",
        advertise: tuple[str, int] | None = None,
        unknown_peer: str = "drop",
        trace: Callable[[str, bytes, Address], None] | None = None,
        tls: Tls | None = None,
        limits: Limits = USUAL,
        open_transports: OpenTransports | None = None,
        session_s: int = 1800,
    ) -> None:
        self.listener = listener
        self.peers = peers
        self.unknown_peer = unknown_peer
        self.session_s = session_s
        self.counts = Counts()
        self.gate = Gate(limits)
        self.timers = TimerQueue(self._earlier)
        self.core = Core(self)
        self.transactions = Transactions(self.core, self.timers, self._send)
        self.tasks = Tasks()
        self._bind = bind
        self._advertise = advertise
        self._name = user_agent
        self._trace = trace
        self._open_transports = open_transports or partial(open_wires, tls=tls)
        self._tls_port = tls.port if tls is not None else 0
        self._names: dict[str, str] = {}
        self._refuse_tcp: dict[Address, float] = {}
        self._transports: dict[str, Transport] = {}
        self._credentials: dict[Account, Credentials] = {}
        self._registrations: set[Registration] = set()
        self._waker: asyncio.TimerHandle | None = None
        self.letterhead = self._letterhead(*(advertise or bind))

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """Open the sockets; raises OSError when the address cannot be had, `BadTlsFiles`."""
        self._loop = asyncio.get_running_loop()
        above = Above(self._receive, self._lost, self._knows, self._name_of, self.tasks.spawn)
        self._transports = {one.name: one for one in await self._open_transports(self._bind, above)}
        self.letterhead = self._letterhead(*(self._advertise or self._transports["udp"].local[:2]))

    def _letterhead(self, host: str, port: int) -> Letterhead:
        tls = self._transports.get("tls")
        listening = tls.local.port if tls is not None else 0
        return Letterhead(self._name, host, {"udp": port, "tcp": port, "tls": listening or self._tls_port or port})

    async def stop(self) -> None:
        """Unregister, end what still lives with CANCEL or BYE, wait at most 1 s for the answers, close the socket."""
        for call in self.core.living():
            call.hang_up()
        await asyncio.gather(*(registration.stop() for registration in list(self._registrations)))
        ends = self._loop.time() + FAREWELL
        while self.transactions.unanswered() and self._loop.time() < ends:  # noqa: ASYNC110  a short farewell
            await asyncio.sleep(0.01)
        for transport in self._transports.values():
            transport.close()
        await self.tasks.close()
        if self._waker is not None:
            self._waker.cancel()
        self.timers.clear()

    def now(self) -> float:
        """Monotonic seconds of the loop's clock."""
        return self._loop.time()

    @property
    def local_address(self) -> str:
        """ "host:port" that this agent sends from, for `DialogSeed.local_address`."""
        return h.sent_by(*self._transports["udp"].local[:2])

    # ------------------------------------------------------------ what the owner asks for

    def seed(self) -> tuple[str, str, int]:
        """Fresh (Call-ID, From tag, CSeq) for a call, known before anything is sent."""
        call_id = self.letterhead.call_id()
        return call_id, tag_for(call_id), 1

    def invite(
        self,
        target_uri: str,
        *,
        from_uri: str,
        to_uri: str,
        call_id: str,
        from_tag: str,
        cseq: int,
        sdp: bytes,
        destination: tuple[str, int] | Address,
        account: Account | None = None,
        headers: Sequence[tuple[str, str]] = (),
        display_name: str | None = None,
    ) -> ClientCall:
        """Send an INVITE now; what comes of it is told to the listener.

        URIs are plain ("sip:905321005001@pbx.example"; `sip.uri.for_number` makes them); `destination` is an IP
        address and port, by UDP when no transport is named. Raises `sip.LocalError` when a field would not be safe on
        the wire; nothing is sent then.
        """
        if not is_ip(destination[0]):
            raise LocalError("a destination is an IP address: resolve names first")
        request = self.letterhead.invite(target_uri, from_uri, to_uri, (call_id, from_tag, cseq), display_name, sdp)
        for field, value in headers:
            request.add(field, value)
        call = ClientCall(self, request, Address.of(destination), self.credentials(account))
        self.core.placed.add(call)
        return call

    def register(self, account: Account, on_state: StateCallback, where: Whereabouts | None = None) -> Registration:
        """Register, and stay so, until `Registration.stop`. `where`: the registrar's, when others use it too."""
        where = where or Whereabouts(self, account.host, account.port, account.transport)
        registration = Registration(self, account, on_state, where)
        self._registrations.add(registration)
        self.tasks.spawn(registration.run(), "sip.registration")
        return registration

    async def options(self, destination: tuple[str, int] | Address, uri: str | None = None) -> int:
        """Ask whether somebody is there: the final status, 408 when nobody answered (32 s), 503 when not sent."""
        to = Address.of(destination)
        target = uri or str(Uri("sip", to.host, port=to.port))
        request = self.letterhead.new_request("OPTIONS", target, target, self.letterhead.contact_uri)
        request.headers["accept"] = [SDP]
        status, _ = await self.ask(request, to)
        return status

    def end_lost(
        self,
        *,
        call_id: str,
        from_tag: str,
        cseq: int,
        from_uri: str,
        to_uri: str,
        request_uri: str,
        destination: tuple[str, int] | Address,
        to_tag: str | None = None,
        remote_target: str | None = None,
        route_set: Sequence[str] = (),
        answered: bool = False,
        account: Account | None = None,
    ) -> asyncio.Future[None]:
        """End the dialog of a process that died, from the same local address: BYE if `answered`, else CANCEL for
        `cseq` and those after it (challenges or a 422 may have been answered), then BYE too where a To tag is known.
        The future is done when the other side has answered or is silent."""
        dialog = Dialog(
            call_id=call_id,
            local_tag=from_tag,
            remote_tag=to_tag or "",
            local=h.name_addr(from_uri),
            remote=h.name_addr(to_uri),
            remote_target=remote_target or request_uri,
            route_set=tuple(route_set),
            local_cseq=cseq + _PAST_RETRIES,
            remote_cseq=None,
            fallback=Address.of(destination),
        )
        lost = self.core.end_lost(dialog, cseq, request_uri, self.credentials(account), answered=answered)
        return self.tasks.spawn(lost, "sip.end_lost")

    async def addresses(self, host: str, port: int, transport: str = "udp") -> list[Address]:
        """The addresses behind a name that can be reached from ours (A or AAAA; no SRV). The name is what certificates
        of these addresses must be for. Raises OSError when there is none."""
        if is_ip(host):
            return [Address(host, port, transport)]
        family = socket.AF_INET6 if ":" in self._bind[0] else socket.AF_INET
        found = await self._loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = [Address(str(entry[4][0]), port, transport) for entry in found]
        self._names.update((address.host, host) for address in addresses)
        return addresses

    async def resolve(self, host: str, port: int, transport: str = "udp") -> Address:
        """The first of them."""
        return (await self.addresses(host, port, transport))[0]

    # ------------------------------------------------------------ for calls, exchanges and registrations

    def credentials(self, account: Account | None) -> Credentials | None:
        """The secrets of an account, with the nonce and realm it has come to know."""
        if account is None:
            return None
        known = self._credentials.get(account)
        if known is None:
            known = Credentials(account.username, account.password, account.realm, account.min_digest)
            self._credentials[account] = known
        return known

    def reply(
        self,
        transaction: Transaction,
        status: int,
        reason: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        to_tag: str | None = None,
    ) -> None:
        """Answer a request without a body."""
        response = transaction.request.reply(status, reason, to_tag or secrets.token_hex(6))
        self.letterhead.sign(response)
        if status in (200, 405):
            response.headers["allow"] = [ALLOW]
            response.headers["supported"] = [SUPPORTED]
        for name, value in headers:
            response.add(name, value)
        transaction.respond(response, self.now())

    def begin(self, request: Request, to: Address, user: User) -> Transaction:
        """Put our Via on a request and send it. One that is too long for UDP goes by TCP, until the other side has
        refused that a while ago (RFC 3261 §18.1.1). Raises `LocalError` when the request is not fit for the wire."""
        branch = self.letterhead.stamp(request, to)
        data = request.encode()
        if self.fits(data, to):
            return self.transactions.request(request, to, user, self.now(), data=data, branch=branch)
        stream = Address(to.host, to.port, "tcp")
        self.letterhead.stamp(request, stream)
        return self.transactions.request(request, stream, user, self.now(), instead=to)

    def fits(self, data: bytes, to: Address) -> bool:
        """Whether a request of these bytes goes by the transport of its address."""
        if to.transport != "udp" or len(data) <= MAX_DATAGRAM:
            return True
        until = self._refuse_tcp.get(Address(to.host, to.port, "tcp"), 0.0)
        return "tcp" not in self._transports or self.now() < until

    def avoid_tcp(self, address: Address) -> None:
        """This side takes no TCP: for `TCP_AGAIN` seconds what is long goes to it by UDP too."""
        now = self.now()
        self._refuse_tcp = {one: until for one, until in self._refuse_tcp.items() if until > now}
        self._refuse_tcp[address] = now + TCP_AGAIN

    def send(
        self,
        request: Request,
        to: Address,
        credentials: Credentials | None,
        done: Done | None = None,
        number: Callable[[], int] | None = None,
    ) -> None:
        """Send a request whose answer nobody waits for. `number`: of its repeat, as `Exchange` has it."""
        Exchange(self, request, to, done or unheeded, credentials, number).send()

    async def ask(
        self,
        request: Request,
        to: Address,
        credentials: Credentials | None = None,
        number: Callable[[], int] | None = None,
    ) -> tuple[int, Response | None]:
        """Send a request and wait for its final answer: status and response (408 or 503 with None: no answer)."""
        answer: asyncio.Future[tuple[int, Response | None]] = self._loop.create_future()

        def done(status: int, response: Response | None) -> None:
            if not answer.done():
                answer.set_result((status, response))

        Exchange(self, request, to, done, credentials, number).send()
        return await answer

    def transmit(self, message: Request | Response, to: Address) -> None:
        """Send something that no transaction repeats: a stateless answer."""
        self.write(message.encode(), to)

    def write(self, data: bytes, to: Address) -> None:
        """The same as bytes: an ACK for a 2xx."""
        try:
            self._send(data, to)
        except OSError:
            self.counts.errors += 1

    def end_stray(self, response: Response, destination: Address, credentials: Credentials | None) -> None:
        """ACK and BYE an answer that nobody wants any more: late, forked, or of a process that died."""
        StrayDialog.end(self, response, destination, credentials)

    def forget(self, call: Call) -> None:
        self.core.forget(call)

    def drop_registration(self, registration: Registration) -> None:
        self._registrations.discard(registration)

    def tell(self, callback: Callable[..., object], *args: object) -> None:
        """Call the listener now; what it raises is logged and goes no further: neither a listener nor a packet that
        fails takes anything else with it."""
        try:
            callback(*args)
        except Exception:
            self.counts.errors += 1
            _log.exception("a packet or an event could not be dealt with")

    def later(self, callback: Callable[..., object], *args: object) -> None:
        """Call the listener in a later turn of the loop."""
        self._loop.call_soon(self.tell, callback, *args)

    # ------------------------------------------------------------ socket and clock

    def _send(self, data: bytes, to: Address) -> None:
        self.counts.sent += 1
        if self._trace is not None:
            self._trace("out", data, to)
        transport = self._transports.get(to.transport)
        if transport is None:
            raise OSError(f"no transport {to.transport}")
        transport.send(data, to)

    def _receive(self, data: bytes, source: Address) -> None:
        self.counts.received += 1
        if self._trace is not None:
            self._trace("in", data, source)
        self.tell(self.core.receive, data, source, self._loop.time())

    def _lost(self, address: Address) -> None:
        self.tell(self.transactions.transport_failed, address, self._loop.time())
        for registration in list(self._registrations):
            registration.lost(address)

    def _knows(self, address: Address) -> bool:
        known = self.peers(address) is not None
        if not known:
            self.gate.stranger(self._loop.time())
        return known

    def _name_of(self, address: Address) -> str:
        return self._names.get(address.host, address.host)

    def _earlier(self, when: float) -> None:
        if self._waker is not None:
            if self._waker.when() <= when:
                return
            self._waker.cancel()
        self._waker = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self.tell(self.timers.run, self._loop.time())
        self._waker = None
        following = self.timers.next_at()
        if following is not None:
            self._earlier(following)


_PAST_RETRIES = 1_000_000
"""A CSeq for the BYE of a lost dialog that is above any that the dead process can have used."""


__all__ = ["Account", "Call", "ClientCall", "Counts", "Listener", "ServerCall", "UserAgent", "tag_for"]
