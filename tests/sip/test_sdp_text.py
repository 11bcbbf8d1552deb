"""Session descriptions: read from others, written for others."""

from pathlib import Path

import pytest

import sip
from sip.crypto import Crypto
from sip.errors import BadSdp, UnsafeField
from sip.holding import is_hold
from sip.sdp import Format, SessionDescription

G711 = (Format(0, "PCMU"), Format(8, "PCMA"), Format(101, "TELEPHONE-EVENT", 8000, "0-16"))


def text(*media: str, session: str = "c=IN IP4 10.0.0.1") -> bytes:
    return "\r\n".join(["v=0", "o=- 7 9 IN IP4 10.0.0.1", "s=-", session, "t=0 0", *media, ""]).encode()


def test_what_is_built_reads_as_itself() -> None:
    built = SessionDescription("10.0.0.1", 4000, G711, direction="sendonly", rtcp_port=4005, session=3, version=4)

    assert SessionDescription.parse(built.build()) == built


def test_static_payloads_need_no_map_and_unknown_ones_are_left_out() -> None:
    read = SessionDescription.parse(text("m=audio 4000 RTP/AVP 0 8 9 96 97", "a=rtpmap:97 opus/48000/2"))

    assert [(one.number, one.name, one.rate) for one in read.formats] == [
        (0, "PCMU", 8000),
        (8, "PCMA", 8000),
        (9, "G722", 8000),
        (97, "OPUS", 48000),
    ]


def test_the_streams_own_address_and_direction_come_before_the_sessions() -> None:
    read = SessionDescription.parse(
        text("m=audio 4000 RTP/AVP 0", "c=IN IP4 10.0.0.2", "a=sendrecv", "a=ptime:30", session="c=IN IP4 9.9.9.9")
    )
    session_only = SessionDescription.parse(text("a=inactive", "m=audio 4000 RTP/AVP 0"))

    assert (read.host, read.direction, read.ptime, read.session, read.version) == ("10.0.0.2", "sendrecv", 30, 7, 9)
    assert session_only.direction == "inactive"


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        (["m=audio 4000 RTP/AVP 0", "a=sendonly"], True),
        (["m=audio 4000 RTP/AVP 0", "a=inactive"], True),
        (["m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"], True),
        (["m=audio 4000 RTP/AVP 0", "a=recvonly"], False),
        (["m=audio 4000 RTP/AVP 0"], False),
    ],
)
def test_both_forms_of_hold_are_seen(lines: list[str], held: bool) -> None:
    assert is_hold(text(*lines)) is held


def test_further_streams_are_refused_in_their_places() -> None:
    read = SessionDescription.parse(
        text("m=video 5000 RTP/AVP 31", "a=sendonly", "m=audio 4000 RTP/AVP 0", "m=application 6000 TCP x")
    )
    lines = read.build().decode().split("\r\n")

    assert read.direction == "sendrecv"
    assert [line for line in lines if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 31",
        "m=audio 4000 RTP/AVP 0",
        "m=application 0 TCP x",
    ]


def test_ipv6_is_written_as_ip6() -> None:
    built = SessionDescription("2001:db8::1", 4000, G711[:1]).build()

    assert b"c=IN IP6 2001:db8::1\r\n" in built
    assert SessionDescription.parse(built).host == "2001:db8::1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"v=0\r\n",
        text("m=video 5000 RTP/AVP 31"),
        text("m=audio x RTP/AVP 0"),
        text("m=audio 70000 RTP/AVP 0"),
        text("m=audio 4000 RTP/AVP 300"),
        text("m=audio 4000"),
        text("m=audio 4000 RTP/AVP 0", session="s=none"),
        text("m=audio 4000 RTP/AVP 0", session="c=IN IP4 a b"),
        text("m=audio 4000 RTP/AVP 0", session="c=IN IP4 <x>"),
        text("m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/x"),
        text("m=audio 4000 RTP/AVP 0") + b"a=x\r\n" * 20_000,
    ],
)
def test_what_cannot_be_used_is_refused(data: bytes) -> None:
    with pytest.raises(BadSdp):
        SessionDescription.parse(data)


def test_nothing_unsafe_is_written() -> None:
    with pytest.raises(UnsafeField):
        SessionDescription("10.0.0.1\r\na=x", 4000, G711).build()


def test_the_flows_of_rfc_3665_carry_readable_sound(material: Path) -> None:
    read = 0
    for path in sorted((material / "rfc3665").glob("*.sip")):
        try:
            message = sip.parse(path.read_bytes())
        except sip.SipError:
            continue
        if message.body.startswith(b"v=0"):
            assert SessionDescription.parse(message.body).formats[0].name == "PCMU"
            read += 1

    assert read > 30


KEY = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
"""The key of RFC 4568 §10.1."""


def test_crypto_lines_are_read_and_written() -> None:
    line = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20 WSH=64"
    read = SessionDescription.parse(text("m=audio 4000 RTP/SAVP 0", line))

    assert read.cryptos == (Crypto(1, "AES_CM_128_HMAC_SHA1_80", b"wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#"),)
    assert SessionDescription.parse(read.build()).cryptos == read.cryptos
    assert KEY.encode() in read.build()
    assert "wDfv" not in repr(read)


@pytest.mark.parametrize(
    "line",
    [
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20;inline:{KEY}|2^20",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=1",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAA",
        "1 AES_CM_128_HMAC_SHA1_80",
        f"x AES_CM_128_HMAC_SHA1_80 inline:{KEY}",
        "",
    ],
)
def test_crypto_lines_that_ask_for_what_we_have_not_are_left_out(line: str) -> None:
    assert SessionDescription.parse(text("m=audio 4000 RTP/SAVP 0", f"a=crypto:{line}")).cryptos == ()


def test_more_formats_than_there_are_numbers_are_refused() -> None:
    """A line of 20,000 of them would hold the loop for 50 ms."""
    many = " ".join(["8"] * 129).encode()

    with pytest.raises(BadSdp):
        SessionDescription.parse(b"v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP " + many)
