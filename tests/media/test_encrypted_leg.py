"""Legs whose sound is encrypted, over real sockets."""

import os
from dataclasses import replace

import pytest
from rtp_peer import settle, until

from media import rtcp, rtp
from media.bridge import join
from media.description import PCMU
from media.errors import NoCommonCipher
from media.g711 import SILENCE
from media.sdes import Encryption, Sdes
from media.session import Leg
from media.srtp import AES_CM_80, SUITES, Srtp

ON = Encryption.REQUIRED


class SealedPeer:
    """A bare socket with SRTP beside it: the far end of an encrypted leg."""

    def __init__(self, peer, leg: Leg) -> None:
        self.peer, self.leg, self.srtp, self.sdes = peer, leg, Srtp(), Sdes(ON)
        self.heard: list[bytes] = []
        self.offer(self.sdes)

    def rekey(self) -> None:
        """Offer new keys."""
        self.offer(Sdes(ON))

    def offer(self, sdes: Sdes, suites: slice = slice(None)) -> None:
        self.sdes = sdes
        offer = replace(self.peer.describe(), cryptos=sdes.offer()[suites], secure=True)
        answer = self.leg.answer(offer)
        agreed = self.sdes.accept(offer.cryptos, answer.cryptos, secure=answer.secure)
        self.srtp.key(SUITES[agreed.ours.suite], agreed.ours.key, agreed.theirs.key)

    def sealed(self, sound: bytes) -> bytes:
        packet = rtp.build(rtp.Packet(0, self.peer.sequence, self.peer.timestamp, self.peer.ssrc, sound))
        self.peer.sequence += 1
        self.peer.timestamp += 160
        return self.srtp.seal(packet)

    def say(self, sound: bytes = b"\x42" * 160) -> None:
        self.send(self.sealed(sound))

    def send(self, datagram: bytes) -> None:
        self.peer.sock.sendto(datagram, (self.leg.local.host, self.leg.local.port))

    def opened(self) -> list[bytes]:
        """What has come so far, in clear and without the silence that opens the way."""
        self.heard += [rtp.parse(self.srtp.open(raw)).payload for raw in self.peer.raw]
        self.peer.raw.clear()
        return [sound for sound in self.heard if sound not in SILENCE.values()]


@pytest.fixture
async def sealed(ports):
    leg = Leg.open(ports, encryption=ON)
    yield leg
    leg.close()


async def test_a_bridge_carries_sound_between_an_encrypted_leg_and_a_plain_one(sealed, other, peers):
    ann, bob = SealedPeer(peers(), sealed), peers()
    other.answer(bob.describe(PCMU))
    bob.send((other.local.host, other.local.port))
    ann.say()
    await until(lambda: sealed.source and other.source)
    join(sealed, other)

    for n in range(10):
        ann.say(bytes([n]) * 160)
        bob.send((other.local.host, other.local.port), bytes([100 + n]) * 160)
    await until(lambda: len(ann.opened()) == 10 and len(bob.got) >= 11)

    assert [p.payload for p in bob.got][-10:] == [bytes([n]) * 160 for n in range(10)]
    assert ann.opened() == [bytes([100 + n]) * 160 for n in range(10)]


async def test_a_packet_is_sealed_once_and_none_that_is_too_long(sealed, other, peers):
    """What comes twice over the bridge would use a keystream twice (RFC 3711 §9.1)."""
    ann, bob = SealedPeer(peers(), sealed), peers()
    other.answer(bob.describe(PCMU))
    bob.send((other.local.host, other.local.port))
    ann.say()
    await until(lambda: sealed.source and other.source)
    join(other, sealed)

    for sequence, sound in ((5001, b"\x01" * 160), (5001, b"\x01" * 160), (5002, bytes(1488)), (5003, b"\x02" * 160)):
        bob.sequence = sequence
        bob.send((other.local.host, other.local.port), sound)
    await until(lambda: len(ann.opened()) == 2)

    assert ann.opened() == [b"\x01" * 160, b"\x02" * 160]
    assert (sealed.stats.late, sealed.stats.oversize) == (1, 1)


async def test_plain_sound_is_heard_no_more_once_keys_are_agreed(leg, peers):
    peer = peers()
    leg.answer(peer.describe())
    for _ in range(3):
        peer.send((leg.local.host, leg.local.port))
    await until(lambda: leg.stats.received == 3)
    srtp, key = Srtp(), os.urandom(AES_CM_80.key_length)
    srtp.key(AES_CM_80, key, key)

    leg.encrypt(srtp)
    peer.send((leg.local.host, leg.local.port))
    await until(lambda: leg.stats.forged == 1)

    assert leg.stats.received == 3


