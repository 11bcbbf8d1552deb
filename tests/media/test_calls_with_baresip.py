"""Calls with a phone that others wrote (baresip), straight to it and from it: the judge of our line is not our line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import baresip
import pytest
import pytest_asyncio
from certificates import Authority
from rtp_peer import power, tone, until
from trunk_side import Outgoing, Service

from dialer.legs import description_of, to_text
from media.description import G722, PCMA, PCMU, Payload
from media.player import play
from media.session import Encryption
from media.sound import of_samples
from sip.agent import UserAgent
from sip.listener import Peer
from sip.sdp import SessionDescription
from sip.tls import Tls

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not baresip.is_installed(), reason=baresip.MISSING),
]
TRANSPORTS = pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
OURS_HZ = 440
LOUD = 40
"""Packets with sound each way, before both sides are looked at."""


class OurSide(Service):
    """A phone of ours that may be transferred. `manner`: what is done with an incoming call."""

    def __init__(self, tls: Tls, encryption: Encryption = Encryption.OFF) -> None:
        super().__init__(encryption=encryption)
        peers = lambda host: Peer(host, transfer=True)  # noqa: E731
        self.agent = UserAgent(("127.0.0.1", 0), peers=peers, listener=self, tls=tls)
        self.manner, self.secure_port = "answer", tls.port
        self.transfers: list[tuple[int, bool]] = []
        self.versions = 1

    def address(self, transport: str = "udp") -> str:
        """The URI by which it is called."""
        port = self.secure_port if transport == "tls" else self.agent.local_address.rpartition(":")[2]
        return f"sip:us@127.0.0.1:{port};transport={transport}"

    def on_offered(self, call: Any) -> None:
        if self.manner == "answer":
            super().on_offered(call)
            return
        one = self.calls[call] = Outgoing()
        one.call = call
        call.refuse(486) if self.manner == "busy" else call.ring()
        self.incoming.put_nowait(one)

    def on_ended(self, call: Any, by_us: bool, cause: str) -> None:
        if self.calls[call].leg is None:
            self.calls[call].over.set()
            return
        super().on_ended(call, by_us, cause)

    def on_reoffer(self, call: Any, sdp: bytes) -> bytes | None:
        self.versions += 1
        offer = SessionDescription.parse(sdp)
        return to_text(self.calls[call].leg.answer(description_of(offer)), version=self.versions, asked=offer)

    def on_renegotiated(self, call: Any) -> None:
        self.calls[call].leg.accept(description_of(SessionDescription.parse(call.remote_sdp)))

    def on_transfer(self, call: Any, status: int, last: bool) -> None:
        self.transfers.append((status, last))

    def on_refer(self, call: Any, asked: Any) -> None:
        asked.accept()
        new = self.dial("friend", int(asked.target.partition(";")[0].rpartition(":")[2]))
        self.transferred = new
        told = asyncio.ensure_future(new.answered.wait())
        told.add_done_callback(lambda _: asked.tell(200))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[baresip.Baresip]:
    folder: Path = tmp_path_factory.mktemp("baresip")
    certificate = authority.sign("127.0.0.1")
    async with baresip.phone(folder, authority.ca, certificate, tone(baresip.HERTZ, 60)) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def foreign(running: baresip.Baresip) -> AsyncIterator[baresip.Baresip]:
    """The phone, which has no call at the end."""
    running.forget()
    running.do("uafind", "sip:plain@127.0.0.1")
    yield running


@pytest_asyncio.fixture(loop_scope="module")
async def ours(authority: Authority, request: pytest.FixtureRequest) -> AsyncIterator[OurSide]:
    side = OurSide(
        Tls(authority.ca, *authority.sign("127.0.0.1"), baresip.free_ports()[0]),
        getattr(request, "param", Encryption.OFF),
    )
    await side.agent.start()
    yield side
    await side.agent.stop()
    for one in side.calls.values():
        if one.leg is not None:
            one.leg.close()


@pytest_asyncio.fixture(loop_scope="module")
async def friend(authority: Authority) -> AsyncIterator[OurSide]:
    """To whom calls are transferred."""
    side = OurSide(Tls(authority.ca))
    await side.agent.start()
    yield side
    await side.agent.stop()
    for one in side.calls.values():
        one.leg.close()


async def called(
    ours: OurSide,
    foreign: baresip.Baresip,
    user: str = "plain",
    transport: str = "udp",
    codecs: tuple[Payload, ...] = (PCMA, PCMU),
) -> Outgoing:
    """A call of ours that baresip has accepted."""
    one = ours.dial(user, foreign.sip + (transport == "tls"), *codecs, transport=transport)
    await foreign.tells("CALL_INCOMING")
    foreign.do("accept")
    await asyncio.wait_for(one.answered.wait(), 10)
    return one


async def calling(ours: OurSide, foreign: baresip.Baresip, transport: str = "udp") -> Outgoing:
    """A call of baresip's that we have answered."""
    foreign.do("dial", ours.address(transport))
    one = await asyncio.wait_for(ours.incoming.get(), 10)
    await foreign.tells("CALL_ESTABLISHED")
    return one


