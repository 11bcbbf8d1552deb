"""What a leg says of its sound, as SDP and back: the line between the sound's room and the telephone's."""

import pytest

from dialer.legs import LineLeg, description_of, to_text
from dialer.shapes import DialogRef, DialogSeed, LegId
from media.errors import NoCommonCipher
from media.session import Encryption, Leg, PortRange
from sip.errors import BadSdp
from sip.sdp import SessionDescription

PORTS = PortRange("127.0.0.1", 29000, 29098)


@pytest.fixture
async def legs():
    """Opens legs that are closed at the end."""
    made: list[Leg] = []

    def opened(encryption: Encryption) -> Leg:
        made.append(Leg.open(PORTS, encryption=encryption))
        return made[-1]

    yield opened
    for leg in made:
        leg.close()


def read(text: bytes) -> SessionDescription:
    return SessionDescription.parse(text)


def answered(asked: Leg, asking: Leg) -> bytes:
    """One offer and its answer, by their texts."""
    offer = read(to_text(asking.offer(), version=1))
    answer = to_text(asked.answer(description_of(offer)), version=1, asked=offer)
    asking.accept(description_of(read(answer)))
    return answer


@pytest.mark.parametrize(
    ("encryption", "protocol", "keys"),
    [(Encryption.OFF, "RTP/AVP", 0), (Encryption.OPTIONAL, "RTP/AVP", 3), (Encryption.REQUIRED, "RTP/SAVP", 3)],
)
async def test_an_offer_reads_as_it_was_meant(legs, encryption, protocol, keys):
    said = legs(encryption).offer()

    text = read(to_text(said, version=1))

    assert (text.protocol, len(text.cryptos)) == (protocol, keys)
    assert description_of(text) == said


async def test_both_ends_seal_with_what_their_texts_say_and_renew_it_by_another_offer(legs):
    asking, asked = legs(Encryption.REQUIRED), legs(Encryption.OPTIONAL)
    first = read(answered(asked, asking))

    new_far_end = legs(Encryption.REQUIRED)
    renewed = read(answered(asked, new_far_end))

    assert first.protocol == renewed.protocol == "RTP/SAVP"
    assert first.cryptos == renewed.cryptos
    assert asked.remote.cryptos[0] == new_far_end.local.cryptos[0] != asking.local.cryptos[0]


async def test_whatever_a_leg_says_anew_has_a_version_of_its_own(legs):
    theirs = read(to_text(legs(Encryption.OFF).offer(), version=1))
    leg = LineLeg(LegId("leg"), "trunk", DialogRef(DialogSeed("", "", 1, ""), "", "", "", ""), legs(Encryption.OFF))

    said = [read(text).version for text in (leg.our_offer(), leg.our_answer(theirs), leg.our_offer())]

    assert said == [1, 2, 3]


@pytest.mark.parametrize("protocol", ["RTP/SAVPF", "UDP/TLS/RTP/SAVPF", "RTP/AVPF"])
async def test_profiles_that_nobody_here_speaks_are_refused(legs, protocol):
    text = to_text(legs(Encryption.OPTIONAL).offer(), version=1).replace(b"RTP/AVP", protocol.encode())

    with pytest.raises(BadSdp, match=protocol):
        description_of(read(text))


async def test_a_trunk_without_encryption_refuses_sound_that_must_be_encrypted(legs):
    offer = to_text(legs(Encryption.REQUIRED).offer(), version=1)

    with pytest.raises(NoCommonCipher, match="srtp"):
        legs(Encryption.OFF).answer(description_of(read(offer)))
