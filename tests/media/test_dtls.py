"""Keys by a DTLS handshake between two sides of ours, and sound between two legs under them."""

import asyncio
import datetime

import pytest
from rtp_peer import until

from media import certificate, rtp
from media.description import PCMU
from media.dtls import MTU, Handshake, Role, datagrams
from media.errors import HandshakeFailed

NOW = datetime.datetime.now(datetime.UTC)
CALLER, CALLEE = certificate.make(NOW), certificate.make(NOW)


def two_sides(told_of_callee: str = CALLEE.fingerprint) -> tuple[Handshake, Handshake]:
    return (
        Handshake(CALLER, Role.ACTIVE, told_of_callee),
        Handshake(CALLEE, Role.PASSIVE, CALLER.fingerprint),
    )


def shake(active: Handshake, passive: Handshake) -> None:
    """Carry datagrams to and fro until none is left."""
    there, back = active.start(), passive.start()
    while there or back:
        back = [reply for one in there for reply in passive.receive(one)]
        there = [reply for one in back for reply in active.receive(one)]


async def test_two_legs_talk_under_the_keys_of_a_handshake(leg, other):
    active, passive = two_sides()
    shake(active, passive)
    leg.encrypt(active.srtp)
    other.encrypt(passive.srtp)
    other.accept(leg.answer(other.offer()))
    heard = []
    other.sink = lambda arrival: heard.append(arrival.buffer[arrival.start])

    leg.send(b"\x21" * 160, PCMU, first=True)
    await until(lambda: 0x21 in heard)
    other.accept(leg.answer(other.offer()))
    leg.send(b"\x22" * 160, PCMU, first=False)
    await until(lambda: 0x22 in heard)

    assert heard[-2:] == [0x21, 0x22]
    assert (leg.sender.srtp, other.sender.srtp) == (active.srtp, passive.srtp)
    assert other.stats.forged == 0


def test_both_directions_have_keys_of_their_own():
    active, passive = two_sides()
    shake(active, passive)
    packet = rtp.build(rtp.Packet(0, 1, 160, 7, b"\x7f" * 160))

    there, back = active.srtp.seal(packet), passive.srtp.seal(packet)

    assert there != back
    assert (passive.srtp.open(there), active.srtp.open(back)) == (packet, packet)


def test_a_certificate_that_the_description_did_not_tell_of_is_refused():
    active, passive = two_sides(told_of_callee=CALLER.fingerprint)

    with pytest.raises(HandshakeFailed, match="certificate"):
        shake(active, passive)

    assert active.srtp is None


@pytest.mark.parametrize("told", ["sha-1 " + "AA:" * 19 + "AA", "", "sha-256", "md5 00", "sha-256 " + "é"])
def test_weak_and_broken_fingerprints_fit_nothing(told):
    assert not certificate.fits(CALLEE.public, told)
    assert certificate.fits(CALLEE.public, CALLEE.fingerprint.replace("sha", "SHA").lower())


async def test_what_was_lost_is_sent_again_when_its_time_has_come():
    active, passive = two_sides()
    flight = [reply for hello in active.start() for reply in passive.receive(hello)]
    flight = [reply for one in flight for reply in active.receive(one)]
    for one in flight:
        passive.receive(one)  # the passive side is ready; its answer is lost

    assert active.retransmit() == []  # too early
    while active.timeout() > 0:
        await asyncio.sleep(active.timeout())
    for one in [reply for again in active.retransmit() for reply in passive.receive(again)]:
        active.receive(one)

    assert active.srtp is not None
    assert passive.timeout() is active.timeout() is None


def test_junk_in_between_changes_nothing():
    active, passive = two_sides()
    hello = active.start()

    for junk in (b"", b"\x16", bytes(60), hello[0][:20], b"\x16\xfe\xfd" + bytes(10)):
        passive.receive(junk)
    replies = [reply for one in hello for reply in passive.receive(one)]
    while replies:
        there = [reply for one in replies for reply in active.receive(one)]
        replies = [reply for one in there for reply in passive.receive(one)]

    assert active.srtp is not None
    assert passive.srtp is not None


def test_records_leave_whole_and_in_datagrams_that_fit():
    record = b"\x16\xfe\xfd" + bytes(8) + (500).to_bytes(2) + bytes(500)

    assert [len(one) for one in datagrams(record * 5)] == [1026, 1026, 513]
    assert max(map(len, datagrams(record * 5))) <= MTU