async def speaks(one: Outgoing) -> None:
    """Our tone, until it and baresip's have gone for some time."""
    play(one.leg, of_samples(tone(OURS_HZ, 30)))
    heard, said = one.loud + LOUD, one.leg.stats.sent + LOUD
    await until(lambda: one.loud > heard and one.leg.stats.sent > said, 10)


async def falls_silent(packets: Callable[[], int]) -> None:
    """Wait until no more packets are counted for a time in which fifteen would be."""
    async with asyncio.timeout(10):
        while True:
            before = packets()
            await asyncio.sleep(0.3)
            if packets() == before:
                return


def heard_by_us(one: Outgoing) -> float:
    return power(one.samples(0.5), baresip.HERTZ)


async def heard_by(foreign: baresip.Baresip) -> float:
    """Of the best quarter of a second: there is none where it began, and where it was on hold."""
    sound, part = await foreign.heard(), 4000
    return max((power(sound[at : at + part], OURS_HZ) for at in range(0, len(sound) - part, part)), default=0.0)


async def hung_up_by_us(one: Outgoing, foreign: baresip.Baresip) -> None:
    one.call.hang_up()
    await foreign.tells("CALL_CLOSED")


TONE = pytest.approx(8000, rel=0.1)


@TRANSPORTS
async def test_we_call_and_are_heard_and_hang_up(ours: OurSide, foreign: baresip.Baresip, transport: str) -> None:
    one = await called(ours, foreign, transport=transport)

    await speaks(one)
    await hung_up_by_us(one, foreign)

    assert (heard_by_us(one), await heard_by(foreign)) == (TONE, TONE)
    assert one.leg.quality.lost == 0


@TRANSPORTS
async def test_it_calls_and_is_heard_and_hangs_up(ours: OurSide, foreign: baresip.Baresip, transport: str) -> None:
    one = await calling(ours, foreign, transport)

    await speaks(one)
    foreign.do("hangup")
    await asyncio.wait_for(one.over.wait(), 10)

    assert (heard_by_us(one), await heard_by(foreign)) == (TONE, TONE)
    assert one.by_us is False


async def test_wide_sound_is_heard_both_ways(ours: OurSide, foreign: baresip.Baresip) -> None:
    one = await called(ours, foreign, codecs=(G722,))

    await speaks(one)
    await hung_up_by_us(one, foreign)

    louder_as_resampled = pytest.approx(9350, rel=0.1)
    assert (heard_by_us(one), await heard_by(foreign)) == (louder_as_resampled, TONE)
    assert {name for name, _ in one.heard} == {"G722"}


@pytest.mark.parametrize("ours", [Encryption.REQUIRED], indirect=True)
@pytest.mark.parametrize("way", ["we call", "it calls"])
async def test_sound_is_encrypted_both_ways(ours: OurSide, foreign: baresip.Baresip, way: str) -> None:
    foreign.do("uafind", "sip:secure@127.0.0.1")
    one = await (called(ours, foreign, "secure") if way == "we call" else calling(ours, foreign))

    await speaks(one)
    await hung_up_by_us(one, foreign)

    assert (heard_by_us(one), await heard_by(foreign)) == (TONE, TONE)
    assert one.leg.remote.secure
    assert (one.leg.stats.forged, one.leg.stats.replayed) == (0, 0)


async def test_a_call_in_clear_to_one_who_must_encrypt_is_not_answered(ours: OurSide, foreign: baresip.Baresip) -> None:
    one = ours.dial("secure", foreign.sip)
    await asyncio.wait_for(one.over.wait(), 10)

    assert one.status == 488


