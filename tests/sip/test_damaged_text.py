"""Seeded damage to messages and session descriptions: nothing but the room's own errors comes of it."""

import pytest

import sip
from bench import damage
from sip.errors import BadMessage

INPUTS = 8000


@pytest.mark.parametrize("what", ["SIP", "SDP"])
def test_no_damage_raises_anything_but_our_errors(what: str) -> None:
    reader = damage.READERS[what]

    for data in damage.inputs(reader, INPUTS, seed=1):
        damage.bear(reader, data)


@pytest.mark.parametrize("what", ["SIP", "SDP"])
def test_whole_examples_are_read(what: str) -> None:
    reader = damage.READERS[what]

    for data in reader.examples:
        reader.read(data)


@pytest.mark.parametrize("line", [b"Subject", b"X-Own", b": value", b"Two words: value"])
def test_a_line_that_is_no_field_is_refused(line: bytes) -> None:
    message = damage.READERS["SIP"].examples[0]

    with pytest.raises(BadMessage, match="no name"):
        sip.parse(message.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1))
