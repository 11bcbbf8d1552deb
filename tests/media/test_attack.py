"""Attacks on the sound: a million foreign packets in a call, and packets that are broken in every way."""

import asyncio
import contextlib
import datetime
import itertools
import os
import random

import pytest
from rtp_peer import settle, until

from media import certificate, rtcp, rtp
from media.bridge import join
from media.codecs import SILENCE
from media.description import DTMF, G722, PCMA, PCMU
from media.dtls import Handshake, Role
from media.dtmf import Keypad
from media.errors import MediaError
from media.jitter import JitterBuffer
from media.monitor import Mode, Monitor
from media.session import Leg
from media.srtp import AES_CM_80, SUITES, Srtp

MILLION = 1_000_000
SAID = 100
SEED = 20


def address(leg: Leg) -> tuple[str, int]:
    return leg.local.host, leg.local.port


async def connect(leg: Leg, peer, *payloads) -> None:
    leg.answer(peer.describe(*payloads))
    peer.send(address(leg))
    await until(lambda: leg.source, 10)


def inject(leg: Leg, packet: bytes, source: tuple[str, int]) -> None:
    """Let a datagram arrive at the leg's door, past the kernel."""
    leg.receiver.wire.buffer[: len(packet)] = packet
    leg.receiver.packet(len(packet), source, asyncio.get_running_loop().time())


def voices(peer) -> list[rtp.Packet]:
    return [p for p in peer.got if p.payload not in SILENCE.values()]


async def test_a_million_foreign_packets_in_a_call_change_nothing(leg, other, peers):
    """The attacker knows everything but the address: source, numbers and payload types are those of the call."""
    ann, bob, attacker = peers(), peers(), peers(host="127.0.0.9")
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)
    foreign = [(f"10.0.{n >> 8}.{n & 255}", 4000 + n) for n in range(1000)] + [(ann.host, ann.port + 1)]
    forged = rtp.build(rtp.Packet(0, ann.sequence, ann.timestamp, ann.ssrc, b"\x01" * 160))
    sources = itertools.cycle([(attacker.host, attacker.port), *foreign])

    for n in range(SAID):
        for source in itertools.islice(sources, MILLION // SAID):
            inject(leg, forged, source)
        ann.send(address(leg), bytes([n]) * 160)
        await until(lambda sent=n: len(voices(bob)) == sent + 1, 20)
    await settle()

    said = voices(bob)
    assert leg.stats.foreign == MILLION
    assert [p.payload for p in said] == [bytes([n]) * 160 for n in range(SAID)]
    assert [p.sequence for p in said] == [(said[0].sequence + n) & 0xFFFF for n in range(SAID)]
    assert [p.timestamp for p in said] == [(said[0].timestamp + 160 * n) & 0xFFFFFFFF for n in range(SAID)]
    assert (leg.source, leg.quality.lost) == ((ann.host, ann.port), 0)
    assert attacker.raw == []


async def test_thousands_of_them_on_the_wire_change_nothing_either(leg, other, peers):
    ann, bob, attacker = peers(), peers(), peers(host="127.0.0.9")
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)

    for n in range(50):
        attacker.sequence, attacker.timestamp = ann.sequence, ann.timestamp
        for _ in range(100):
            attacker.send(address(leg), b"\x01" * 160)
        ann.send(address(leg), bytes([n]) * 160)
        await until(lambda sent=n: leg.stats.foreign == 100 * (sent + 1) and len(voices(bob)) == sent + 1, 20)

    assert [p.payload for p in voices(bob)] == [bytes([n]) * 160 for n in range(50)]
    assert attacker.raw == []


async def test_strangers_before_the_first_packet_take_no_memory_and_no_place(leg, peers):
    ann = peers()
    leg.answer(ann.describe())
    packets = [rtp.build(rtp.Packet(0, 5 * n & 0xFFFF, 0, n, b"\x01" * 160)) for n in range(1000)]

    for n in range(20_000):
        inject(leg, packets[n % 1000], (f"10.0.{n >> 8 & 255}.{n & 255}", 4000))

    assert leg.source is None
    assert len(leg.receiver.latch._candidates) <= 8
    ann.send(address(leg))
    await until(lambda: leg.source == (ann.host, ann.port), 10)


# ------------------------------------------------------------ broken packets


def mutations(seeds: list[bytes], count: int):
    """Packets with bytes changed, cut, repeated or put in; the same ones every time."""
    dice = random.Random(SEED)
    for _ in range(count):
        packet = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 6)):
            at = dice.randrange(len(packet) + 1)
            match dice.randrange(5):
                case 0:
                    packet[at : at + 1] = bytes([dice.randrange(256)])
                case 1:
                    del packet[at:]
                case 2:
                    packet[at:at] = dice.randbytes(dice.randrange(40))
                case 3 if packet:
                    packet[0] ^= 1 << dice.randrange(8)
                case _:
                    packet += packet[:at]
        yield bytes(packet[:1500])


