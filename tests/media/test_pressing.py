"""Keys that we press: what a far end gets of them, beside the sound that goes on."""

from itertools import pairwise

import pytest
from rtp_peer import tone, until

from media import dtmf
from media.bridge import join
from media.description import DTMF, PCMU
from media.dtmf import KEYS, Keypad
from media.errors import KeysNotTaken, LegClosed, NoSuchKey
from media.keying import PRESS_S, steps
from media.player import play
from media.session import Leg
from media.sound import of_samples
from media.ticker import Ticker


def events(peer) -> list:
    return [p for p in peer.got if p.payload_type == DTMF.number]


def read(peer) -> str:
    """The keys as a receiver counts them."""
    keypad = Keypad()
    presses = [keypad.press(p.payload, p.ssrc, p.timestamp, n * 0.1) for n, p in enumerate(events(peer))]
    return "".join(key for key in presses if key)


async def pressed(leg) -> None:
    await until(lambda: not leg.sender.typist.busy, 20)


@pytest.mark.parametrize("key", KEYS)
def test_an_event_reads_as_it_was_written(key):
    event = dtmf.KeyEvent(key, True, 10, 1280)

    assert dtmf.parse(dtmf.build(event)) == event


def test_a_key_takes_as_long_as_is_said():
    assert len(list(steps("5"))) * 0.020 == pytest.approx(PRESS_S)


async def test_a_key_grows_for_160_ms_and_its_end_is_told_three_times(leg, peers):
    peer = peers()
    leg.answer(peer.describe(PCMU, DTMF))

    leg.press("5")
    await pressed(leg)
    await until(lambda: len(events(peer)) == 10)

    told = [dtmf.parse(p.payload) for p in events(peer)]
    assert [e.duration for e in told] == [160 * n for n in range(1, 8)] + [1280] * 3
    assert [e.end for e in told] == [False] * 7 + [True] * 3
    assert len({p.timestamp for p in events(peer)}) == 1
    assert [p.marker for p in events(peer)] == [True] + [False] * 9


async def test_the_same_key_twice_and_a_second_call_are_presses_of_their_own(leg, peers):
    peer = peers()
    leg.answer(peer.describe(PCMU, DTMF))

    leg.press("11#")
    leg.press("A")
    await pressed(leg)
    await until(lambda: len(events(peer)) == 40)

    assert read(peer) == "11#A"


async def test_sound_is_silent_meanwhile_and_goes_on_in_the_same_stream(leg, other, peers):
    ann, bob = peers(), peers()
    leg.answer(ann.describe(PCMU, DTMF))
    other.answer(bob.describe())
    join(leg, other)
    there = other.local.host, other.local.port
    Ticker.of_running_loop().add(lambda: bob.send(there))
    await until(lambda: len(ann.got) > 5, 10)

    leg.press("7")
    await pressed(leg)
    count = len(ann.got)
    await until(lambda: len(ann.got) > count + 5, 10)

    kinds = [p.payload_type for p in ann.got]
    begin, end = kinds.index(DTMF.number), len(kinds) - kinds[::-1].index(DTMF.number)
    steps = [(b.sequence - a.sequence, b.timestamp - a.timestamp) for a, b in pairwise(ann.got)]
    assert set(kinds[begin:end]) == {DTMF.number}
    assert {step for step, _ in steps} <= {1, 1 - 0x10000}
    assert steps[end - 1][1] & 0xFFFFFFFF >= 200 * 8  # the time of the press has passed for the sound too


async def test_a_player_goes_on_after_a_key_at_the_right_time(leg, peers):
    peer = peers()
    leg.answer(peer.describe(PCMU, DTMF))
    play(leg, of_samples(tone(440, 5)))
    await until(lambda: len(peer.got) > 5, 10)

    leg.press("7")
    await pressed(leg)
    count = len(peer.got)
    await until(lambda: len(peer.got) > count + 3, 10)

    kinds = [p.payload_type for p in peer.got]
    end = len(kinds) - kinds[::-1].index(DTMF.number)
    assert (peer.got[end].timestamp - peer.got[end - 1].timestamp) & 0xFFFFFFFF >= 200 * 8


async def test_who_takes_no_keys_or_none_of_these_is_told_so(ports, leg, peers):
    closed = Leg.open(ports)
    closed.close()
    with pytest.raises(LegClosed):
        closed.press("1")
    with pytest.raises(KeysNotTaken):
        leg.press("1")
    leg.answer(peers().describe(PCMU))
    with pytest.raises(KeysNotTaken):
        leg.press("1")
    leg.answer(peers().describe(PCMU, DTMF))
    with pytest.raises(NoSuchKey, match="'x'"):
        leg.press("1x")

    assert not leg.sender.typist.busy


async def test_a_leg_that_closes_lets_go(ports, peers):
    leg = Leg.open(ports)
    leg.answer(peers().describe(PCMU, DTMF))
    leg.press("123")

    leg.close()

    assert len(Ticker.of_running_loop()) == 0
