"""What every `Media` does, by real sound between real sockets: on the loop itself, and in processes beside it."""

import asyncio
import gc
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise

import pytest
import pytest_asyncio
from rtp_peer import open_sockets, power, settle, tone, until
from sealed_talker import SealedTalker
from talker import AUDIBLE, SILENT, Talker
from test_recorder import Kept

from media import codecs
from media.description import DTMF, G722, PCMA, PCMU, Direction, Payload
from media.detector import Heard
from media.errors import (
    AlreadyMonitored,
    KeysNotTaken,
    LegClosed,
    MediaError,
    NoCommonCodec,
    NoPortsLeft,
    NoSuchKey,
    NotJoined,
)
from media.inproc import InProcess
from media.interface import Figures, Media, Sound
from media.monitor import Mode
from media.ports import PortRange
from media.sdes import Encryption
from media.tones import CADENCES
from media.workers import Workers

Kind = Callable[[PortRange], Media]
Begin = Callable[..., Awaitable[tuple[Sound, Talker]]]
pytestmark = pytest.mark.asyncio(loop_scope="module")
MEASURES = {"total_s": 3.5}


def with_workers(ports: PortRange) -> Media:
    """With two processes every second leg is elsewhere, and comes where it is needed."""
    return Workers(ports, 2)


