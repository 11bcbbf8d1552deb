"""The jitter buffer on tables of arrivals: a stream of 20 ms packets, each with the moment it comes."""

import random
from itertools import pairwise

import pytest
from rtp_peer import power, tone

from media import codecs
from media.jitter import LEAST_MS, MOST_MS, JitterBuffer

PACKET_S = 0.020


class Line:
    """Sends a 440 Hz tone in packets; `delay(n)` is the way of packet n in seconds, None: it is lost."""

    def __init__(self, codec: str = "PCMU", first: int = 1000, ssrc: int = 7) -> None:
        self.buffer, self.codec, self.first, self.ssrc = JitterBuffer(), codec, first, ssrc
        self.out: list[bytes] = []
        self._coded = codecs.encoder(codec)(tone(440, 20))

    def run(self, packets: int, delay=lambda n: 0.0, *, start: int = 0, twice=()) -> None:
        """Let the packets arrive, and pull every 20 ms until the last is due."""
        times = [(n, delay(n)) for n in range(start, start + packets)]
        arrivals = [(n * PACKET_S + late, n) for n, late in times if late is not None]
        arrivals += [(at, n) for at, n in arrivals if n in twice]
        arrivals.sort(reverse=True)
        for beat in range(start, start + packets):
            while arrivals and arrivals[-1][0] <= beat * PACKET_S + 0.001:
                at, n = arrivals.pop()
                self.put(n, at)
            self.out.append(self.buffer.pull())
        for at, n in reversed(arrivals):
            self.put(n, at)

    def put(self, n: int, at: float) -> None:
        sound = self._coded[n * 160 % len(self._coded) :][:160]
        sequence, timestamp = (self.first + n) & 0xFFFF, (0xFFFFF000 + n * 160) & 0xFFFFFFFF
        self.buffer.put(self.ssrc, sequence, timestamp, (self.codec, sound), at)

    @property
    def counts(self) -> tuple[int, int, int]:
        stats = self.buffer.stats
        return stats.lost, stats.late, stats.duplicate

    def clear(self, frames: slice = slice(10, None)) -> float:
        """How much of the tone is in what was pulled: 8000 is all of it."""
        return power(b"".join(self.out[frames]), 440)


@pytest.mark.parametrize("codec", codecs.NAMES)
def test_a_steady_stream_comes_out_whole_after_a_frame_or_two(codec):
    line = Line(codec)

    line.run(100)

    assert line.counts == (0, 0, 0)
    assert line.buffer.stats.concealed == 0
    assert line.buffer.target_ms == pytest.approx(LEAST_MS, abs=1)
    assert line.buffer.depth_ms <= 40
    assert line.clear() == pytest.approx(8000, rel=0.05)


@pytest.mark.parametrize("first", [1000, 65500], ids=["plain", "wrap"])
def test_disorder_within_the_delay_is_put_right(first):
    line = Line(first=first)

    line.run(200, lambda n: 0.030 if n % 5 == 0 else 0.0)

    assert line.buffer.target_ms == pytest.approx(50, abs=5)
    assert line.counts[0] == 0
    assert line.counts[1] <= 1  # the very first that was late
    assert line.clear(slice(50, None)) == pytest.approx(8000, rel=0.05)


def test_the_delay_follows_the_jitter_up_at_once_and_down_slowly():
    line, dice = Line(), random.Random(5)
    line.run(50)

    line.run(150, lambda n: dice.uniform(0, 0.080), start=50)
    high = line.buffer.target_ms
    line.run(1500, start=200)

    assert 80 < high < 110
    assert line.buffer.target_ms < LEAST_MS + 5
    assert line.buffer.depth_ms <= line.buffer.target_ms + 40
    assert line.buffer.stats.skipped > 0
    assert line.clear(slice(-100, None)) == pytest.approx(8000, rel=0.05)


def test_the_delay_has_a_limit():
    line = Line()

    line.run(300, lambda n: 0.9 if n % 50 == 0 else 0.0)

    assert line.buffer.target_ms <= MOST_MS
    assert line.buffer.depth_ms < 400


@pytest.mark.parametrize("first", [1000, 65500], ids=["plain", "wrap"])
def test_lost_packets_are_counted_and_concealed(first):
    line = Line(first=first)

    line.run(200, lambda n: None if n % 20 == 10 else 0.0)

    assert line.counts == (10, 0, 0)
    assert line.buffer.stats.concealed == 10
    assert line.clear() == pytest.approx(8000, rel=0.1)


def test_a_packet_after_its_turn_is_late_and_no_longer_lost():
    line = Line()

    line.run(100, lambda n: 0.3 if n == 50 else 0.0)

    assert line.counts == (0, 1, 0)


def test_twins_are_heard_once():
    line = Line()

    line.run(100, lambda n: 0.0, twice=range(20, 30))

    assert line.counts == (0, 0, 10)
    assert line.clear() == pytest.approx(8000, rel=0.05)


def test_silence_of_the_line_fades_out_and_what_follows_is_heard_at_once():
    line = Line()

    line.run(250, lambda n: None if 50 <= n < 150 else 0.0)

    assert power(line.out[60], 440) == 0
    assert line.buffer.stats.concealed <= 4
    assert line.buffer.depth_ms <= 60
    assert line.clear(slice(160, None)) == pytest.approx(8000, rel=0.05)


@pytest.mark.parametrize("change", ["ssrc", "numbers"])
def test_a_new_source_begins_anew(change):
    line = Line()
    line.run(100)

    line.ssrc, line.first = (8, line.first) if change == "ssrc" else (7, 40000)
    line.run(100, start=100)

    assert line.counts == (0, 0, 0)
    assert line.clear(slice(110, None)) == pytest.approx(8000, rel=0.05)


def test_keys_take_numbers_but_are_not_heard():
    line = Line()
    line.run(50)

    for n in range(50, 60):
        line.buffer.put(
            7, line.first + n, 0xFFFFF000 + 50 * 160 & 0xFFFFFFFF, (None, b"\x01\x0a\x00\xa0"), n * PACKET_S
        )
        line.out.append(line.buffer.pull())
    line.run(50, start=60)

    assert line.counts == (0, 0, 0)
    assert line.clear(slice(70, None)) == pytest.approx(8000, rel=0.05)


@pytest.mark.parametrize("size", [80, 240, 320, 400])
def test_packets_of_any_length_come_out_in_frames_of_20_ms(size):
    buffer, coded, out = JitterBuffer(), codecs.encoder("PCMA")(tone(440, 4)), b""
    sent = 0

    for beat in range(150):
        while sent * size < (beat + 1) * 160:
            part = coded[sent * size : (sent + 1) * size]
            buffer.put(7, sent, sent * size, ("PCMA", part), (sent + 1) * size / 8000)
            sent += 1
        out += buffer.pull()

    assert len(out) == 150 * 320
    assert buffer.stats.lost == 0
    assert power(out[-100 * 320 :], 440) == pytest.approx(8000, rel=0.05)


def test_a_flood_is_bounded():
    line = Line()

    for n in range(5000):
        line.put(n, 1.0)

    assert line.buffer.depth_ms <= 1300


def test_a_missing_frame_sounds_like_the_voice_around_it():
    """The gap keeps the pitch: most of the tone is there, and no jump louder than the tone's own steps by much."""
    line = Line()

    line.run(60, lambda n: None if n == 30 else 0.0)
    heard = b"".join(line.out[20:45])
    values = memoryview(heard).cast("h")

    assert power(heard, 440) > 7000
    assert max(abs(b - a) for a, b in pairwise(values)) < 4000
