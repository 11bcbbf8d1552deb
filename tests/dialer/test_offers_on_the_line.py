"""What the other side of a leg may change while the call is up: hold, resume, codecs."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from trunk_side import Outgoing, Service

from dialer.line_events import LegAnswered, LegOffered, LineEvent
from dialer.lines import SipLines
from dialer.trunks import Trunk
from kit.clock import SystemClock
from media.session import PortRange
from sip.call import Call

LINE_PORTS = (29000, 29198)


class Caller(Service):
    """The other side, which tells what became of its offers."""

    def __init__(self) -> None:
        super().__init__()
        self.told: asyncio.Queue[int] = asyncio.Queue()

    def on_renegotiated(self, call: Call) -> None:
        self.told.put_nowait(200)

    def on_reoffer_refused(self, call: Call, status: int, reason: str) -> None:
        self.told.put_nowait(status)

    async def answer(self) -> int:
        async with asyncio.timeout(10):
            return await self.told.get()


@pytest.fixture
async def talk() -> AsyncIterator[tuple[Caller, Outgoing, SipLines]]:
    """A call from the trunk that the lines have answered."""
    caller = Caller()
    await caller.agent.start()
    port = int(caller.agent.local_address.rpartition(":")[2])
    trunk = Trunk("here", "127.0.0.1", port, register=False)
    lines = SipLines((trunk,), SystemClock(), ports=PortRange("127.0.0.1", *LINE_PORTS), ask_s=0, silence_s=0)
    up = asyncio.Event()

    def hear(event: LineEvent) -> None:
        if isinstance(event, LegOffered):
            lines.accept(event.leg)
        elif isinstance(event, LegAnswered):
            up.set()

    lines.listen(hear)
    await lines.start()
    async with asyncio.timeout(10):
        while not lines.trunks()[0].up:
            await asyncio.sleep(0.01)
    out = caller.dial("+902120000000", int(lines.agent.local_address.rpartition(":")[2]))
    async with asyncio.timeout(10):
        await asyncio.gather(up.wait(), out.answered.wait())
    yield caller, out, lines
    await lines.stop()
    await caller.agent.stop()


@pytest.mark.parametrize("by_address", [False, True])
async def test_a_caller_who_holds_is_not_spoken_to_until_it_resumes(
    talk: tuple[Caller, Outgoing, SipLines], by_address: bool
) -> None:
    caller, out, lines = talk
    (leg,) = lines._legs.values()
    out.call.hold(by_address=by_address)
    statuses = [await caller.answer()]
    held = leg.sound.held
    out.call.resume()
    statuses.append(await caller.answer())

    assert (statuses, held, leg.sound.held) == ([200, 200], True, False)


async def test_an_offer_that_cannot_be_heard_is_declined_and_the_call_goes_on(
    talk: tuple[Caller, Outgoing, SipLines],
) -> None:
    caller, out, lines = talk
    before = out.call.local_sdp
    out.call.renegotiate(before.replace(b"RTP/AVP 8 0", b"RTP/AVP 97").replace(b"RTP/AVP 0 8", b"RTP/AVP 97"))
    declined = await caller.answer()
    out.call.renegotiate(before)
    taken = await caller.answer()

    assert (declined, taken, out.call.is_up, len(lines._legs)) == (488, 200, True, 1)
