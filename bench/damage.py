"""Damaged messages and packets by the seed, and the readers that must bear them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import peering
from media import dtmf, rtcp, rtp
from media.errors import MediaError
from media.wire import LARGEST
from sip import headers as h
from sip.dialog import Dialog
from sip.digest import Credentials
from sip.errors import SipError
from sip.message import Request, parse
from sip.sdp import SessionDescription
from sip.transport import Address
from sip.uas import mark_source, refusal
from sip.uri import Uri

Read = Callable[[bytes], object]
MARKS = [b"", b"\0", b"\r\n", b"\n", b"\r\n ", b" ", b"\t", b";", b",", b"<", b">", b'"', b"\\", b"=", b":", b"@", b"%"]
MARKS += [b"\xff", b"\xc2\x85", b"-1", b"9" * 30, b"[::1]", b";tag=", b">;tag=", b";branch=", b"SIP/2.0", b"<<", b'""']
MOST_REPEATS = 3000
SOURCE = Address("192.0.2.10", 5060)


@dataclass(frozen=True, slots=True)
class Reader:
    """What is read: whole examples, and the reader, which may raise nothing but `errors`. `largest`: bytes that it is
    ever given."""

    examples: tuple[bytes, ...]
    read: Read
    errors: type[Exception]
    largest: int = 65_507


def damaged(data: bytes, others: tuple[bytes, ...], dice: random.Random) -> bytes:
    """One to four hurts: marks, flipped bits, cuts, parts of others, and now and then a part many times over."""
    broken = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        dice.choice(_HURTS)(broken, others, dice)
    return bytes(broken)


def _mark(broken: bytearray, _others: tuple[bytes, ...], dice: random.Random) -> None:
    at = dice.randrange(len(broken) + 1)
    broken[at : at + dice.randrange(4)] = dice.choice(MARKS)


def _flip(broken: bytearray, _others: tuple[bytes, ...], dice: random.Random) -> None:
    if broken:
        broken[dice.randrange(len(broken))] ^= 1 << dice.randrange(8)


def _cut(broken: bytearray, _others: tuple[bytes, ...], dice: random.Random) -> None:
    at = dice.randrange(len(broken) + 1)
    del broken[at : at + dice.randrange(1, 40)]


def _splice(broken: bytearray, others: tuple[bytes, ...], dice: random.Random) -> None:
    other = dice.choice(others)
    begin = dice.randrange(len(other) + 1)
    at = dice.randrange(len(broken) + 1)
    broken[at:at] = other[begin : begin + dice.randrange(80)]


def _repeat(broken: bytearray, _others: tuple[bytes, ...], dice: random.Random) -> None:
    at = dice.randrange(len(broken) + 1)
    part = bytes(broken[at : at + dice.choice((1, 2, 8, 60))])
    broken[at:at] = part * dice.choice((2, 20, MOST_REPEATS))


_HURTS = [_mark, _mark, _flip, _cut, _splice, _repeat]

# ---------------------------------------------------------------- the readers


def read_sip(data: bytes) -> None:
    """Everything that an agent asks of a message before it has a call."""
    message = parse(data)
    for name in ("via", "from", "to", "contact", "record-route", "route"):
        for value in message.values(name):
            (h.parse_via if name == "via" else h.parse_name_addr)(value)
    assert message.branch == message.via.branch
    assert message.cseq.number < 2**31
    if isinstance(message, Request):
        _take_request(message)
    else:
        Dialog.of_response(message, SOURCE).next_hop()
        if message.status == 401:
            Credentials("user", "secret", None, "md5").answer(message, "INVITE", "sip:a@b")


def _take_request(request: Request) -> None:
    mark_source(request, SOURCE)
    refusal(request)
    Uri.parse(request.uri)
    answer = parse(request.reply(200, to_tag="x").encode())
    assert answer.call_id == request.call_id
    Dialog.of_request(request, "tag", SOURCE).request("BYE", 2).encode()


def read_sdp(data: bytes) -> None:
    """What is read can be said again, and reads as the same."""
    read = SessionDescription.parse(data)
    again = SessionDescription.parse(read.build())
    assert (again.port, again.direction) == (read.port, read.direction)


def read_rtp(data: bytes) -> None:
    packet = rtp.parse(data)
    start, end = rtp.bounds(data, len(data))
    assert rtp.HEADER.size <= start <= end <= len(data)
    assert rtp.parse(rtp.build(packet)) == packet


def read_dtmf(data: bytes) -> None:
    dtmf.parse(data)
    dtmf.Keypad().press(data, 1, 2, 3.0)


_INVITE = (peering.HERE / "invite.sip").read_bytes()
_HEAD, _, _SDP = _INVITE.partition(b"\r\n\r\n")
_COMMON = (
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;received=192.0.2.1;branch=z9hG4bK1\r\n"
    b'Record-Route: <sip:192.0.2.9;lr>, <sip:proxy.example;lr>\r\nFrom: <sip:a@b>;tag=1\r\nTo: "B" <sip:c@d>;tag=2\r\n'
    b"Call-ID: x@y\r\nCSeq: 1 INVITE\r\n"
)
_CHALLENGE = b'WWW-Authenticate: Digest realm="b", nonce="n", qop="auth", algorithm=MD5, opaque="o"\r\n'
MESSAGES = (
    _INVITE,
    b"SIP/2.0 200 OK\r\n" + _COMMON + b"Contact: <sip:c@192.0.2.2:5070;transport=udp>\r\nContent-Length: 0\r\n\r\n",
    b"SIP/2.0 401 Unauthorized\r\n" + _COMMON + _CHALLENGE + b"Content-Length: 0\r\n\r\n",
    b"BYE sip:a@b SIP/2.0\r\nv:SIP/2.0/TCP [::1]:5060;branch=z9hG4bK2\r\nf: <sip:a@b>;tag=1\r\n"
    b"t:<sip:c@d>\r\n ;tag=2\r\nm: <sip:a@[::1]>\r\ni: x\r\nCSeq:\t2\r\n\tBYE\r\nl: 0\r\n\r\n",
)
_LONG_RTP = b"\xb2\x00" + bytes(18) + b"\xbe\xde\x00\x01" + bytes(4) + b"\xff" * 20 + b"\x00\x00\x00\x04"
"""With padding, an extension and two contributing sources."""
_REPORT = rtcp.ReportBlock(1, 2, -3, 4, 5, 6, 7)
READERS = {
    "SIP": Reader(MESSAGES, read_sip, SipError),
    "SDP": Reader((_SDP, SessionDescription.parse(_SDP).build()), read_sdp, SipError),
    "RTP": Reader((rtp.build(rtp.Packet(0, 1, 2, 3, b"\xff" * 160)), _LONG_RTP), read_rtp, MediaError, LARGEST),
    "RTCP": Reader(
        (
            rtcp.build(rtcp.Report(1, (_REPORT,), ntp=2), rtcp.Description(1, "a@b"), rtcp.Bye((1,))),
            rtcp.build(rtcp.Report(1, (_REPORT, _REPORT)), rtcp.Description(1, "c")),
        ),
        rtcp.parse,
        MediaError,
        LARGEST,
    ),
    "DTMF": Reader((b"\x05\x0a\x00\xa0", b"\x0f\x8a\x03\xc0"), read_dtmf, MediaError, LARGEST),
}


def inputs(reader: Reader, count: int, seed: int) -> Iterator[bytes]:
    dice = random.Random(seed)
    for _ in range(count):
        yield damaged(dice.choice(reader.examples), reader.examples, dice)[: reader.largest]


def bear(reader: Reader, data: bytes) -> None:
    """Read it; what it may not raise goes on with the input in its notes."""
    try:
        reader.read(data)
    except reader.errors:
        return
    except Exception as error:
        error.add_note(f"the input was {data[:400]!r}")
        raise
