import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import rtcp
from media.errors import MalformedPacket

WORD = st.integers(0, 0xFFFFFFFF)
BLOCKS = st.builds(
    rtcp.ReportBlock,
    ssrc=WORD,
    fraction=st.integers(0, 255),
    lost=st.integers(-0x800000, 0x7FFFFF),
    highest=WORD,
    jitter=WORD,
    lsr=WORD,
    dlsr=WORD,
)
REPORTS = st.builds(
    rtcp.Report,
    ssrc=WORD,
    blocks=st.lists(BLOCKS, max_size=3).map(tuple),
    ntp=st.integers(0, 2**64 - 1),
    timestamp=WORD,
    packets=WORD,
    octets=WORD,
)
NAMES = st.text(min_size=0, max_size=40)


@given(REPORTS, WORD, NAMES)
def test_a_compound_packet_parses_to_its_parts(report, ssrc, name):
    parts = (report, rtcp.Description(ssrc, name), rtcp.Bye((ssrc,)))

    data = rtcp.build(*parts)

    assert len(data) % 4 == 0
    assert rtcp.parse(data) == parts


def test_a_receiver_report_has_no_sender_part():
    data = rtcp.build(rtcp.Report(7))

    assert data == bytes([0x80, 201, 0, 1, 0, 0, 0, 7])
    assert rtcp.parse(data) == (rtcp.Report(7),)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_the_rooms_error(data):
    with contextlib.suppress(MalformedPacket):
        rtcp.parse(data)


@pytest.mark.parametrize("data", [b"", b"\x80\xc9\x00\x05aaaa", bytes([0x85, 201, 0, 1, 0, 0, 0, 7])])
def test_cut_packets_are_refused(data):
    with pytest.raises(MalformedPacket):
        rtcp.parse(data)


def test_parts_of_other_kinds_and_sources_without_a_name_are_left_out():
    report = rtcp.Report(7)
    application = b"\x80\xcc\x00\x02" + bytes(4) + b"name"
    nameless = b"\x81\xca\x00\x02" + bytes(4) + b"\x02\x02me"

    assert rtcp.parse(rtcp.build(report) + application + nameless) == (report,)


def test_a_packet_of_nothing_known_is_malformed():
    with pytest.raises(MalformedPacket):
        rtcp.parse(b"\x80\xcc\x00\x01" + bytes(4))
