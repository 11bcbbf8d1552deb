"""What the other side of a leg may change while the call is up: hold, resume, codecs."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from trunk_side import Outgoing, Service

from dialer.legs import LineLeg, to_text
from dialer.line_events import LegAnswered, LegEnded, LegOffered, LineEvent
from dialer.lines import SipLines
from dialer.shapes import DialogRef, DialogSeed, LegId
from dialer.trunks import Trunk
from kit import virtual
from kit.clock import SystemClock
from media.inproc import InProcess
from media.session import Leg, PortRange
from sip.call import NOBODY, Call

LINE_PORTS = (29000, 29198)


class Caller(Service):
    """The other side, which tells what became of its offers."""

    def __init__(self) -> None:
        super().__init__()
        self.told: asyncio.Queue[int] = asyncio.Queue()
        self.reanswer: bytes | None = None

    def on_renegotiated(self, call: Call) -> None:
        self.told.put_nowait(200)

    def on_reoffer_refused(self, call: Call, status: int, reason: str) -> None:
        self.told.put_nowait(status)

    def on_reoffer(self, call: Call, sdp: bytes) -> bytes | None:
        self.told.put_nowait(0)
        return self.reanswer

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


@pytest.mark.parametrize("direction", [b"recvonly", b"inactive"])
async def test_a_caller_who_says_that_it_only_listens_is_not_missed(
    talk: tuple[Caller, Outgoing, SipLines], direction: bytes
) -> None:
    caller, out, lines = talk
    (leg,) = lines._legs.values()
    operator = InProcess(caller.ports).open()
    leg.sound.join(operator)
    before = leg.silent_since()
    out.call.renegotiate(out.call.local_sdp.replace(b"sendrecv", direction))
    await caller.answer()

    assert (before is not None, leg.silent_since()) == (True, None)
    operator.close()


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


async def test_a_caller_that_moves_its_sound_in_the_answer_to_a_refresh_is_followed(
    talk: tuple[Caller, Outgoing, SipLines],
) -> None:
    caller, _, lines = talk
    (leg,) = lines._legs.values()
    moved = Leg.open(caller.ports)
    caller.reanswer = to_text(moved.offer(), version=2)
    assert leg.call is not None
    leg.call.allow = ["INVITE, ACK, BYE"]  # no UPDATE: it is refreshed by a re-INVITE
    leg.call.refresh()
    await caller.answer()
    async with asyncio.timeout(10):
        while leg.call.reoffer is not None:
            await asyncio.sleep(0.01)

    assert leg.sound.remote is not None
    assert leg.sound.remote.port == moved.local.port
    moved.close()


async def test_a_session_that_runs_out_is_a_line_that_was_lost(talk: tuple[Caller, Outgoing, SipLines]) -> None:
    _, _, lines = talk
    (leg,) = lines._legs.values()
    ended: asyncio.Future[LineEvent] = asyncio.get_running_loop().create_future()
    lines.listen(ended.set_result)
    assert leg.call is not None
    leg.call.lost("session ran out")
    async with asyncio.timeout(10):
        event = await ended

    assert isinstance(event, LegEnded)
    assert (event.by_us, event.cause) == (False, "session ran out")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_is_of_the_trunk_whose_transport_it_came_by(transport: str) -> None:
    caller = Caller()
    await caller.agent.start()
    port = int(caller.agent.local_address.rpartition(":")[2])
    trunks = [Trunk(name, "127.0.0.1", port, register=False, transport=name) for name in ("udp", "tcp")]
    lines = SipLines(trunks, SystemClock(), ports=PortRange("127.0.0.1", *LINE_PORTS), ask_s=0, silence_s=0)
    offered: asyncio.Future[LineEvent] = asyncio.get_running_loop().create_future()
    lines.listen(lambda event: offered.set_result(event) if isinstance(event, LegOffered) else None)
    await lines.start()
    port = int(lines.agent.local_address.rpartition(":")[2])
    async with asyncio.timeout(10):
        while not all(trunk.up for trunk in lines.trunks()):
            await asyncio.sleep(0.01)
        caller.dial("+902120000000", port, transport=transport)
        event = await offered

    assert isinstance(event, LegOffered)
    assert event.trunk == transport
    await lines.stop()
    await caller.agent.stop()


def test_a_connection_that_cannot_be_made_is_no_silence_before_its_time() -> None:
    class Unreachable(Call):
        """What says at once that nothing could be sent."""

        def __init__(self) -> None:
            self.ended_at = 0.0

        async def probe(self, within: float) -> int:
            return NOBODY

        def hang_up(self, reason: str | None = None) -> None:
            self.ended_at = asyncio.get_running_loop().time()

    async def scene() -> float:
        ports, trunk = PortRange("127.0.0.1", *LINE_PORTS), Trunk("here", "127.0.0.1")
        lines = SipLines((trunk,), SystemClock(), ports=ports, ask_s=10.0)
        dialog = DialogRef(DialogSeed("", "", 1, ""), "here", "", "", "")
        leg, call = LineLeg(LegId("leg"), "here", dialog, InProcess(ports).open(), answered=True), Unreachable()
        lines._add(leg, call)
        await lines._ask_after(leg)
        return call.ended_at

    assert virtual.run(scene()) == pytest.approx(8.0)
