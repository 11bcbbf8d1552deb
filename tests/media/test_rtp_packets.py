import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import rtp
from media.errors import MalformedPacket

PACKETS = st.builds(
    rtp.Packet,
    payload_type=st.integers(0, 127).filter(lambda n: n not in range(72, 77)),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=400),
    marker=st.booleans(),
)


@given(PACKETS)
def test_what_was_built_parses_to_the_same(packet):
    assert rtp.parse(rtp.build(packet)) == packet


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_the_rooms_error(data):
    with contextlib.suppress(MalformedPacket):
        rtp.parse(data)


def test_contributors_extension_and_padding_are_taken_off():
    head = bytes([0x80 | 0x20 | 0x10 | 2, 0]) + (7).to_bytes(2) + (9).to_bytes(4) + (1).to_bytes(4)
    data = head + b"CSR1CSR2" + b"\xbe\xde\x00\x01EXT1" + b"sound" + b"\0\0\x03"

    packet = rtp.parse(data)

    assert packet.payload == b"sound"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        b"\x40" + bytes(20),  # version 1
        bytes([0x80, 200]) + bytes(20),  # a sender report
        bytes([0x8F, 0]) + bytes(12),  # 15 contributors in 2 bytes
        bytes([0x90, 0]) + bytes(10) + b"\0\0\xff\xff" + bytes(20),  # extension longer than the packet
        bytes([0xA0, 0]) + bytes(10) + b"x" * 5 + b"\x90",  # padding longer than the packet
        bytes([0xA0, 0]) + bytes(10) + b"x" * 5 + b"\x00",  # padding of nothing
    ],
)
def test_malformed_packets_are_refused(data):
    with pytest.raises(MalformedPacket):
        rtp.parse(data)


@pytest.mark.parametrize(
    ("newer", "older", "apart"), [(1, 0, 1), (0, 65535, 1), (65535, 0, -1), (5, 5, 0), (3, 65530, 9)]
)
def test_distance_knows_the_wrap(newer, older, apart):
    assert rtp.distance(newer, older) == apart
