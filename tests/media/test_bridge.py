import asyncio
from dataclasses import replace

import pytest
from rtp_peer import power, settle, tone, until

from media import codecs, g711, rtp
from media.bridge import join, joined, mute, part
from media.description import DTMF, G722, PCMA, PCMU
from media.errors import LegClosed
from media.session import Leg


def address(leg: Leg) -> tuple[str, int]:
    return leg.local.host, leg.local.port


def voices(peer) -> list:
    """What a peer got without the silence that opens the way."""
    return [p for p in peer.got if p.payload not in codecs.SILENCE.values()]


async def connect(leg, peer, *payloads) -> None:
    leg.answer(peer.describe(*payloads))
    peer.send(address(leg))
    await until(lambda: leg.source)


async def test_sound_flows_both_ways_unchanged_when_codecs_agree(leg, other, peers):
    ann, bob = peers(), peers()
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)

    for n in range(10):
        ann.send(address(leg), bytes([n]) * 160)
        bob.send(address(other), bytes([100 + n]) * 160)
    await until(lambda: len(voices(ann)) == len(voices(bob)) == 10)

    assert [p.payload[0] for p in voices(bob)] == list(range(10))
    assert [p.payload[0] for p in voices(ann)] == [100 + n for n in range(10)]


@pytest.mark.parametrize(("first", "second"), [(PCMU, PCMA), (PCMU, G722), (G722, PCMA)], ids=lambda p: p.name)
async def test_sound_is_transcoded_when_codecs_differ(leg, other, peers, first, second):
    ann, bob = peers(payload=first), peers(payload=second)
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)
    said = {peer: codecs.encoder(peer.payload.name)(tone(hertz, 0.2)) for peer, hertz in ((ann, 440), (bob, 700))}

    for at in range(0, 1600, 160):
        ann.send(address(leg), said[ann][at : at + 160])
        bob.send(address(other), said[bob][at : at + 160])
    await until(lambda: len(voices(ann)) == len(voices(bob)) == 10)

    for peer, hertz in ((ann, 700), (bob, 440)):
        heard = codecs.decoder(peer.payload.name)(b"".join(p.payload for p in voices(peer)))
        assert {p.payload_type for p in voices(peer)} == {peer.payload.number}
        assert power(heard, hertz) == pytest.approx(8000, rel=0.05)


async def test_g722_passes_untouched_between_two_who_have_it(leg, other, peers):
    ann, bob = peers(payload=G722), peers(payload=G722)
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)

    ann.send(address(leg), bytes(range(160)))
    await until(lambda: voices(bob))

    assert voices(bob)[0].payload == bytes(range(160))


async def test_keys_pass_under_the_other_sides_number_or_not_at_all(leg, other, peers):
    ann, bob = peers(), peers()
    await connect(leg, ann, PCMU, DTMF)
    await connect(other, bob, PCMU, type(DTMF)(96, DTMF.name))
    join(leg, other)

    ann.send(address(leg), b"\x05\x0a\x00\xa0", payload=DTMF)
    await until(lambda: voices(bob))
    other.answer(bob.describe(PCMU))
    ann.send(address(leg), b"\x06\x0a\x00\xa0", payload=DTMF)
    ann.send(address(leg), b"\x42" * 160)
    await until(lambda: len(voices(bob)) == 2)

    assert [(p.payload_type, p.payload[0]) for p in voices(bob)] == [(96, 5), (0, 0x42)]


async def test_one_stream_leaves_a_leg_whoever_it_is_joined_to(ports, leg, other, peers):
    """Own SSRC, numbers that go on, a marker where a new voice begins."""
    third = Leg.open(ports)
    ann, bob, cem = peers(), peers(ssrc=2), peers(ssrc=3)
    bob.sequence, cem.sequence, cem.timestamp = 65530, 100, 0xFFFFFF00
    for a, peer in ((leg, ann), (other, bob), (third, cem)):
        await connect(a, peer)

    for speaker, through in ((bob, other), (cem, third), (bob, other)):
        join(leg, through)
        for _ in range(8):
            speaker.send(address(through))
            await asyncio.sleep(0.002)
    await until(lambda: len(ann.got) == 25)
    third.close()

    assert len({p.ssrc for p in ann.got}) == 1
    assert ann.got[0].ssrc not in (2, 3)
    steps = list(zip(ann.got, ann.got[1:], strict=False))
    assert all(b.sequence == (a.sequence + 1) & 0xFFFF for a, b in steps)
    assert all(160 <= (b.timestamp - a.timestamp) & 0xFFFFFFFF < 2000 for a, b in steps)
    assert [n for n, p in enumerate(ann.got) if p.marker] == [0, 1, 9, 17]


async def test_parting_silences_both(leg, other, peers):
    ann, bob = peers(), peers()
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)

    part(other)
    ann.send(address(leg))
    bob.send(address(other))
    await until(lambda: leg.stats.received == other.stats.received == 2)
    await settle()

    assert voices(ann) == voices(bob) == []
    assert joined(leg) is joined(other) is None


async def test_joining_elsewhere_parts_the_old_bridge(ports, leg, other):
    third = Leg.open(ports)

    join(leg, other)
    join(leg, third)

    assert joined(leg) is third
    assert joined(other) is None
    third.close()


