"""A SIP phone on the PBX, as an operator has one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dialer.legs import description_of, to_text
from media import player
from media.session import Arrival, Leg, PortRange
from sip.agent import Account, UserAgent
from sip.call import Call
from sip.listener import Listener, Peer, RegistrationState
from sip.sdp import SessionDescription
from sip.server_call import ServerCall

PHONE_PORTS = (29400, 29598)
"""Above the ports that Asterisk may take."""


class Phone(Listener):
    """An operator's phone: registers, answers every call, speaks without a pause, counts what it hears."""

    def __init__(self, extension: str, pbx: tuple[str, int]) -> None:
        self.extension, self.pbx = extension, pbx
        self.agent = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("pbx"), listener=self, user_agent="phone")
        self.calls: dict[Call, Leg] = {}
        self.heard = 0
        self.loud = 0
        self.registered = asyncio.Event()
        self.answered = 0
        self.started = False

    async def start(self) -> None:
        await self.agent.start()
        self.started = True
        account = Account("pbx", *self.pbx, self.extension, f"phone-{self.extension}")
        self.agent.register(account, self._state)
        await asyncio.wait_for(self.registered.wait(), 5)

    async def stop(self) -> None:
        if not self.started:
            return
        await self.agent.stop()
        for leg in self.calls.values():
            leg.close()

    def _state(self, state: RegistrationState) -> None:
        if state.up:
            self.registered.set()

    def on_offered(self, call: ServerCall) -> None:
        call.ring()
        leg = Leg.open(PortRange("127.0.0.1", *PHONE_PORTS))
        offer = SessionDescription.parse(call.remote_sdp)
        call.answer(to_text(leg.answer(description_of(offer)), version=1, asked=offer))
        leg.sink = self._hear
        self.calls[call] = leg
        self.answered += 1
        player.play(leg, player.prompt("message", "en"), repeat=True)

    def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
        leg = self.calls.pop(call, None)
        if leg is not None:
            leg.close()

    def hang_up(self) -> None:
        for call in list(self.calls):
            call.hang_up()

    def _hear(self, arrival: Arrival) -> None:
        self.heard += 1
        sound = arrival.buffer[arrival.start : arrival.end]
        if len(set(sound)) > 20:
            self.loud += 1

    async def hears(self, packets: int = 50, within: float = 5.0) -> None:
        """Wait until so many more packets with sound have come."""
        wanted = self.loud + packets
        async with asyncio.timeout(within):
            while self.loud < wanted:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def plugged_in(extension: str, pbx: tuple[str, int]) -> AsyncIterator[Phone]:
    """A phone while the block runs, for tests that share one loop."""
    phone = Phone(extension, pbx)
    await phone.start()
    try:
        yield phone
    finally:
        await phone.stop()
