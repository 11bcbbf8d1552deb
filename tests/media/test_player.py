import asyncio
import threading
import wave

import numpy as np
import pytest
from rtp_peer import power, settle, tone, until

from media import g711
from media.bridge import join, joined, part
from media.description import PCMA
from media.errors import BadSound
from media.player import play, play_when_read, prompt
from media.session import Leg
from media.sound import kept, load, of_samples
from media.ticker import GROUPS, INTERVAL_S, Ticker
from media.wav import resampled


@pytest.fixture
def second(tmp_path):
    """One second and a bit of 440 Hz."""
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(tone(440, 0.305))
    return path


async def test_a_file_is_heard_whole_in_the_far_ends_codec(leg, peers, second):
    peer, ended = peers(payload=PCMA), asyncio.Event()
    leg.answer(peer.describe())

    play(leg, second, on_end=ended.set)
    await asyncio.wait_for(ended.wait(), 2)
    await until(lambda: len(peer.got) == 1 + 16)

    heard = g711.decode(b"".join(p.payload for p in peer.got[1:]), "PCMA")
    assert power(heard[: 15 * 320], 440) == pytest.approx(8000, rel=0.05)
    assert [p.marker for p in peer.got[1:]] == [True] + [False] * 15
    assert leg.fed_by() is None


async def test_packets_leave_every_20_ms_without_drift(leg, peers, second):
    peer = peers()
    leg.answer(peer.describe())
    started = asyncio.get_running_loop().time()

    play(leg, second, repeat=True)
    await until(lambda: len(peer.got) > 80, 5)

    lateness = [at - started - n * INTERVAL_S for n, at in enumerate(peer.times[1:81])]
    first, last = min(lateness[:20]), min(lateness[-20:])  # the least: a busy machine only adds to it
    assert abs(last - first) < 0.010


async def test_a_repeated_sound_goes_on_until_it_is_parted(leg, peers, second):
    peer, ended = peers(), []
    leg.answer(peer.describe())

    play(leg, second, repeat=True, on_end=lambda: ended.append(1))
    await until(lambda: len(peer.got) > 40)
    part(leg)
    await settle()
    count = len(peer.got)
    await asyncio.sleep(0.05)

    assert len(peer.got) == count
    assert ended == []


async def test_a_new_sound_or_a_bridge_takes_the_place_of_the_old(leg, other, peers, second):
    ended = []
    leg.answer(peers().describe())

    play(leg, second, on_end=lambda: ended.append("first"))
    play(leg, second, on_end=lambda: ended.append("second"))
    assert len(Ticker.of_running_loop()) == 1
    join(leg, other)

    assert len(Ticker.of_running_loop()) == 0
    assert ended == []


async def test_a_leg_that_closes_takes_its_player_along(ports, second):
    leg = Leg.open(ports)
    play(leg, second, repeat=True)

    leg.close()

    assert len(Ticker.of_running_loop()) == 0


async def test_a_stall_of_the_loop_is_made_up_for(leg, peers):
    peer = peers()
    leg.answer(peer.describe())
    play(leg, of_samples(tone(440, 5)))
    started = asyncio.get_running_loop().time()
    await asyncio.sleep(0.05)

    while asyncio.get_running_loop().time() - started < 0.15:
        pass

    await until(lambda: len(peer.got) - 1 >= (asyncio.get_running_loop().time() - started) / INTERVAL_S - 2)


def write(path, rate, channels, width, voices):
    """A WAV whose channels hold these tones (Hz and amplitude), 1 s long."""
    at = np.arange(rate) / rate
    signals = [sum(level * np.sin(2 * np.pi * hertz * at) for hertz, level in voice) for voice in voices]
    scaled = np.stack(signals, axis=1) * 2.0 ** (8 * width - 16)
    whole = (np.rint(scaled) + (128 if width == 1 else 0)).astype("<i4")
    raw = whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", ""))
        file.writeframes(raw)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize(("channels", "width"), [(1, 2), (2, 2), (1, 1), (2, 3), (1, 4)])
def test_a_file_of_any_usual_format_sounds_the_same(tmp_path, rate, channels, width):
    path = tmp_path / "odd.wav"
    write(path, rate, channels, width, [[(440, 8000)]] * channels)

    sound = load(path)
    samples = g711.decode(b"".join(sound.frames["PCMU"]), "PCMU")[: 2 * 8000]

    assert sound.seconds == 1.0
    assert power(samples, 440) == pytest.approx(8000, rel=0.03)


def test_what_is_too_high_for_the_telephone_does_not_fold_down(tmp_path):
    path = tmp_path / "high.wav"
    write(path, 44100, 1, 2, [[(1000, 8000), (5000, 8000), (9000, 8000)]])

    samples = g711.decode(b"".join(load(path).frames["PCMU"]), "PCMU")

    assert power(samples, 1000) == pytest.approx(8000, rel=0.03)
    assert max(power(samples, hertz) for hertz in (3000, 3600, 2000)) < 200


def test_both_channels_are_heard(tmp_path):
    path = tmp_path / "stereo.wav"
    write(path, 16000, 2, 2, [[(500, 8000)], [(1500, 8000)]])

    samples = g711.decode(b"".join(load(path).frames["PCMA"]), "PCMA")

    assert power(samples, 500) == pytest.approx(4000, rel=0.05)
    assert power(samples, 1500) == pytest.approx(4000, rel=0.05)


