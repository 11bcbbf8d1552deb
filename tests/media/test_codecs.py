"""Every codec keeps a tone, and turns into every other."""

import itertools

import pytest
from rtp_peer import power, tone

from media import codecs, g711

DELAY = 2 * 30
"""Bytes of samples until G.722's filters have filled."""


@pytest.mark.parametrize("codec", codecs.NAMES)
def test_a_tone_survives_coding(codec):
    coded = codecs.encoder(codec)(tone(440, 0.1))

    back = codecs.decoder(codec)(coded)

    assert len(coded) == 800
    assert power(back[DELAY:], 440) == pytest.approx(8000, rel=0.05)


@pytest.mark.parametrize(("source", "target"), list(itertools.permutations(codecs.NAMES, 2)))
def test_a_tone_survives_another_codec_packet_by_packet(source, target):
    coded, transcode = codecs.encoder(source)(tone(440, 0.1)), codecs.transcoder(source, target)

    packets = [transcode(coded[at : at + 160]) for at in range(0, 800, 160)]

    assert [len(packet) for packet in packets] == [160] * 5
    assert power(codecs.decoder(target)(b"".join(packets))[DELAY:], 440) == pytest.approx(8000, rel=0.06)


@pytest.mark.parametrize("codec", codecs.NAMES)
def test_silence_is_silent(codec):
    heard = codecs.decoder(codec)(codecs.SILENCE[codec])

    assert max(abs(value) for value in memoryview(heard).cast("h")) <= 8


@pytest.mark.parametrize("law", ["PCMU", "PCMA"])
def test_a_law_put_into_itself_is_untouched(law):
    every = bytes(range(256))

    assert codecs.transcoder(law, law)(every) == every


def test_two_sounds_are_mixed_and_too_loud_ones_held():
    both = g711.mixed(tone(440, 0.1), tone(700, 0.1))
    loud = g711.mixed(tone(440, 0.1, 30_000), tone(440, 0.1, 30_000))

    assert power(both, 440) == pytest.approx(8000, rel=0.02)
    assert power(both, 700) == pytest.approx(8000, rel=0.02)
    assert max(memoryview(loud).cast("h")) == 32767