async def test_closing_a_leg_frees_the_other(leg, ports):
    gone = Leg.open(ports)
    join(leg, gone)

    gone.close()

    assert joined(leg) is None
    with pytest.raises(LegClosed):
        join(leg, gone)
    assert joined(leg) is None


async def test_an_attack_from_a_second_address_during_a_call_changes_nothing(leg, other, peers):
    """RTP injection and RTPbleed: the called person hears the same packets, the attacker gets none."""
    ann, bob, attacker = peers(), peers(), peers(host="127.0.0.9", ssrc=0x5EED)
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)
    attacker.sequence, attacker.timestamp = ann.sequence, ann.timestamp

    for n in range(50):
        for _ in range(10):
            attacker.send(address(leg), b"\x01" * 160)
        ann.send(address(leg), bytes([n]) * 160)
        await asyncio.sleep(0.001)
    await until(lambda: leg.stats.foreign == 500)
    await settle()

    said = [p for p in bob.got if p.payload not in codecs.SILENCE.values()]
    assert [p.payload for p in said] == [bytes([n]) * 160 for n in range(50)]
    assert [p.sequence for p in said] == [(said[0].sequence + n) & 0xFFFF for n in range(50)]
    assert attacker.raw == []


async def test_a_muted_leg_is_not_heard_but_hears(leg, other, peers):
    near, far = peers(), peers()
    leg.answer(near.describe())
    other.answer(far.describe())
    join(leg, other)

    mute(other, muted=True)
    for _ in range(5):
        far.send((other.local.host, other.local.port))
        near.send((leg.local.host, leg.local.port))
    await until(lambda: len(far.got) >= 5)
    await settle()
    kept = len(near.got)
    mute(other, muted=False)
    far.send((other.local.host, other.local.port))
    await until(lambda: len(near.got) > kept)

    assert kept <= 1, "one packet at most, which opens the way"


async def test_a_leg_in_no_bridge_is_muted_without_harm(leg):
    mute(leg, muted=True)

    assert leg.sink is None


async def test_what_was_said_before_the_bridge_and_comes_late_is_not_passed_on(leg, other, peers):
    ann, bob = peers(), peers()
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)

    ann.sequence += 1
    ann.send(address(leg), b"\x01" * 160)
    ann.sequence -= 2
    ann.send(address(leg), b"\x02" * 160)
    ann.sequence += 1
    ann.send(address(leg), b"\x03" * 160)
    await until(lambda: len(voices(bob)) == 2)

    assert [p.payload[0] for p in voices(bob)] == [1, 3]
    assert other.stats.late == 1


async def test_packets_of_any_length_and_with_markers_pass_whole(leg, other, peers):
    """Between those of the usual length, which take a shorter way."""
    ann, bob = peers(), peers()
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)
    said = [bytes([n]) * size for n, size in enumerate((160, 80, 240, 160, 0, 1480, 160), 1)]

    for sound in said:
        ann.send(address(leg), sound)
    marked = rtp.Packet(0, ann.sequence, ann.timestamp, ann.ssrc, b"\x09" * 160, marker=True)
    ann.sock.sendto(rtp.build(marked), address(leg))
    await until(lambda: len(voices(bob)) == 8)

    assert [p.payload for p in voices(bob)] == [*said, marked.payload]
    assert [p.marker for p in voices(bob)] == [True, *[False] * 6, True]
    assert leg.stats.received == 9
    assert other.stats.octets_sent == 160 + sum(map(len, said)) + 160


async def test_a_packet_that_carries_more_in_its_header_passes_without_it(leg, other, peers):
    ann, bob = peers(), peers()
    await connect(leg, ann)
    await connect(other, bob)
    join(leg, other)
    plain = rtp.header(0, ann.sequence, ann.timestamp, ann.ssrc)

    ann.sock.sendto(b"\xb1" + plain[1:] + bytes(4) + b"\xbe\xde\0\1abcd" + b"\x07" * 160 + b"\0\0\0\4", address(leg))
    await until(lambda: voices(bob))

    assert bob.raw[-1][0] == 0x80
    assert voices(bob)[0].payload == b"\x07" * 160


async def test_a_payload_that_changes_in_the_middle_is_passed_on_under_its_own_number(leg, other, peers):
    ann, bob = peers(), peers()
    await connect(leg, ann, PCMU, PCMA)
    await connect(other, bob, PCMU)
    leg.accept(replace(leg.offer(), host=ann.host, port=ann.port))
    join(leg, other)

    for payload, sound in ((PCMU, b"\x01"), (PCMA, b"\x55"), (PCMU, b"\x02")):
        ann.send(address(leg), sound * 160, payload=payload)
    await until(lambda: len(bob.got) == 4)

    assert [p.payload[0] for p in bob.got[1:]] == [1, g711.ALAW_TO_ULAW[0x55], 2]


async def test_what_is_too_long_for_a_datagram_is_no_error_and_not_counted_as_sent(leg, peers):
    await connect(leg, peers())
    sent = leg.stats.sent

    leg.send(bytes(70_000), PCMU, first=False)

    assert leg.stats.sent == sent