@pytest.fixture(scope="module", params=[InProcess, with_workers], ids=["inproc", "worker"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(kind: Kind) -> AsyncIterator[Media]:
    media = kind(PortRange("127.0.0.1", 24400, 24599))
    await media.start()
    yield media
    await media.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def media(shared: Media) -> AsyncIterator[Media]:
    """At the end of each test every socket must be closed."""
    gc.collect()
    before = open_sockets()
    yield shared
    await until(lambda: open_sockets() == before)


@pytest_asyncio.fixture(loop_scope="module")
async def begin(media: Media) -> AsyncIterator[Begin]:
    """Makes legs whose far ends speak."""
    made: list[tuple[Sound, Talker]] = []

    async def one(
        hertz: float = 500, payload: Payload = PCMU, also: tuple[Payload, ...] = (DTMF,)
    ) -> tuple[Sound, Talker]:
        sound, talker = media.open(), Talker(hertz, payload, ssrc=len(made) + 1)
        made.append((sound, talker))
        heard: list[float] = []
        sound.on_first_packet = heard.append
        sound.answer(talker.describe(payload, *also))
        talker.speak(sound)
        await until(lambda: heard, 10)
        return sound, talker

    yield one
    for sound, talker in made:
        sound.close()
        talker.close()


@pytest.fixture
def second(tmp_path):
    """A second of 700 Hz."""
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(tone(700, 1.0))
    return path


async def closed(sound: Sound) -> Figures:
    """The last figures of a leg that is closed now."""
    told: asyncio.Future[Figures] = asyncio.get_running_loop().create_future()
    sound.close(told.set_result)
    return await asyncio.wait_for(told, 5)


# ---------------------------------------------------------------- what both sides say


async def test_offer_and_answer_name_a_port_and_common_codecs(media: Media, begin: Begin) -> None:
    sound, far = media.open(advertise="192.0.2.1"), Talker(payload=PCMA)

    offer = sound.offer()
    sound.accept(far.describe(PCMA, Payload(96, "G729"), DTMF))

    assert (offer.host, offer.port % 2, offer.direction) == ("192.0.2.1", 0, Direction.SENDRECV)
    assert sound.local == offer
    assert sound.remote is not None
    assert sound.remote.payloads == (PCMA, DTMF)
    sound.close()
    far.close()


async def test_what_has_nothing_in_common_is_refused_and_the_former_stays(begin: Begin) -> None:
    sound, far = await begin()
    before = sound.remote

    with pytest.raises(NoCommonCodec):
        sound.answer(far.describe(Payload(18, "G729")))

    assert sound.remote == before


async def test_who_holds_gets_nothing_until_he_resumes(begin: Begin) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    ann.join(bob)
    await until(lambda: one.hears(two) and two.hears(one), 10)

    answer = ann.answer(one.describe(PCMU, DTMF, direction=Direction.SENDONLY))
    await settle()
    got = len(one.got)
    two.got.clear()
    await until(lambda: len(two.got) > 10, 10)
    assert (answer.direction, ann.held, len(one.got)) == (Direction.RECVONLY, True, got)

    ann.answer(one.describe(PCMU, DTMF))
    one.got.clear()
    await until(lambda: one.hears(two), 10)
    assert not ann.held


async def test_a_far_end_that_moves_is_followed(begin: Begin) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    ann.join(bob)
    await until(lambda: two.hears(one), 10)
    one.hush()

    moved = Talker(1300)
    ann.answer(moved.describe(PCMU))
    moved.speak(ann)
    await until(lambda: two.hears(moved) and moved.hears(two), 10)
    moved.close()


async def test_strangers_are_not_heard(begin: Begin) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    ann.join(bob)
    await until(lambda: two.hears(one), 10)

    stranger = Talker(1300)
    stranger.speak(ann)
    two.got.clear()
    await until(lambda: stranger.sent > 20 and len(two.got) > 30, 10)
    stranger.close()

    assert two.heard(stranger.hertz, 30) < SILENT
    await until(lambda: ann.figures.stats.foreign >= 20, 5)


# ---------------------------------------------------------------- bridges


@pytest.mark.parametrize(("left", "right"), [(PCMU, PCMU), (PCMU, PCMA), (G722, PCMA)])
async def test_sound_flows_both_ways_also_between_codecs(begin: Begin, left: Payload, right: Payload) -> None:
    (ann, one), (bob, two) = await begin(500, left), await begin(900, right)

    ann.join(bob)

    await until(lambda: one.hears(two) and two.hears(one), 10)
    assert (ann.joined, bob.joined) == (bob, ann)


async def test_a_leg_keeps_its_stream_from_one_partner_to_the_next(begin: Begin) -> None:
    (ann, one), (bob, two), (eve, three) = await begin(500), await begin(900), await begin(1300)
    ann.join(bob)
    await until(lambda: one.hears(two), 10)

    eve.join(ann)
    await until(lambda: one.hears(three) and three.hears(one), 10)
    two.got.clear()
    await until(lambda: len(three.got) > 40, 10)

    assert (bob.joined, two.got) == (None, [])
    assert len({p.ssrc for p in one.got}) == 1
    steps = [(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(one.got)]
    assert set(steps) == {1}, "no number is left out or used twice"
    assert all(0 < (b.timestamp - a.timestamp) & 0xFFFFFFFF < 80_000 for a, b in pairwise(one.got))


async def test_parted_legs_hear_nothing(begin: Begin) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    ann.join(bob)
    await until(lambda: one.hears(two) and two.hears(one), 10)

    bob.part()
    await settle()
    before, sent = (len(one.got), len(two.got)), one.sent
    await until(lambda: one.sent > sent + 10, 10)

    assert (ann.joined, bob.joined) == (None, None)
    assert (len(one.got), len(two.got)) == before


async def test_a_muted_leg_is_not_heard_but_hears(begin: Begin) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    ann.join(bob)
    await until(lambda: one.hears(two) and two.hears(one), 10)

    ann.mute(muted=True)
    await settle()
    before, heard = len(two.got), len(one.got)
    await until(lambda: len(one.got) > heard + 10, 10)
    assert len(two.got) == before

    ann.mute(muted=False)
    await until(lambda: len(two.got) > before + 10, 10)
    assert two.hears(one)


# ---------------------------------------------------------------- prompts


async def test_a_file_is_heard_whole_and_its_end_is_told(begin: Begin, second) -> None:
    sound, far = await begin()
    far.got.clear()
    ended: asyncio.Future[MediaError | None] = asyncio.get_running_loop().create_future()

    sound.play(second, repeat=False, on_end=ended.set_result)

    assert await asyncio.wait_for(ended, 10) is None
    await until(lambda: len(far.got) >= 50)
    heard = codecs.decoder("PCMU")(b"".join(p.payload for p in far.got[-50:]))
    assert power(heard, 700) == pytest.approx(8000, rel=0.05)
    assert len(far.got) <= 51  # perhaps the packet that opens the way


async def test_a_tone_goes_on_until_another_sound_or_a_partner_takes_its_place(begin: Begin, second) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    ended: list[str] = []

    ann.play(CADENCES["busy"]["tr"], repeat=True, on_end=lambda _: ended.append("tone"))
    await until(lambda: one.heard(450) > 3000, 10)
    ann.play(second, repeat=True, on_end=lambda _: ended.append("file"))
    await until(lambda: one.heard(700) > AUDIBLE and one.heard(450) < SILENT, 10)
    ann.join(bob)
    await until(lambda: one.hears(two) and one.heard(700) < SILENT, 10)

    assert ended == []


async def test_a_sound_that_cannot_be_played_is_told_with_the_reason(begin: Begin, tmp_path) -> None:
    sound, _ = await begin()
    ended: asyncio.Future[MediaError | None] = asyncio.get_running_loop().create_future()

    sound.play(tmp_path / "missing.wav", repeat=True, on_end=ended.set_result)

    assert "missing.wav cannot be played" in str(await asyncio.wait_for(ended, 10))


# ---------------------------------------------------------------- keys


async def test_keys_are_heard_once_each_and_pressed(begin: Begin) -> None:
    sound, far = await begin()
    keys: list[str] = []
    sound.on_dtmf = keys.append
    for key in "19#":
        far.press(key, DTMF)
    await until(lambda: len(keys) == 3, 5)
    assert keys == ["1", "9", "#"]

    sound.press("4*")
    await until(lambda: len({p.timestamp for p in far.got if p.payload_type == DTMF.number}) == 2, 10)
    pressed = {p.payload[0] for p in far.got if p.payload_type == DTMF.number}
    assert pressed == {4, 10}


async def test_keys_that_nobody_has_or_takes_are_refused(begin: Begin) -> None:
    (ann, _), (bob, _) = await begin(), await begin(also=())

    with pytest.raises(NoSuchKey):
        ann.press("x")
    with pytest.raises(KeysNotTaken):
        bob.press("1")


# ---------------------------------------------------------------- recordings


async def test_a_recording_has_each_side_where_it_belongs_and_silence_while_paused(begin: Begin) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    kept = Kept()
    ann.join(bob)
    ann.record(kept)
    await until(lambda: len(kept.pieces) == 2, 10)
    ann.pause(paused=True)
    await until(lambda: len(kept.pieces) == 5, 10)
    ann.pause(paused=False)
    await until(lambda: len(kept.pieces) == 7, 10)
    ann.stop_recording()
    await until(lambda: kept.rest is not None, 5)

    def levels(second: int) -> tuple[bool, ...]:
        piece = kept.pieces[second]
        sides = [codecs.decoder(kept.law)(piece[side::2]) for side in (0, 1)]
        return tuple(power(side, talker.hertz) > AUDIBLE for side in sides for talker in (one, two))

    assert kept.law == "PCMU"
    assert {len(piece) for piece in kept.pieces} == {16_000}
    # our side is what the far end hears, bob; the right one what it says
    assert levels(1) == levels(6) == (False, True, True, False)
    assert set(kept.pieces[3]) == {0xFF}


async def test_a_recording_is_finished_with_its_leg(begin: Begin) -> None:
    sound, _ = await begin()
    kept = Kept()
    sound.record(kept)
    await until(lambda: kept.pieces, 10)

    await closed(sound)

    assert kept.rest is not None
    assert len(kept.rest) < 16_000


# ---------------------------------------------------------------- who answered


async def test_a_fax_is_told(begin: Begin) -> None:
    sound, _ = await begin(2100)
    verdict: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    sound.judge(MEASURES, verdict.set_result, lambda: None)

    told = await asyncio.wait_for(verdict, 10)
    assert (told.heard, told.reason) == (Heard.FAX, "fax_tone")


async def test_a_beep_is_told_and_its_end_too(begin: Begin) -> None:
    sound, far = await begin(1000)
    verdict: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    beeped = asyncio.Event()

    sound.judge(MEASURES, verdict.set_result, beeped.set)
    told = await asyncio.wait_for(verdict, 10)
    assert told.heard is Heard.BEEP
    assert not beeped.is_set()
    far.hush()
    await asyncio.wait_for(beeped.wait(), 10)


async def test_who_is_joined_is_judged_no_more(begin: Begin) -> None:
    (ann, one), (bob, two) = await begin(2100), await begin(900)
    told: list[object] = []

    ann.judge(MEASURES, told.append, lambda: told.append("beep"))
    ann.join(bob)
    await until(lambda: two.hears(one), 10)
    sent = one.sent
    await until(lambda: one.sent > sent + 50, 10)

    assert told == []


# ---------------------------------------------------------------- supervisors


async def test_a_whisper_reaches_the_operator_alone_and_modes_change(begin: Begin) -> None:
    (operator, desk), (customer, out), (supervisor, boss) = await begin(500), await begin(900), await begin(1300)
    customer.join(operator)
    ended: list[int] = []
    heard_before = len(out.got)

    supervisor.monitor(operator, Mode.LISTEN, lambda: ended.append(1))
    await until(lambda: boss.hears(desk, out), 10)
    supervisor.monitor(operator, Mode.WHISPER, lambda: ended.append(2))
    await until(lambda: desk.hears(boss, out), 10)
    await until(lambda: len(out.got) > heard_before + 30, 10)
    assert max(out.heard(boss.hertz, n) for n in (10, 20, 30)) < SILENT

    supervisor.monitor(operator, Mode.BARGE, lambda: ended.append(3))
    await until(lambda: out.hears(boss, desk), 10)
    assert ended == []
    supervisor.stop_monitoring()
    await until(lambda: ended and out.heard(boss.hertz) < SILENT and out.hears(desk), 10)
    supervisor.stop_monitoring()
    await settle()
    assert ended == [1]


async def test_a_monitor_ends_with_its_bridge(begin: Begin) -> None:
    (operator, _), (customer, out), (supervisor, boss) = await begin(500), await begin(900), await begin(1300)
    customer.join(operator)
    ended: list[int] = []
    supervisor.monitor(operator, Mode.LISTEN, lambda: ended.append(1))
    await until(lambda: boss.hears(out), 10)

    customer.part()
    await until(lambda: ended, 10)
    await settle()
    got, sent = len(boss.got), boss.sent
    await until(lambda: boss.sent > sent + 10, 10)

    assert (len(boss.got), ended) == (got, [1])


async def test_only_bridges_are_monitored_and_each_by_one(begin: Begin) -> None:
    (operator, _), (customer, _), (one, _), (other, _) = [await begin(500 + 200 * n) for n in range(4)]

    with pytest.raises(NotJoined):
        one.monitor(operator, Mode.LISTEN, lambda: None)
    customer.join(operator)
    one.monitor(operator, Mode.LISTEN, lambda: None)
    with pytest.raises(AlreadyMonitored):
        other.monitor(customer, Mode.LISTEN, lambda: None)


# ---------------------------------------------------------------- figures, and the end


async def test_figures_are_exact_at_the_end_and_near_meanwhile(begin: Begin) -> None:
    (ann, one), (bob, _) = await begin(500), await begin(900)
    one.lose = 10
    ann.join(bob)
    await until(lambda: one.sent >= 100, 10)
    await until(lambda: ann.figures.stats.received >= 50, 5)
    one.hush()
    await settle()

    last = await closed(ann)

    assert last.stats.received == one.sent
    # packets that are missing at the very end cannot be known
    assert one.lost - 1 <= last.quality.lost <= one.lost
    assert 0 < last.quality.jitter_ms < 40
    assert last.stats.sent >= len([p for p in one.got if p.payload_type == 0]) > 50
    assert last.first_packet_at is not None
    assert last.last_packet_at is not None
    assert last.first_packet_at < last.last_packet_at


async def test_the_moment_of_the_latest_packet_stands_still_when_nothing_comes(begin: Begin) -> None:
    sound, far = await begin()
    begun = asyncio.get_running_loop().time()
    await until(lambda: (sound.figures.last_packet_at or 0.0) > begun, 5)

    far.hush()
    hushed = asyncio.get_running_loop().time()
    await asyncio.sleep(1.2)

    assert begun < (sound.figures.last_packet_at or 0.0) <= hushed


async def test_the_first_voice_is_a_partners_and_no_prompt(begin: Begin, second) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    two.hush()
    ann.play(second, repeat=False, on_end=lambda _: None)
    await until(lambda: one.heard(700) > AUDIBLE, 10)
    ann.join(bob)
    joined = asyncio.get_running_loop().time()
    await asyncio.sleep(0.1)
    two.speak(bob)
    await until(lambda: one.hears(two), 10)
    heard = asyncio.get_running_loop().time()

    ann.part()
    bob.join(ann)
    voice_at, other_at = (await closed(ann)).first_voice_at, (await closed(bob)).first_voice_at

    assert voice_at is not None
    assert joined + 0.09 < voice_at < heard
    assert other_at is None


async def test_a_closed_leg_gives_its_ports_back_and_takes_no_more(kind: Kind) -> None:
    media = kind(PortRange("127.0.0.1", 24301, 24306))
    await media.start()
    legs = [media.open() for _ in range(2)]
    with pytest.raises(NoPortsLeft):
        media.open()

    for leg in legs:
        await closed(leg)
        leg.close()
    for refused in (legs[0].offer, lambda: legs[0].join(legs[1]), lambda: legs[0].press("1")):
        with pytest.raises(LegClosed):
            refused()

    again = [media.open() for _ in range(2)]
    assert {leg.local.port for leg in again} == {leg.local.port for leg in legs} == {24302, 24304}
    for leg in again:
        leg.close()
    await media.stop()


async def test_closing_ends_the_bridge_for_the_other(begin: Begin) -> None:
    (ann, one), (bob, two) = await begin(500), await begin(900)
    ann.join(bob)
    await until(lambda: two.hears(one), 10)

    await closed(ann)
    await settle()
    got, sent = len(two.got), two.sent
    await until(lambda: two.sent > sent + 10, 10)

    assert (bob.joined, len(two.got)) == (None, got)


# ---------------------------------------------------------------- encryption


@pytest.mark.parametrize("rolled", [0, 3], ids=["young", "after 65 minutes"])
async def test_encrypted_legs_are_joined_whatever_their_counters(media: Media, rolled: int) -> None:
    """SRTP counts how often the numbers of packets began anew, and nothing in a packet tells it."""
    legs = [media.open(encryption=Encryption.REQUIRED) for _ in range(2)]
    ends = [SealedTalker(hertz, leg, ssrc=n) for n, (hertz, leg) in enumerate(zip((500, 900), legs, strict=True), 7)]
    for end, leg in zip(ends, legs, strict=True):
        await end.roll_over(rolled, leg)
        end.speak(leg)
    await until(lambda: all(leg.figures.stats.received > 5 for leg in legs), 10)

    legs[0].join(legs[1])
    await until(lambda: ends[0].hears(ends[1]) and ends[1].hears(ends[0]), 10)
    figures = [await closed(leg) for leg in legs]

    assert [(one.stats.forged, one.stats.replayed) for one in figures] == [(0, 0), (0, 0)]
    assert all(end.undecipherable == 0 for end in ends)
    for end in ends:
        end.close()
