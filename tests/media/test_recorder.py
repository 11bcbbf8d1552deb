"""Recordings are true in time and in sides, whatever the packets do."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from rtp_peer import tone, until

from kit.virtual import run
from media.bridge import join
from media.codecs import encoder
from media.description import DTMF, PCMA, PCMU, Payload
from media.g711 import loudness
from media.recorder import Recorder
from media.session import Arrival

QUIET = {"PCMU": 0xFF, "PCMA": 0xD5}


@dataclass
class Kept:
    """A sink that keeps what it gets."""

    law: str = ""
    pieces: list[bytes] = field(default_factory=list[bytes])
    rest: bytes | None = None

    def begin(self, law: str) -> None:
        self.law = law

    def write(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def finish(self, piece: bytes) -> None:
        self.rest = piece

    @property
    def sound(self) -> bytes:
        return b"".join(self.pieces) + (self.rest or b"")

    def left(self, start_s: float, end_s: float) -> set[int]:
        return set(self.sound[0::2][round(start_s * 8000) : round(end_s * 8000)])

    def right(self, start_s: float, end_s: float) -> set[int]:
        return set(self.sound[1::2][round(start_s * 8000) : round(end_s * 8000)])


@dataclass
class Line:
    """What the recorder needs of a leg; packets by their number, 20 ms each."""

    codec: Payload = PCMA
    taps: tuple[Any, ...] = ()

    def say(self, number: int, byte: int, *, ssrc: int = 1, first: int = 0, payload: Payload = PCMA) -> None:
        self.speak(number, bytes([byte]) * 160, payload, ssrc=ssrc, first=first)

    def speak(self, number: int, coded: bytes, payload: Payload, *, ssrc: int = 1, first: int = 0) -> None:
        at = asyncio.get_running_loop().time()
        sound = bytearray(12) + coded
        arrival = Arrival(payload, False, number, first + 160 * number, ssrc, sound, 12, len(sound), at)
        for tap in self.taps:
            tap.heard(arrival)

    def get(self, number: int, byte: int, payload: Payload = PCMA) -> None:
        at = asyncio.get_running_loop().time()
        for tap in self.taps:
            tap.sent(payload, 160 * number, bytes([byte]) * 160, at)


async def talk(line: Line, packets: int, said: int = 1, got: int = 2, lost: frozenset[int] = frozenset()) -> None:
    for n in range(packets):
        if n not in lost:
            line.say(n, said)
        line.get(n, got)
        await asyncio.sleep(0.02)


def test_the_operator_is_left_and_the_customer_right_and_seconds_leave_as_they_are_over():
    async def scene() -> None:
        line, kept = Line(), Kept()
        recorder = Recorder(line, kept)  # type: ignore[arg-type]

        await talk(line, 115)
        before = len(kept.pieces)
        recorder.stop()

        assert before == 2
        assert {len(piece) for piece in kept.pieces} == {16000}
        assert len(kept.sound) == 2 * 8000 * 2.3
        assert (kept.law, kept.left(0, 2.3), kept.right(0, 2.3)) == ("PCMA", {2}, {1})
        assert line.taps == ()

    run(scene())


def test_lost_packets_are_silence_and_do_not_shorten_the_recording():
    async def scene() -> None:
        line, kept = Line(), Kept()
        recorder = Recorder(line, kept)  # type: ignore[arg-type]

        await talk(line, 100, lost=frozenset(range(20, 30)))
        recorder.stop()

        assert (kept.right(0, 0.4), kept.right(0.4, 0.6), kept.right(0.6, 2.0)) == ({1}, {QUIET["PCMA"]}, {1})
        assert len(kept.sound) == 2 * 8000 * 2

    run(scene())


def test_packets_out_of_order_and_in_bursts_have_the_places_of_their_timestamps():
    async def scene() -> None:
        line, kept = Line(), Kept()
        recorder = Recorder(line, kept)  # type: ignore[arg-type]

        line.say(0, 10)
        await asyncio.sleep(0.06)
        for number in (2, 1, 3):
            line.say(number, 10 + number)
        await asyncio.sleep(0.5)
        recorder.stop()

        assert [kept.right(0.02 * n, 0.02 * n + 0.02) for n in range(4)] == [{10}, {11}, {12}, {13}]

    run(scene())


def test_a_new_source_begins_where_it_comes():
    async def scene() -> None:
        line, kept = Line(), Kept()
        recorder = Recorder(line, kept)  # type: ignore[arg-type]

        line.say(0, 10)
        await asyncio.sleep(0.5)
        line.say(0, 20, ssrc=2, first=4_000_000_000)
        await asyncio.sleep(0.5)
        recorder.stop()

        assert kept.right(0.5, 0.52) == {20}

    run(scene())


def test_what_is_said_while_paused_is_silence_and_times_stay_true():
    async def scene() -> None:
        line, kept = Line(), Kept()
        recorder = Recorder(line, kept)  # type: ignore[arg-type]

        for n in range(150):
            recorder.paused = 50 <= n < 100
            line.say(n, 1)
            line.get(n, 2)
            await asyncio.sleep(0.02)
        recorder.stop()

        assert (kept.right(0, 1), kept.right(1, 2), kept.right(2, 3)) == ({1}, {QUIET["PCMA"]}, {1})
        assert (kept.left(0, 1), kept.left(1, 2), kept.left(2, 3)) == ({2}, {QUIET["PCMA"]}, {2})

    run(scene())


def test_the_other_law_is_translated_and_keys_are_not_recorded():
    async def scene() -> None:
        line, kept = Line(codec=PCMU), Kept()
        recorder = Recorder(line, kept)  # type: ignore[arg-type]

        line.say(0, 0xD5, payload=PCMA)
        line.say(1, 7, payload=DTMF)
        await asyncio.sleep(0.1)
        recorder.stop()

        assert kept.law == "PCMU"
        assert kept.right(0, 0.02) <= {0xFF, 0x7F, 0xFE}, "silence of one law is that of the other"
        assert kept.right(0.02, 0.1) == {QUIET["PCMU"]}

    run(scene())


def test_a_far_end_that_speaks_another_codec_is_recorded_too():
    wide = Payload(9, "G722")
    coded = encoder("G722")(tone(440, 1.0))

    async def scene() -> None:
        line, kept = Line(codec=wide), Kept()
        recorder = Recorder(line, kept)  # type: ignore[arg-type]

        for n in range(50):
            line.speak(n, coded[160 * n : 160 * (n + 1)], wide)
            await asyncio.sleep(0.02)
        recorder.stop()

        assert loudness(kept.sound[1::2], kept.law) > 3000

    run(scene())


def test_a_stalled_loop_writes_every_second_that_is_due():
    async def scene() -> None:
        line, kept = Line(), Kept()
        recorder = Recorder(line, kept)  # type: ignore[arg-type]

        asyncio.get_running_loop().jump(5.5)  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        recorder.stop()

        assert len(kept.sound) == 2 * 8000 * 5.5

    run(scene())


@pytest.mark.parametrize("codec", [PCMU, PCMA])
async def test_a_bridged_leg_is_recorded_with_both_voices(leg, other, peers, codec: Payload):
    customer, operator = peers(payload=codec), peers(payload=PCMU)
    for mine, peer in ((leg, customer), (other, operator)):
        mine.answer(peer.describe())
        peer.send((mine.local.host, mine.local.port))
        await until(lambda mine=mine: mine.source)
    join(leg, other)
    kept = Kept()
    recorder = Recorder(leg, kept)

    for _ in range(5):
        customer.send((leg.local.host, leg.local.port), bytes([0x11]) * 160)
        operator.send((other.local.host, other.local.port), bytes([0x22]) * 160)
    await until(lambda: leg.stats.received >= 6 and len(customer.got) >= 6)
    await asyncio.sleep(0.15)
    recorder.stop()

    quiet = QUIET[codec.name]
    assert kept.law == codec.name
    assert set(kept.sound[1::2]) - {quiet} == {0x11}
    assert len(set(kept.sound[0::2]) - {quiet}) == 1
