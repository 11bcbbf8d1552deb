"""Who hears whom: each of three speaks a tone of its own, and what they get is measured at the three frequencies."""

import sys
from itertools import pairwise

import pytest
from rtp_peer import power, tone, until

from media import codecs, rtp
from media.bridge import join, joined, part
from media.description import G722, PCMA, PCMU
from media.errors import AlreadyMonitored, NotJoined
from media.monitor import CUSTOMER, OPERATOR, SUPERVISOR, Mode, Monitor
from media.session import Leg
from media.ticker import Ticker

HERTZ = {SUPERVISOR: 500, OPERATOR: 900, CUSTOMER: 1500}
FRAMES = 15
AUDIBLE, SILENT = 4000, 300
"""Amplitudes; a tone is 8000."""


class Party:
    """A far end that speaks its tone at every beat."""

    def __init__(self, name: str, leg: Leg, peer) -> None:
        self.name, self.leg, self.peer = name, leg, peer
        self._said = codecs.encoder(peer.payload.name)(tone(HERTZ[name], 10))
        self._at = self._beats = 0
        self._lose = self._delay = sys.maxsize
        self._held: list[bytes] = []
        leg.answer(peer.describe())
        Ticker.of_running_loop().add(self.speak)

    def impair(self, *, lose: int, delay: int) -> None:
        """From now on one packet in `lose` never comes, and one in `delay` comes after its successor."""
        self._lose, self._delay = lose, delay

    def speak(self) -> None:
        self._beats += 1
        sound, there = self._said[self._at :][:160], (self.leg.local.host, self.leg.local.port)
        self._at = (self._at + 160) % len(self._said)
        peer = self.peer
        if self._beats % self._lose and self._beats % self._delay:
            peer.send(there, sound)
            for late in self._held:
                peer.sock.sendto(late, there)
            self._held.clear()
            return
        if self._beats % self._lose:
            self._held.append(
                rtp.build(rtp.Packet(peer.payload.number, peer.sequence, peer.timestamp, peer.ssrc, sound))
            )
        peer.sequence = (peer.sequence + 1) & 0xFFFF
        peer.timestamp = (peer.timestamp + 160) & 0xFFFFFFFF

    def hears(self) -> dict[str, float]:
        """The amplitude of each one's tone in the latest packets."""
        latest = b"".join(p.payload for p in self.peer.got[-FRAMES:])
        samples = codecs.decoder(self.peer.payload.name)(latest)
        return {name: power(samples, hertz) for name, hertz in HERTZ.items()}

    def audible(self) -> set[str]:
        return {name for name, level in self.hears().items() if level > AUDIBLE}

    def ever_heard(self, name: str, since: int) -> float:
        """The loudest moment of a tone since so many packets."""
        decode, got = codecs.decoder(self.peer.payload.name), self.peer.got[since:]
        windows = [b"".join(p.payload for p in got[at : at + 5]) for at in range(0, len(got), 5)]
        return max((power(decode(one), HERTZ[name]) for one in windows if one), default=0.0)


class Floor:
    """Three legs, of which operator and customer talk."""

    def __init__(self, ports, peers, codecs_of) -> None:
        self.legs = {name: Leg.open(ports) for name in HERTZ}
        self.parties = {name: Party(name, self.legs[name], peers(payload=codecs_of[name])) for name in HERTZ}

    async def begin(self) -> None:
        await until(lambda: all(leg.source for leg in self.legs.values()), 10)
        join(self.legs[OPERATOR], self.legs[CUSTOMER])

    def monitor(self, mode: Mode, **options) -> Monitor:
        monitor = Monitor(self.legs[SUPERVISOR], self.legs[OPERATOR], **options)
        monitor.start(mode)
        return monitor

    async def hearing(self, **expected: set[str]) -> None:
        """Wait until each hears exactly the expected voices, then go on for some packets more."""
        await until(lambda: all(self.parties[name].audible() == voices for name, voices in expected.items()), 20)

    def count(self, name: str) -> int:
        return len(self.parties[name].peer.got)

    def close(self) -> None:
        for name, leg in self.legs.items():
            Ticker.of_running_loop().remove(self.parties[name].speak)
            leg.close()


LAWS = {SUPERVISOR: PCMU, OPERATOR: PCMU, CUSTOMER: PCMA}
WIDE = {SUPERVISOR: PCMA, OPERATOR: G722, CUSTOMER: PCMU}


@pytest.fixture(params=[LAWS, WIDE], ids=["g711", "g722"])
async def floor(ports, peers, request):
    floor = Floor(ports, peers, request.param)
    await floor.begin()
    yield floor
    floor.close()


async def test_a_listener_hears_both_and_nobody_hears_him(floor):
    await floor.hearing(operator={CUSTOMER}, customer={OPERATOR}, supervisor=set())
    before = {name: floor.count(name) for name in HERTZ}

    floor.monitor(Mode.LISTEN)
    await floor.hearing(supervisor={OPERATOR, CUSTOMER}, operator={CUSTOMER}, customer={OPERATOR})

    assert floor.parties[OPERATOR].ever_heard(SUPERVISOR, before[OPERATOR]) < SILENT
    assert floor.parties[CUSTOMER].ever_heard(SUPERVISOR, before[CUSTOMER]) < SILENT


