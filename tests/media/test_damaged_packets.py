"""Seeded damage to RTP, RTCP and key packets: nothing but the room's own errors comes of it."""

import pytest

from bench import damage

INPUTS = 3000


@pytest.mark.parametrize("what", ["RTP", "RTCP", "DTMF"])
def test_no_damage_raises_anything_but_our_errors(what: str) -> None:
    reader = damage.READERS[what]

    for data in damage.inputs(reader, INPUTS, seed=1):
        damage.bear(reader, data)


@pytest.mark.parametrize("what", ["RTP", "RTCP", "DTMF"])
def test_whole_examples_are_read(what: str) -> None:
    reader = damage.READERS[what]

    for data in reader.examples:
        reader.read(data)
