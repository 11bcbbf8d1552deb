"""Sealed packets, the keys that descriptions tell, and what both sides agree on."""

import os
import pickle
from dataclasses import replace

import pytest

from media import rtp
from media.errors import ForgedPacket, MalformedPacket, NoCommonCipher, ReplayedPacket
from media.sdes import Agreement, Crypto, Encryption, Sdes
from media.srtp import AES_CM_80, SUITES, Srtp

OFF, OPTIONAL, REQUIRED = Encryption.OFF, Encryption.OPTIONAL, Encryption.REQUIRED
EVERY_SUITE = pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)


def packet(sequence: int = 1, sound: bytes = b"\x7f" * 160) -> bytes:
    return rtp.build(rtp.Packet(0, sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, 7, sound))


def a_pair(suite=AES_CM_80) -> tuple[Srtp, Srtp]:
    """Two ends that know each other's keys."""
    mine, yours = os.urandom(suite.key_length), os.urandom(suite.key_length)
    here, there = Srtp(), Srtp()
    here.key(suite, mine, yours)
    there.key(suite, yours, mine)
    return here, there


@EVERY_SUITE
def test_only_the_other_end_reads_what_is_sealed(suite):
    here, there = a_pair(suite)

    sealed = here.seal(packet())

    assert b"\x7f" * 8 not in sealed
    assert there.open(sealed) == packet()


@EVERY_SUITE
def test_a_changed_packet_is_forged_and_a_second_one_replayed(suite):
    here, there = a_pair(suite)
    sealed = here.seal(packet())

    for at in (13, len(sealed) - 1):
        with pytest.raises(ForgedPacket):
            there.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    there.open(sealed)

    with pytest.raises(ReplayedPacket):
        there.open(sealed)