async def test_forged_replayed_and_plain_packets_are_counted_and_heard_by_nobody(sealed, peers):
    ann, heard = SealedPeer(peers(), sealed), []
    sealed.sink = lambda arrival: heard.append(bytes(arrival.buffer[arrival.start : arrival.end]))
    genuine = ann.sealed(b"\x01" * 160)

    ann.send(genuine[:-1] + bytes([genuine[-1] ^ 1]))
    ann.send(genuine)
    ann.send(genuine)
    ann.peer.send((sealed.local.host, sealed.local.port), b"\x66" * 160)
    ann.send(b"\x80")
    ann.say(b"\x02" * 160)
    await until(lambda: len(heard) == 2)

    assert heard == [b"\x01" * 160, b"\x02" * 160]
    assert (sealed.stats.replayed, sealed.stats.forged, sealed.stats.malformed) == (1, 2, 1)


async def test_a_stranger_is_not_learned_by_packets_that_he_cannot_seal(sealed, peers):
    ann, stranger = SealedPeer(peers(), sealed), peers(host="127.0.0.9")

    for _ in range(8):
        stranger.send((sealed.local.host, sealed.local.port))
    await until(lambda: sealed.stats.forged == 8)

    assert sealed.source is None
    ann.say()
    await until(lambda: sealed.source == (ann.peer.host, ann.peer.port))


async def test_a_packet_that_a_stranger_hurries_ahead_does_not_take_the_genuine_ones_place(sealed, peers):
    """Opened, it would count as seen, and the one from the right address as replayed."""
    ann, stranger, heard = SealedPeer(peers(), sealed), peers(host="127.0.0.9"), []
    sealed.sink = lambda arrival: heard.append(arrival.buffer[arrival.start])
    ann.say(b"\x01" * 160)
    await until(lambda: heard)
    caught = ann.sealed(b"\x02" * 160)

    stranger.sock.sendto(caught, (sealed.local.host, sealed.local.port))
    await until(lambda: sealed.stats.foreign == 1)
    ann.send(caught)
    await until(lambda: heard == [1, 2])

    assert (sealed.stats.forged, sealed.stats.replayed) == (0, 0)
    assert stranger.raw == []


async def test_a_new_key_holds_from_the_next_packet_on(sealed, peers):
    ann, heard = SealedPeer(peers(), sealed), []
    sealed.sink = lambda arrival: heard.append(arrival.buffer[arrival.start])
    ann.say(b"\x01" * 160)
    await until(lambda: heard)
    old = ann.sealed(b"\x02" * 160)

    ann.rekey()
    ann.send(old)
    ann.say(b"\x03" * 160)
    sealed.send(b"\x04" * 160, PCMU, first=False)
    await until(lambda: len(heard) == 2 and ann.opened())

    assert heard == [1, 3]
    assert sealed.stats.forged == 1
    assert ann.opened() == [b"\x04" * 160]


async def test_the_same_offer_again_goes_on_with_the_same_streams(sealed, peers):
    """A session refresh is no new key: a second keystream from the start would give both sounds away."""
    ann, heard = SealedPeer(peers(), sealed), []
    sealed.sink = lambda arrival: heard.append(arrival.buffer[arrival.start])
    ann.say(b"\x01" * 160)
    await until(lambda: heard)
    once = sealed.local.cryptos, sealed.sender.srtp

    ann.offer(ann.sdes)
    ann.say(b"\x02" * 160)
    sealed.send(b"\x04" * 160, PCMU, first=False)
    await until(lambda: heard == [1, 2] and ann.opened() == [b"\x04" * 160])

    assert (sealed.local.cryptos, sealed.sender.srtp) == once


async def test_a_suite_that_comes_back_comes_with_a_new_key(sealed, peers):
    ann = SealedPeer(peers(), sealed)
    first = sealed.local.cryptos[0]

    ann.offer(Sdes(ON), suites=slice(1, None))
    other = sealed.local.cryptos[0]
    ann.offer(Sdes(ON))
    again = sealed.local.cryptos[0]

    assert first.suite == again.suite != other.suite
    assert first.key != again.key


async def test_reports_are_sealed_and_plain_ones_dropped(sealed, peers):
    ann, there = SealedPeer(peers(), sealed), (sealed.local.host, sealed.local.port + 1)
    report = rtcp.build(rtcp.Report(7), rtcp.Description(7, "ann@example"))

    ann.peer.sock.sendto(report, there)
    ann.peer.sock.sendto(ann.srtp.seal_report(report), there)
    await until(lambda: sealed.stats.reports_received)
    await settle()

    assert (sealed.stats.reports_received, sealed.stats.forged) == (1, 1)


async def test_a_leg_that_cannot_agree_stays_as_it_was(sealed, peers):
    with pytest.raises(NoCommonCipher):
        sealed.answer(peers().describe())

    assert sealed.remote is None


async def test_optional_encryption_takes_plain_sound_too(ports, peers):
    peer, leg = peers(), Leg.open(ports, encryption=Encryption.OPTIONAL)
    offer = leg.offer()

    leg.accept(peer.describe())
    leg.send(b"\x11" * 160, PCMU, first=True)
    await until(lambda: len(peer.got) == 2)
    leg.close()

    assert len(offer.cryptos) == 3
    assert not offer.secure
    assert peer.got[1].payload == b"\x11" * 160