def rtp_seeds() -> list[bytes]:
    plain = rtp.build(rtp.Packet(0, 65_530, 0xFFFFFF00, 0x5EED, b"\x7f" * 160))
    key = rtp.build(rtp.Packet(101, 65_533, 5000, 0x5EED, b"\x05\x0a\x00\xa0", True))
    extended = b"\x92\x08\xff\xfb" + plain[4:12] + bytes(8) + b"\xbe\xde\x00\x01" + bytes(4) + b"\x55" * 160
    padded = b"\xa0\x09\xff\xfc" + plain[4:] + b"\x00\x00\x00\x04"
    return [plain, key, extended, padded]


def rtcp_seeds() -> list[bytes]:
    block = rtcp.ReportBlock(7, 3, -2, 70_000, 12, 99, 100)
    report = rtcp.build(rtcp.Report(7, (block, block), 1 << 40, 160, 9, 1440), rtcp.Description(7, "ann@example"))
    return [report, report + rtcp.build(rtcp.Bye((7, 8))), rtcp.build(rtcp.Report(7))]


def raises_only_its_own(parse, packet: bytes) -> None:
    with contextlib.suppress(MediaError):
        parse(packet)


def test_broken_packets_raise_the_rooms_own_errors_alone():
    keypad = Keypad()

    for packet in mutations(rtp_seeds(), 40_000):
        raises_only_its_own(rtp.parse, packet)
        keypad.press(packet, 7, len(packet), 0.0)
    for packet in mutations(rtcp_seeds(), 40_000):
        raises_only_its_own(rtcp.parse, packet)


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_broken_sealed_packets_open_to_nothing(suite):
    mine, yours = os.urandom(suite.key_length), os.urandom(suite.key_length)
    here, there = Srtp(), Srtp()
    here.key(suite, mine, yours)
    there.key(suite, yours, mine)
    genuine = [here.seal(packet) for packet in rtp_seeds()], [here.seal_report(packet) for packet in rtcp_seeds()]

    for packets, opens in zip(genuine, (there.open, there.open_report), strict=True):
        for packet in mutations(packets, 10_000):
            if packet not in packets:
                with pytest.raises(MediaError):
                    opens(packet)


def test_a_broken_handshake_fails_as_one_or_is_ignored():
    mine = certificate.make(datetime.datetime.now(datetime.UTC))
    active, passive = Handshake(mine, Role.ACTIVE, mine.fingerprint), Handshake(mine, Role.PASSIVE, mine.fingerprint)
    hello = active.start()
    flight = [reply for one in hello for reply in passive.receive(one)]

    for seeds, role in ((hello, Role.PASSIVE), (flight, Role.ACTIVE)):
        side = Handshake(mine, role, mine.fingerprint)
        side.start()
        for packet in mutations(seeds, 2_000):
            raises_only_its_own(side.receive, packet)
            if side.srtp is None and len(packet) % 50 == 0:
                side = Handshake(mine, role, mine.fingerprint)
                side.start()


@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
@pytest.mark.parametrize("payload", [PCMA, G722], ids=lambda payload: payload.name)
async def test_a_monitored_call_survives_broken_packets_of_its_own_far_end(ports, leg, other, peers, sealed, payload):
    supervisor, ann, bob = Leg.open(ports), peers(), peers()
    await connect(leg, ann, PCMU, DTMF)
    await connect(other, bob, PCMU, DTMF)
    other.answer(bob.describe(payload, DTMF))
    join(leg, other)
    Monitor(supervisor, leg).start(Mode.BARGE)
    if sealed:
        key, srtp = os.urandom(30), Srtp()
        srtp.key(AES_CM_80, key, key)
        other.encrypt(srtp)

    for packet in mutations(rtp_seeds(), 5_000):
        inject(leg, packet, leg.source)
    for packet in mutations(rtcp_seeds(), 5_000):
        leg.receiver.report(packet, leg.source, 0.0)
    stats = leg.stats

    assert stats.received + stats.malformed + stats.unknown_payload == 10_001 - stats.reports_received
    assert min(stats.received, stats.malformed, stats.unknown_payload, stats.reports_received) > 100
    supervisor.close()


def test_the_jitter_buffer_takes_any_numbers():
    buffer, dice = JitterBuffer(), random.Random(SEED)

    for n in range(20_000):
        sound = dice.choice(("PCMU", "G722", None)), dice.randbytes(dice.choice((0, 1, 160, 161, 1400)))
        near = (n + dice.randrange(-300, 300)) & 0xFFFF, dice.randrange(1 << 32)
        buffer.put(7 + dice.randrange(200) // 199, *near, sound, dice.random() * 1000)
        if dice.random() < 0.7:
            assert len(buffer.pull()) == 320

    assert buffer.depth_ms < 64 * 200
