"""The service's side of the trunk, as thin as can be: a user agent that calls, and one leg for each call."""

import asyncio
from array import array

from dialer.legs import description_of, to_text
from media.codecs import NAMES, Coder, decoder
from media.description import G711, Payload
from media.player import play
from media.session import Arrival, Encryption, Leg, PortRange
from media.sound import of_samples
from sip.agent import UserAgent
from sip.listener import Account, Listener, Peer
from sip.sdp import SessionDescription
from sip.transport import Address


class Outgoing:
    """One call and what came of it."""

    def __init__(self) -> None:
        self.call = self.leg = None
        self.heard: list[tuple[str, bytes]] = []
        self._decoders: dict[str, Coder] = {}
        self.ringing = asyncio.Event()
        self.answered = asyncio.Event()
        self.over = asyncio.Event()
        self.status = 0
        self.by_us = None
        self.loud = self.packets = 0

    def listen(self, leg: Leg) -> None:
        self.leg = leg
        leg.sink = self._hear

    def _hear(self, arrival: Arrival) -> None:
        self.packets += 1
        sound, codec = bytes(arrival.buffer[arrival.start : arrival.end]), arrival.payload.name
        if codec in NAMES:
            samples = self._decoders.setdefault(codec, decoder(codec))(sound)
            self.heard.append((codec, samples))
            self.loud += max(array("h", samples)) > 400

    def samples(self, seconds: float) -> bytes:
        """The last `seconds` of what was heard, as 16-bit samples."""
        return b"".join(samples for _, samples in self.heard[-int(seconds * 50) :])


class Service(Listener):
    """Registers, calls, answers. `incoming` takes the calls that came."""

    def __init__(
        self, user: str = "ahize", secret: str = "practice-secret", encryption: Encryption = Encryption.OFF
    ) -> None:
        self.agent = UserAgent(("127.0.0.1", 0), peers=lambda source: Peer(source.host), listener=self)
        self.ports = PortRange("127.0.0.1", 24600, 24799)
        self.calls: dict[object, Outgoing] = {}
        self.incoming: asyncio.Queue = asyncio.Queue()
        self.user, self.secret, self.encryption = user, secret, encryption

    def account(self, port: int) -> Account:
        return Account("trunk", "127.0.0.1", port, self.user, self.secret)

    async def register(self, port: int):
        """The first state that the registration comes to."""
        state: asyncio.Future = asyncio.get_running_loop().create_future()
        self.agent.register(self.account(port), lambda told: state.done() or state.set_result(told))
        return await asyncio.wait_for(state, 5)

    def dial(self, number: str, port: int, *codecs: Payload, transport: str = "udp") -> Outgoing:
        one = Outgoing()
        one.listen(Leg.open(self.ports, codecs=codecs or G711, encryption=self.encryption))
        call_id, tag, cseq = self.agent.seed()
        one.call = self.agent.invite(
            f"sip:{number}@127.0.0.1:{port}",
            from_uri="sip:+902120000000@127.0.0.1",
            to_uri=f"sip:{number}@127.0.0.1",
            call_id=call_id,
            from_tag=tag,
            cseq=cseq,
            sdp=to_text(one.leg.offer(), version=1),
            destination=Address("127.0.0.1", port, transport),
            account=self.account(port),
        )
        self.calls[one.call] = one
        return one

    def on_progress(self, call, status, response):
        if status > 100:
            self.calls[call].ringing.set()

    def on_answered(self, call, response):
        one = self.calls[call]
        one.status = 200
        one.leg.accept(_described(call))
        one.answered.set()

    def on_failed(self, call, status, reason):
        one = self.calls[call]
        one.status = status
        one.leg.close()
        one.over.set()

    def on_offered(self, call):
        one = self.calls[call] = Outgoing()
        one.call = call
        one.listen(Leg.open(self.ports, encryption=self.encryption))
        call.answer(to_text(one.leg.answer(_described(call)), version=1))
        self.incoming.put_nowait(one)

    def on_ended(self, call, by_us, cause):
        one = self.calls[call]
        one.by_us = by_us
        one.leg.close()
        one.over.set()


def speak(leg: Leg) -> None:
    """Say something loud, without end."""
    play(leg, of_samples((b"\x00\x20" * 8 + b"\x00\xe0" * 8) * 50), repeat=True)


def _described(call):
    return description_of(SessionDescription.parse(call.remote_sdp))
