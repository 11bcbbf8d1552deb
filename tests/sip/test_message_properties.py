"""Messages: parse after build is identity, and no bytes raise anything but the room's own errors."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sip
from sip.errors import SipError, UnsafeField
from sip.headers import parse_name_addr, parse_via, tag_of, values
from sip.message import Request, Response
from sip.names import LABELS
from sip.sdp import SessionDescription
from sip.uri import Uri

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40).map(str.strip)
VALUES = TEXT.filter(bool)
TOKENS = st.text(string.ascii_letters + string.digits + "-.", min_size=1, max_size=12)
FREE = sorted(
    set(LABELS) - {"via", "from", "to", "call-id", "cseq", "content-length", "content-type", "contact", "max-forwards"}
)

SEED = (
    b'INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP a:5060;branch=z9hG4bKx;rport\r\nFrom: "A" <sip:a@b>;tag=1\r\n'
    b"To: <sip:c@d>\r\nCall-ID: x@y\r\nCSeq: 1 INVITE\r\nContact: <sip:a@b>\r\nContent-Length: 3\r\n\r\nv=0"
)


@st.composite
def headers(draw: st.DrawFn, method: str) -> dict[str, list[str]]:
    fields = {
        "via": [f"SIP/2.0/UDP {draw(TOKENS)};branch=z9hG4bK{draw(TOKENS)}"],
        "from": [f"<sip:{draw(TOKENS)}@h>;tag={draw(TOKENS)}"],
        "to": [f"<sip:{draw(TOKENS)}@h>"],
        "call-id": [draw(TOKENS)],
        "cseq": [f"{draw(st.integers(0, 2**31 - 1))} {method}"],
    }
    return fields | draw(st.dictionaries(st.sampled_from(FREE), st.lists(VALUES, min_size=1, max_size=3), max_size=6))


@given(st.data(), TOKENS, st.binary(max_size=200))
def test_a_built_request_reads_as_itself(data: st.DataObject, method: str, body: bytes) -> None:
    built = Request(method, "sip:x@h", data.draw(headers(method)), body)

    read = sip.parse(built.encode())

    assert isinstance(read, Request)
    assert (read.method, read.uri, read.body) == (method, "sip:x@h", body)
    assert {name: value for name, value in read.headers.items() if name != "content-length"} == built.headers


@given(st.data(), st.integers(100, 699), TEXT, st.binary(max_size=200))
def test_a_built_response_reads_as_itself(data: st.DataObject, status: int, reason: str, body: bytes) -> None:
    built = Response(status, reason, data.draw(headers("INVITE")), body)

    read = sip.parse(built.encode())

    assert isinstance(read, Response)
    assert (read.status, read.reason, read.body) == (status, reason, body)


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_our_errors(data: bytes) -> None:
    for read in (sip.parse, SessionDescription.parse):
        try:
            read(data)
        except SipError:
            continue


@given(st.data())
def test_no_damage_to_a_message_raises_anything_but_our_errors(data: st.DataObject) -> None:
    damaged = bytearray(SEED)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        message = sip.parse(bytes(damaged))
        if isinstance(message, Request):
            message.reply(200, to_tag="x").encode()
        use_all_of(message)
    except SipError:
        return


def use_all_of(message: sip.Request | sip.Response) -> None:
    for name, read in (("via", parse_via), ("from", parse_name_addr), ("to", parse_name_addr)):
        for value in values(message.headers[name]):
            read(value)
    assert isinstance(message.from_tag + message.to_tag, str)
    assert message.cseq.number < 2**31


@given(st.text(max_size=60))
def test_no_text_raises_anything_but_our_errors(text: str) -> None:
    for read in (Uri.parse, parse_via, parse_name_addr, tag_of):
        try:
            read(text)
        except SipError:
            continue


@given(TOKENS, st.sampled_from("\r\n\0"))
def test_no_field_that_ends_a_line_is_ever_encoded(word: str, mark: str) -> None:
    evil = word + mark + "X: y"
    fields = sip.parse(SEED).headers
    makes = [
        lambda: Request("INVITE", evil, dict(fields)).encode(),
        lambda: Request(evil, "sip:x@h", dict(fields)).encode(),
        lambda: Response(200, evil, dict(fields)).encode(),
        lambda: Request("INVITE", "sip:x@h", fields | {"subject": [evil]}).encode(),
        lambda: Response(200, "OK", fields | {"server": [evil]}).encode(),
        lambda: Request("INVITE", "sip:x@h", fields | {evil.lower(): ["x"]}).encode(),
        lambda: Request("INVITE", "sip:x@h", dict(fields)).add("subject", evil),
        lambda: Request("INVITE", "sip:x@h", dict(fields)).set("subject", evil),
    ]
    for make in makes:
        with pytest.raises(UnsafeField):
            make()