@EVERY_SUITE
def test_reports_are_sealed_as_well(suite):
    here, there = a_pair(suite)
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"

    sealed = here.seal_report(report)

    with pytest.raises(ForgedPacket):
        there.open_report(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert there.open_report(sealed) == report
    with pytest.raises(ReplayedPacket):
        there.open_report(sealed)


def test_a_number_is_never_sealed_twice():
    """Two sounds under one keystream would give both away."""
    here, _ = a_pair()
    here.seal(packet(5))

    with pytest.raises(ReplayedPacket):
        here.seal(packet(5, b"\x01" * 160))


def test_a_stream_goes_on_over_the_wrap_of_its_numbers_while_the_other_side_takes_a_new_key():
    here, there = a_pair()
    for sequence in (65534, 65535, 65536):
        there.open(here.seal(packet(sequence)))
    fresh = os.urandom(30)

    here.key(AES_CM_80, here._ours[1], fresh)
    there.key(AES_CM_80, fresh, there._theirs[1])

    assert there.open(here.seal(packet(65537))) == packet(65537)
    assert here.open(there.seal(packet(9))) == packet(9)


@pytest.mark.parametrize("junk", [b"", b"\x80", bytes(12), b"\x80" * 11, b"\x9f\xff" + bytes(20)])
def test_junk_opens_to_the_rooms_own_errors(junk):
    _, there = a_pair()

    for opens in (there.open, there.open_report):
        with pytest.raises((MalformedPacket, ForgedPacket)):
            opens(junk)


def elsewhere(srtp: Srtp, ours: bytes, theirs: bytes) -> Srtp:
    """As it goes on in another process."""
    there = Srtp(pickle.loads(pickle.dumps(srtp.progress)))
    there.key(AES_CM_80, ours, theirs)
    return there


def test_what_was_heard_before_a_move_is_still_a_replay_after_it():
    ours, theirs = os.urandom(30), os.urandom(30)
    near, far = Srtp(), Srtp()
    near.key(AES_CM_80, ours, theirs)
    far.key(AES_CM_80, theirs, ours)
    sealed = [far.seal(packet(sequence & 0xFFFF)) for sequence in range(65_400, 65_700)]
    for one in sealed:
        near.open(one)

    moved = elsewhere(near, ours, theirs)

    for one in sealed:
        with pytest.raises(ReplayedPacket):
            moved.open(one)
    assert moved.open(far.seal(packet(164))) == packet(164)


def test_a_source_that_comes_again_is_opened_after_a_move_as_before():
    """A far end that played music meanwhile, after its own numbers had wrapped."""
    ours, theirs = os.urandom(30), os.urandom(30)
    near, far = Srtp(), Srtp()
    near.key(AES_CM_80, ours, theirs)
    far.key(AES_CM_80, theirs, ours)
    for sequence in range(60_000, 66_000, 50):
        near.open(far.seal(packet(sequence & 0xFFFF)))
    music = far.seal(rtp.build(rtp.Packet(0, 9, 160, 0xBEEF, bytes(160))))
    near.open(music)

    between = elsewhere(near, ours, theirs)
    assert between.open(far.seal(packet(500))) == packet(500)
    again = elsewhere(between, ours, theirs)

    assert again.open(far.seal(packet(501))) == packet(501)
    with pytest.raises(ReplayedPacket):
        again.open(music)


def test_a_packet_too_long_for_sound_is_malformed():
    here, there = a_pair()

    for operation in (here.seal, here.seal_report, there.open, there.open_report):
        with pytest.raises(MalformedPacket):
            operation(packet(1, bytes(1600)))


# ------------------------------------------------------------ what is agreed


def agree(offerer: Sdes, answerer: Sdes) -> tuple[Agreement | None, Agreement | None]:
    offered = offerer.offer()
    answered = answerer.answer(offered, secure=offerer.insists)
    lines = (answered.ours,) if answered else ()
    return offerer.accept(offered, lines, secure=offerer.insists), answered


@pytest.mark.parametrize(
    ("offering", "answering", "sealed"),
    [
        (OFF, OFF, False),
        (OFF, OPTIONAL, False),
        (OPTIONAL, OFF, False),
        (OPTIONAL, OPTIONAL, True),
        (OPTIONAL, REQUIRED, True),
        (REQUIRED, OPTIONAL, True),
        (REQUIRED, REQUIRED, True),
    ],
)
def test_both_sides_agree_on_each_others_keys_or_on_none(offering, answering, sealed):
    here, there = agree(Sdes(offering), Sdes(answering))

    assert (here is not None) is sealed
    if here and there:
        assert (here.ours, here.theirs) == (there.theirs, there.ours)
        assert here.ours.key != here.theirs.key


@pytest.mark.parametrize(("offering", "answering"), [(OFF, REQUIRED), (REQUIRED, OFF)])
def test_who_insists_gets_no_call_in_clear(offering, answering):
    with pytest.raises(NoCommonCipher, match="srtp"):
        agree(Sdes(offering), Sdes(answering))


def test_an_answer_without_a_key_ends_what_was_required():
    required = Sdes(REQUIRED)

    with pytest.raises(NoCommonCipher):
        required.accept(required.offer(), (), secure=False)


def test_the_first_line_that_we_have_is_taken_under_its_tag():
    unknown, short, fit = (
        Crypto(3, "F8_128", bytes(30)),
        Crypto(4, AES_CM_80.name, bytes(29)),
        Sdes(OPTIONAL).offer()[2],
    )

    agreed = Sdes(OPTIONAL).answer((unknown, short, replace(fit, tag=9)), secure=True)

    assert (agreed.ours.tag, agreed.ours.suite) == (9, fit.suite)


def test_an_answer_under_a_tag_that_was_not_offered_is_none():
    optional = Sdes(OPTIONAL)
    offered = optional.offer()
    wrong = replace(Sdes(OPTIONAL).offer()[0], tag=7)

    assert optional.accept(offered, (wrong,), secure=False) is None


def test_keys_stay_while_they_are_in_use_and_are_new_after_that():
    sdes, other = Sdes(OPTIONAL), Sdes(OPTIONAL)
    first = sdes.answer(other.offer(), secure=False)
    sdes.use(first)
    again = sdes.answer(other.offer(), secure=False)
    sdes.use(again)
    sdes.use(None)

    assert again.ours == first.ours
    assert sdes.answer(other.offer(), secure=False).ours.key != first.ours.key


def test_no_key_is_shown():
    shown = repr(Sdes(REQUIRED).offer())

    assert "key" not in shown