async def test_keys_are_read_both_ways(ours: OurSide, foreign: baresip.Baresip) -> None:
    one = await called(ours, foreign)
    keys: list[str] = []
    one.leg.on_dtmf = keys.append

    await speaks(one)
    one.leg.press("159#*0")
    await foreign.tells("CALL_DTMF_END", 6)
    for key in "27*":
        foreign.do("sndcode", key)
        await until(lambda key=key: keys[-1:] == [key], 5)
    await hung_up_by_us(one, foreign)

    assert foreign.keys() == "159#*0"
    assert "".join(keys) == "27*"


async def test_we_hold_and_resume(ours: OurSide, foreign: baresip.Baresip) -> None:
    one = await called(ours, foreign)
    await speaks(one)

    one.call.hold()
    await until(lambda: one.call.reoffer is None, 10)
    held = one.call.remote_sdp
    await falls_silent(lambda: one.packets)
    one.call.resume()
    await until(lambda: one.call.reoffer is None, 10)
    await speaks(one)
    await hung_up_by_us(one, foreign)

    assert b"a=recvonly" in held
    assert (heard_by_us(one), await heard_by(foreign)) == (TONE, TONE)


async def test_it_holds_and_resumes(ours: OurSide, foreign: baresip.Baresip) -> None:
    one = await called(ours, foreign)
    await speaks(one)

    foreign.do("hold")
    await until(lambda: one.leg.held, 10)
    await falls_silent(lambda: one.leg.stats.sent)
    foreign.do("resume")
    await until(lambda: not one.leg.held, 10)
    await speaks(one)
    await hung_up_by_us(one, foreign)

    assert (heard_by_us(one), await heard_by(foreign)) == (TONE, TONE)


async def test_we_send_it_on(ours: OurSide, foreign: baresip.Baresip, friend: OurSide) -> None:
    one = await called(ours, foreign)
    await speaks(one)

    one.call.refer(friend.address())
    new = await asyncio.wait_for(friend.incoming.get(), 10)
    await until(lambda: any(last for _, last in ours.transfers), 10)
    await speaks(new)
    if not one.over.is_set():
        one.call.hang_up()
    new.call.hang_up()
    await foreign.tells("CALL_CLOSED", 2)

    assert ours.transfers[-1] == (200, True)
    assert heard_by_us(new) == TONE


async def test_it_sends_us_on(ours: OurSide, foreign: baresip.Baresip, friend: OurSide) -> None:
    one = await called(ours, foreign)
    await speaks(one)

    foreign.do("transfer", friend.address())
    new = await asyncio.wait_for(friend.incoming.get(), 10)
    closed = await foreign.tells("CALL_CLOSED")
    await asyncio.wait_for(one.over.wait(), 10)
    play(new.leg, of_samples(tone(OURS_HZ, 30)))
    await until(lambda: ours.transferred.loud > LOUD, 10)

    assert (one.by_us, closed["param"][:11]) == (False, "Call transf")  # as it writes it
    assert power(ours.transferred.samples(0.5), OURS_HZ) == TONE


async def test_we_take_a_ringing_call_back(ours: OurSide, foreign: baresip.Baresip) -> None:
    one = ours.dial("plain", foreign.sip)
    await asyncio.wait_for(one.ringing.wait(), 10)
    one.call.cancel()
    await asyncio.wait_for(one.over.wait(), 10)
    await foreign.tells("CALL_CLOSED")

    assert one.status == 487


async def test_it_takes_a_ringing_call_back(ours: OurSide, foreign: baresip.Baresip) -> None:
    ours.manner = "ring"
    foreign.do("dial", ours.address())
    one = await asyncio.wait_for(ours.incoming.get(), 10)
    await foreign.tells("CALL_RINGING")
    foreign.do("hangup")
    await asyncio.wait_for(one.over.wait(), 10)

    await foreign.tells("CALL_CLOSED")


async def test_it_is_busy(ours: OurSide, foreign: baresip.Baresip) -> None:
    one = ours.dial("plain", foreign.sip)
    await foreign.tells("CALL_INCOMING")
    foreign.do("hangup")
    await asyncio.wait_for(one.over.wait(), 10)

    assert one.status == 486


async def test_we_are_busy(ours: OurSide, foreign: baresip.Baresip) -> None:
    ours.manner = "busy"
    foreign.do("dial", ours.address())
    closed = await foreign.tells("CALL_CLOSED")

    assert closed["param"].startswith("486")
