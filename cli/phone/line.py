"""One telephone on a trunk: a user agent, at most one call, and its sound. What happens is told line by line."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from cli.phone import words
from cli.phone.station import Station
from dialer.legs import description_of, to_text
from kit.errors import Unavailable
from media.description import G711
from media.errors import MediaError
from media.session import Leg
from sip.agent import UserAgent
from sip.call import Call
from sip.client_call import ClientCall
from sip.errors import BadTlsFiles, SipError
from sip.listener import Listener, Peer, RegistrationState
from sip.message import Response
from sip.sdp import SessionDescription
from sip.server_call import ServerCall
from sip.transport import Address
from sip.uri import Uri, for_number

Tell = Callable[[str], None]

_NOT_ACCEPTABLE, _BUSY = 488, 486
_PARTING_S = 2.0
"""Seconds that the end of a call is waited for when somebody wants to go."""


class LineTrouble(Unavailable):
    """The phone cannot speak to the trunk."""

    code = "line"


class Line(Listener):
    """`tell` hears each thing that happens, in plain words. `stop` ends whatever is on."""

    def __init__(self, station: Station, tell: Tell, *, trace: bool = False) -> None:
        self.station, self._tell = station, tell
        self.call: Call | None = None
        self.leg: Leg | None = None
        self.answered, self.over = asyncio.Event(), asyncio.Event()
        self.status = 0
        self.agent = UserAgent(
            (station.host, 0),
            peers=self._peer,
            listener=self,
            user_agent=station.user_agent,
            trace=self._trace if trace else None,
            tls=station.tls,
        )
        self._address = Address("", 0)
        self._progress: set[int] = set()
        self._began = 0.0
        self._version = 1

    async def start(self) -> None:
        """Find the trunk and open a socket. Raises LineTrouble."""
        trunk, host = self.station.trunk, self.station.host
        try:
            await self.agent.start()
        except BadTlsFiles as error:
            raise LineTrouble(f"TLS cannot be had: {error}; look at sip.tls_ca and sip.tls_certificate.") from None
        except OSError as error:
            raise LineTrouble(f"No socket on {host} ({error.strerror}); write this machine's address.") from None
        try:
            self._address = await self.agent.resolve(trunk.host, trunk.port, trunk.transport)
        except OSError:
            raise LineTrouble(f"The name {trunk.host} has no address; check it, and the name server.") from None

    async def close(self) -> None:
        await self.agent.stop()
        if self.leg is not None:
            self.leg.close()

    def stop(self) -> None:
        """Hang up, or stop waiting; the end is waited for 2 s at most."""
        if self.call is None or self.over.is_set():
            self.over.set()
            return
        if isinstance(self.call, ClientCall) and self.call.status == 0:
            self._tell("the trunk said nothing at all to this call")
        self.call.hang_up()
        asyncio.get_running_loop().call_later(_PARTING_S, self.over.set)

    def _peer(self, source: Address) -> Peer | None:
        return Peer(self.station.trunk.name) if source.host == self._address.host else None

    def _trace(self, direction: str, data: bytes, address: Address) -> None:
        self._tell(words.trace(direction, data, address.host, address.port))

    # ------------------------------------------------------------ what the owner asks for

    async def register(self) -> RegistrationState:
        """Register and stay so until `close`; gives the first thing that came of it. Raises LineTrouble."""
        account = self.station.trunk.account
        if account is None:
            raise LineTrouble("To register takes a user name: set the trunk's username, or give --user.")
        state: asyncio.Future[RegistrationState] = asyncio.get_running_loop().create_future()
        self.agent.register(account, lambda told: None if state.done() else state.set_result(told))
        return await state

    def dial(self, number: str, caller: str | None) -> None:
        """Send the INVITE. Raises LineTrouble."""
        trunk = self.station.trunk
        host = trunk.host if trunk.port == 5060 else f"{trunk.host}:{trunk.port}"
        call_id, from_tag, cseq = self.agent.seed()
        self._began = self.agent.now()
        try:
            leg = self._open_leg()
            self.call = self.agent.invite(
                for_number(number, host),
                from_uri=str(Uri("sip", trunk.host, caller or trunk.username or "ahize")),
                to_uri=for_number(number, trunk.host),
                call_id=call_id,
                from_tag=from_tag,
                cseq=cseq,
                sdp=to_text(leg.offer(), version=self._version),
                destination=self._address,
                account=trunk.account,
            )
        except (MediaError, SipError) as error:
            raise LineTrouble(f"The call cannot be sent: {error}") from None

    def _open_leg(self) -> Leg:
        encryption = self.station.trunk.srtp
        self.leg = Leg.open(self.station.ports, advertise=self.station.advertise, codecs=G711, encryption=encryption)
        self.leg.on_first_packet = lambda at: self._tell("the first sound comes from the far end")
        return self.leg

    # ------------------------------------------------------------ a call of ours

    def on_progress(self, call: ClientCall, status: int, response: Response) -> None:
        if response.body:
            self._accept(response.body)
        if status > 100 and status not in self._progress:
            self._progress.add(status)
            self._tell(words.progress(status))

    def on_answered(self, call: ClientCall, response: Response) -> None:
        self.status = response.status
        if not self._accept(call.remote_sdp):
            call.hang_up()
            return
        self._tell(f"answered after {self.agent.now() - self._began:.1f} s, {self._codec()}")
        self.answered.set()

    def _accept(self, sdp: bytes) -> bool:
        assert self.leg is not None
        try:
            self.leg.accept(description_of(SessionDescription.parse(sdp)))
        except (MediaError, SipError) as error:
            self._tell(f"no sound: {error}")
            return False
        return True

    def on_failed(self, call: ClientCall, status: int, reason: str) -> None:
        self.status = status
        self._tell(words.refusal(status, reason, call.final, call.credentials))
        self.over.set()

    # ------------------------------------------------------------ a call of theirs

    def on_offered(self, call: ServerCall) -> None:
        if self.call is not None:
            call.refuse(_BUSY)
            return
        self.call = call
        self._tell(f"a call from {call.number or call.name or 'somebody without a number'} to {call.called or 'us'}")
        try:
            call.ring()
            call.answer(self._our_answer(call.remote_sdp))
        except (MediaError, SipError) as error:
            self._tell(f"it cannot be answered: {error}")
            call.refuse(_NOT_ACCEPTABLE)
            return
        self.status = 200
        self._tell(f"answered, {self._codec()}" if call.remote_sdp else "answered")
        self.answered.set()

    def _our_answer(self, offer: bytes) -> bytes:
        leg = self.leg or self._open_leg()
        if not offer:
            return to_text(leg.offer(), version=self._version)
        theirs = SessionDescription.parse(offer)
        answer = to_text(leg.answer(description_of(theirs)), version=self._version, asked=theirs)
        self._version += 1
        return answer

    def on_confirmed(self, call: ServerCall) -> None:
        """An INVITE without an offer has its answer in the ACK (RFC 3261 §13.2.1)."""
        if self.leg is not None and self.leg.remote is None and not self._accept(call.remote_sdp):
            call.hang_up()

    # ------------------------------------------------------------ both

    def on_reoffer(self, call: Call, sdp: bytes) -> bytes | None:
        if not sdp:
            return None
        answer = self._our_answer(sdp)
        self._tell("the far end put us on hold" if self.leg and self.leg.held else f"sound as agreed: {self._codec()}")
        return answer

    def on_renegotiated(self, call: Call) -> None:
        """A re-INVITE without an offer has its answer in the ACK, and a refresh in its 200."""
        self._accept(call.remote_sdp)

    def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
        if call is not self.call:
            return
        self._tell(words.ending(by_us, cause))
        self.over.set()

    def _codec(self) -> str:
        codec = self.leg.codec if self.leg is not None else None
        return "no codec yet" if codec is None else f"codec {codec.name}"


@asynccontextmanager
async def opened(station: Station, tell: Tell, *, trace: bool = False) -> AsyncGenerator[Line]:
    """A line while the block runs; at its end calls are hung up and the registration is taken back."""
    line = Line(station, tell, trace=trace)
    try:
        await line.start()
        yield line
    finally:
        await line.close()