async def test_a_whisper_reaches_the_operator_alone(floor):
    await floor.hearing(operator={CUSTOMER}, customer={OPERATOR})
    before = floor.count(CUSTOMER)

    floor.monitor(Mode.WHISPER)
    await floor.hearing(supervisor={OPERATOR, CUSTOMER}, operator={CUSTOMER, SUPERVISOR}, customer={OPERATOR})
    start = {name: floor.count(name) for name in HERTZ}
    await until(lambda: floor.count(SUPERVISOR) > start[SUPERVISOR] + 30, 10)

    # one packet a beat to each: the mix takes the place of the relay
    grown = {name: floor.count(name) - start[name] for name in HERTZ}
    assert max(grown[OPERATOR], grown[CUSTOMER]) <= grown[SUPERVISOR] + 15
    assert floor.parties[CUSTOMER].ever_heard(SUPERVISOR, before) < SILENT


async def test_everybody_hears_who_barges_in_and_modes_change_during_the_call(floor):
    monitor = floor.monitor(Mode.LISTEN)
    await floor.hearing(supervisor={OPERATOR, CUSTOMER}, operator={CUSTOMER}, customer={OPERATOR})

    monitor.switch(Mode.BARGE)
    await floor.hearing(
        supervisor={OPERATOR, CUSTOMER}, operator={CUSTOMER, SUPERVISOR}, customer={OPERATOR, SUPERVISOR}
    )
    monitor.switch(Mode.WHISPER)
    await floor.hearing(supervisor={OPERATOR, CUSTOMER}, operator={CUSTOMER, SUPERVISOR}, customer={OPERATOR})
    monitor.switch(Mode.LISTEN)
    await floor.hearing(supervisor={OPERATOR, CUSTOMER}, operator={CUSTOMER}, customer={OPERATOR})


async def test_whoever_leaves_leaves_the_undecoded_relay(floor, monkeypatch):
    ended = []
    monitor = floor.monitor(Mode.BARGE, on_end=lambda: ended.append(1))
    await floor.hearing(customer={OPERATOR, SUPERVISOR})
    streams = {p.ssrc for p in floor.parties[CUSTOMER].peer.got}

    monitor.stop()
    monitor.stop()
    pulled = []
    monkeypatch.setattr("media.jitter.JitterBuffer.pull", lambda buffer: pulled.append(1))
    left_with = floor.count(SUPERVISOR)
    await floor.hearing(operator={CUSTOMER}, customer={OPERATOR})

    assert ended == [1]
    assert pulled == []
    assert floor.count(SUPERVISOR) <= left_with + 2  # what was on its way
    assert joined(floor.legs[OPERATOR]) is floor.legs[CUSTOMER]
    assert {p.ssrc for p in floor.parties[CUSTOMER].peer.got} == streams
    assert floor.legs[SUPERVISOR].sink is None


@pytest.mark.parametrize("ends", ["bridge", "operator", "supervisor", "elsewhere"])
async def test_the_stay_ends_with_the_bridge_or_the_supervisors_leg(floor, ports, ends):
    ended, other = [], Leg.open(ports)
    monitor = floor.monitor(Mode.BARGE, on_end=lambda: ended.append(1))
    await floor.hearing(supervisor={OPERATOR, CUSTOMER})

    if ends == "bridge":
        part(floor.legs[OPERATOR])
    elif ends == "elsewhere":
        join(floor.legs[OPERATOR], other)
    else:
        floor.legs[ends].close()
    await until(lambda: ended, 10)
    beats = len(Ticker.of_running_loop())
    other.close()

    assert beats == 3  # the three who speak
    assert floor.legs[SUPERVISOR].fed_by() is None
    assert monitor.mode is Mode.BARGE
    if ends == "supervisor":
        await floor.hearing(operator={CUSTOMER}, customer={OPERATOR})


async def test_a_listener_hears_through_loss_disorder_and_a_change_of_source(floor):
    """One in twenty lost, every seventh after its successor, and the operator's phone restarts its stream."""
    for party in floor.parties.values():
        party.impair(lose=20, delay=7)
    floor.monitor(Mode.LISTEN)
    await floor.hearing(supervisor={OPERATOR, CUSTOMER})

    floor.parties[OPERATOR].peer.ssrc, floor.parties[OPERATOR].peer.sequence = 99, 60_000
    before = floor.count(SUPERVISOR)
    await until(lambda: floor.count(SUPERVISOR) > before + 2 * FRAMES, 10)

    await floor.hearing(supervisor={OPERATOR, CUSTOMER})


async def test_a_leg_in_no_bridge_cannot_be_monitored(leg, other):
    with pytest.raises(NotJoined):
        Monitor(leg, other)


async def test_a_second_supervisor_is_told_that_there_is_one(floor, leg):
    floor.monitor(Mode.LISTEN)

    with pytest.raises(AlreadyMonitored):
        Monitor(leg, floor.legs[CUSTOMER]).start(Mode.LISTEN)
    await floor.hearing(supervisor={OPERATOR, CUSTOMER})


async def test_numbers_go_on_without_a_gap_when_the_mix_takes_over_and_leaves(floor):
    monitor = floor.monitor(Mode.LISTEN)
    for mode in (Mode.BARGE, Mode.WHISPER, Mode.BARGE, Mode.LISTEN):
        monitor.switch(mode)
        before = floor.count(CUSTOMER)
        await until(lambda since=before: floor.count(CUSTOMER) > since + 5, 10)

    got = floor.parties[CUSTOMER].peer.got
    steps = [(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(got)]
    times = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(got)]
    assert set(steps) == {1}
    assert all(0 < step < 8000 for step in times)
