"""The practice exchange: a registrar, an outside world and operators' phones behind real SIP and RTP."""

import asyncio
import random

from kit import log
from kit.tasks import Tasks
from media.errors import MediaError
from media.session import Leg, PortRange
from practice import scripts
from practice.config import Config
from practice.door import Door
from practice.farend import FarEnd
from practice.log import CallLog
from practice.people import Customer, Kind, caller, draw
from practice.sdp import written
from sip.agent import UserAgent
from sip.call import Call
from sip.client_call import ClientCall
from sip.errors import SipError
from sip.gate import Limits
from sip.listener import Listener, Peer
from sip.message import Request, Response
from sip.server_call import ServerCall
from sip.transport import Address
from sip.uri import Uri

_log = log.get("practice.exchange")
_NOT_ACCEPTABLE_HERE = 488
_LIMITS = Limits(requests=5_000.0, half_open_from_one=10_000, half_open=10_000, transactions=200_000)
"""One service calls all these people, and they let it ring."""


class NobodyThere(Exception):
    """The service has not registered here: start it, or give it this exchange's address and an account."""


class Exchange(Listener):
    """Started by `start`, ended by `stop`: every call is hung up then. `port` is the bound one."""

    def __init__(self, config: Config, calls: CallLog) -> None:
        self._config, self._calls = config, calls
        self._door = Door(config, calls)
        self._ports = PortRange(config.bind, *config.rtp)
        self._habits = config.habits
        self._agent = UserAgent(
            (config.bind, config.port),
            peers=self._peer,
            listener=self,
            user_agent="Ahize practice exchange",
            advertise=(config.advertise, config.port) if config.advertise else None,
            limits=_LIMITS,
        )
        self._ends: dict[Call, FarEnd] = {}
        self._tasks = Tasks()
        self._dice = random.Random(f"{config.seed}:callers")

    def _peer(self, source: Address) -> Peer | None:
        return Peer(source.host) if source.host in self._config.peers else None

    def _open(self) -> Leg:
        return Leg.open(self._ports, advertise=self._config.advertise)

    async def start(self) -> None:
        """Open the socket and, if so configured, begin to call the service. Raises OSError."""
        await self._agent.start()
        self.address = self._agent.local_address
        inbound = self._config.inbound
        if inbound is not None and inbound.per_minute > 0:
            self._tasks.spawn(self._keep_calling(inbound.per_minute), "practice_inbound")

    async def stop(self) -> None:
        """Hang up everything, wait for the BYEs to be answered, close."""
        await self._tasks.close()
        await self._agent.stop()
        for end in tuple(self._ends.values()):
            end.ended(True, "exchange stopped")
        self._ends.clear()

    def __len__(self) -> int:
        """Calls that live now."""
        return len(self._ends)

    # ------------------------------------------------------------ calls that come

    def on_register(self, request: Request, source: Address) -> Response | None:
        return self._door.register(request, source)

    def on_offered(self, call: ServerCall) -> None:
        if not self._door.admits(call):
            return
        is_phone = call.called in self._config.phones
        end = FarEnd(call, "phone" if is_phone else "customer", call.called, self._open, self._calls)
        self._ends[call] = end
        end.note("invite")
        life = self._phone(end) if is_phone else self._customer(end, draw(call.called, self._config.seed, self._habits))
        end.task = self._tasks.spawn(life, "practice_call")

    async def _phone(self, end: FarEnd) -> None:
        end.ring()
        try:
            voice = end.answer()
        except (MediaError, SipError):
            end.refuse(_NOT_ACCEPTABLE_HERE)
            return
        await scripts.operator(voice)

    async def _customer(self, end: FarEnd, who: Customer) -> None:
        if who.kind is Kind.NO_SIGN:
            return
        if who.ring_s or who.kind is Kind.NO_ANSWER:
            end.ring()
            await asyncio.sleep(who.ring_s)
        if who.kind is Kind.REFUSES:
            end.refuse(who.status)
        elif who.kind is not Kind.NO_ANSWER:
            await self._talk(end, who)

    async def _talk(self, end: FarEnd, who: Customer) -> None:
        try:
            voice = end.answer()
        except (MediaError, SipError):
            end.refuse(_NOT_ACCEPTABLE_HERE)
            return
        await scripts.customer(voice, who)
        end.hang_up()

    # ------------------------------------------------------------ calls into the service

    def call_in(self, number: str | None = None, called: str | None = None) -> str:
        """Call the service from `number` (drawn if None) at `called` (its own number if None); gives the Call-ID.

        Raises NobodyThere.
        """
        inbound = self._config.inbound
        called = called or (inbound.number if inbound else "service")
        number = number or self._draw_caller()
        contact = self._door.contact()
        if contact is None:
            raise NobodyThere(NobodyThere.__doc__)
        return self._place(number, called, *contact)

    def _place(self, number: str, called: str, target: str, destination: tuple[str, int]) -> str:
        leg = self._open()
        call_id, from_tag, cseq = self._agent.seed()
        host = self.address.rpartition(":")[0]
        try:
            call = self._agent.invite(
                str(_with_user(target, called)),
                from_uri=f"sip:{number}@{host}",
                to_uri=f"sip:{called}@{host}",
                call_id=call_id,
                from_tag=from_tag,
                cseq=cseq,
                sdp=written(leg.offer()),
                destination=destination,
            )
        except SipError:
            leg.close()
            raise
        end = self._ends[call] = FarEnd(call, "caller", number, self._open, self._calls)
        end.place(leg)
        return call_id

    def _draw_caller(self) -> str:
        inbound = self._config.inbound
        if inbound is not None and inbound.callers:
            return self._dice.choice(inbound.callers)
        return f"+9053210{self._dice.randrange(100_000):05d}"

    async def _keep_calling(self, per_minute: float) -> None:
        while True:
            await asyncio.sleep(self._dice.expovariate(per_minute / 60))
            try:
                self.call_in()
            except (NobodyThere, MediaError) as error:
                _log.warning("a practice caller could not call", reason=str(error))

    # ------------------------------------------------------------ what happens to calls

    def on_answered(self, call: ClientCall, response: Response) -> None:
        end = self._ends.get(call)
        if end is not None:
            end.task = self._tasks.spawn(self._caller(end), "practice_caller")

    async def _caller(self, end: FarEnd) -> None:
        try:
            voice = end.connected()
        except (MediaError, SipError):
            end.hang_up()
            return
        await scripts.customer(voice, caller(end.number, self._config.seed, self._habits))
        end.hang_up()

    def on_progress(self, call: ClientCall, status: int, response: Response) -> None:
        end = self._ends.get(call)
        if end is not None and status > 100:
            end.note("ringing", status=status)

    def on_failed(self, call: ClientCall, status: int, reason: str) -> None:
        end = self._ends.pop(call, None)
        if end is not None:
            end.failed(status)

    def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
        end = self._ends.pop(call, None)
        if end is not None:
            end.ended(by_us, cause)

    def on_reoffer(self, call: Call, sdp: bytes) -> bytes | None:
        end = self._ends.get(call)
        return None if end is None else end.reoffer(sdp)


def _with_user(target: str, user: str) -> Uri:
    """A registered contact with the number called in its user part, as trunks do it."""
    contact = Uri.parse(target)
    return Uri(contact.scheme, contact.host, user, port=contact.port)
