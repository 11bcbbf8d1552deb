import pytest
from rtp_peer import power, tone

from media import g711


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_a_tone_survives_coding(codec):
    samples = tone(440, 0.1)

    back = g711.decode(g711.encode(samples, codec), codec)

    assert power(back, 440) == pytest.approx(8000, rel=0.02)


@pytest.mark.parametrize(("source", "target"), [("PCMU", "PCMA"), ("PCMA", "PCMU"), ("PCMU", "PCMU")])
def test_a_tone_survives_translation(source, target):
    coded = g711.encode(tone(440, 0.1), source)

    back = g711.decode(g711.translate(coded, source, target), target)

    assert power(back, 440) == pytest.approx(8000, rel=0.05)


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_silence_is_silent(codec):
    assert g711.loudness(g711.SILENCE[codec], codec) <= 8