@pytest.mark.parametrize("rate", [4000, 11025, 48000])
def test_a_resampled_sound_keeps_its_length_and_its_edges(rate):
    at = np.arange(int(1.7 * rate)) / rate

    samples = resampled(8000 * np.sin(2 * np.pi * 440 * at), rate)

    expected = 8000 * np.sin(2 * np.pi * 440 * np.arange(len(samples)) / 8000)
    assert len(samples) == 13600
    assert np.abs(samples - expected)[100:-100].max() < 200


@pytest.mark.parametrize(("rate", "frames"), [(8000, b""), (2000, b"\0" * 64), (400000, b"\0" * 64)])
def test_a_sound_that_is_none_is_refused_with_its_name(tmp_path, rate, frames):
    path = tmp_path / "odd.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(frames)

    with pytest.raises(BadSound, match=r"odd\.wav.*give an uncompressed WAV"):
        load(path)


@pytest.mark.parametrize(
    ("name", "language", "hertz", "seconds"),
    [
        ("ringback", "tr", (450,), (2.0, 6.0)),
        ("busy", "tr", (450,), (0.5, 1.0)),
        ("ringback", "en", (440, 480), (2.0, 6.0)),
        ("busy", "en", (480, 620), (0.5, 1.0)),
    ],
)
def test_the_networks_tones_have_their_frequencies_and_cadence(name, language, hertz, seconds):
    sound = load(prompt(name, language))
    samples = g711.decode(b"".join(sound.frames["PCMU"]), "PCMU")
    on = samples[: int(seconds[0] * 16000)]

    assert sound.seconds == seconds[1]
    assert all(power(on, one) == pytest.approx(5000 / len(hertz), rel=0.05) for one in hertz)
    assert g711.loudness(b"".join(sound.frames["PCMU"][int(seconds[0] * 50) :]), "PCMU") == 0


def test_a_missing_or_broken_file_is_a_bad_sound(tmp_path):
    (tmp_path / "text.wav").write_text("no sound at all")

    for name in ("text.wav", "missing.wav"):
        with pytest.raises(BadSound, match=name):
            load(tmp_path / name)


def test_a_file_is_read_once(second):
    assert load(second) is load(second)
    assert load(second).seconds == pytest.approx(0.32)


@pytest.mark.parametrize("language", ["tr", "en"])
@pytest.mark.parametrize("name", ["greeting", "recorded", "wait", "message", "beep"])
def test_the_services_prompts_are_there_and_can_be_heard(name, language):
    sound = load(prompt(name, language))

    assert sound.seconds > 0.1
    assert g711.loudness(b"".join(sound.frames["PCMA"]), "PCMA") > 500


@pytest.mark.parametrize(
    ("name", "language"),
    [("greeting", "xx"), ("busy", "xx"), ("nothing", "tr"), ("../player", "tr"), ("greeting", "..")],
)
def test_a_prompt_that_is_not_there_is_a_lookup_error(name, language):
    with pytest.raises(LookupError, match="There is no prompt"):
        prompt(name, language)


async def test_a_beat_that_an_earlier_one_removes_is_not_called_in_the_same_strike():
    ticker, called = Ticker.of_running_loop(), asyncio.Event()
    beats = [lambda n=n: beat(n) for n in range(8)]
    heard = []

    def beat(number):
        heard.append(number)
        for other in beats:
            ticker.remove(other)
        called.set()

    for one in beats:
        ticker.add(one)
    await asyncio.wait_for(called.wait(), 2)
    await asyncio.sleep(3 * INTERVAL_S)

    assert len(heard) == 1
    assert len(ticker) == 0


# ---------------------------------------------------------------- what must not hold up the others


async def test_a_file_is_read_by_a_thread_and_played_when_it_is_there(leg, peers, second, monkeypatch):
    peer, readers = peers(), []
    ended: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    leg.answer(peer.describe())

    def spied(source):
        readers.append(threading.current_thread())
        return load(source)

    monkeypatch.setattr("media.player.load", spied)
    play_when_read(leg, second, repeat=False, on_end=ended.set_result)

    assert await asyncio.wait_for(ended, 5) is None
    assert len(peer.got) == 1 + 16
    assert readers
    assert threading.main_thread() not in readers


async def test_a_file_that_is_read_when_nobody_wants_it_any_more_is_not_played(leg, other, peers, second, monkeypatch):
    peer, read, told = peers(), threading.Event(), []
    leg.answer(peer.describe())

    def slow(source):
        assert read.wait(5)
        return load(source)

    monkeypatch.setattr("media.player.load", slow)
    play_when_read(leg, second, repeat=False, on_end=told.append)
    join(leg, other)
    read.set()
    await until(lambda: kept(second))
    await settle()

    assert joined(leg) is other
    assert len(Ticker.of_running_loop()) == 0
    assert told == []


async def test_a_beat_that_fails_is_stopped_and_the_others_go_on(leg, peers):
    peer, ticker = peers(), Ticker.of_running_loop()
    struck: list[int] = []
    leg.answer(peer.describe())

    def fails() -> None:
        struck.append(1)
        raise ZeroDivisionError

    for _ in range(GROUPS):  # one in each group, before the sound
        ticker.add(lambda: fails())
    play(leg, of_samples(tone(440, 0.3)))
    await until(lambda: len(peer.got) == 1 + 15)

    assert len(struck) == GROUPS
    assert len(ticker) == 0
