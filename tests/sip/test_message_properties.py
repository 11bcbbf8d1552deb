"""Messages: parse after build is identity, and no bytes raise anything but the room's own errors."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sip
from sip.errors import SipError, UnsafeField
from sip.headers import parse_name_addr, parse_via, tag_of, values
from sip.letterhead import Letterhead
from sip.message import Request, Response, _read_any
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
    assert outcome(sip.parse, read.encode()) == outcome(sip.parse, built.encode())


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


FULL = SEED.replace(b"Content-Length", b"Max-Forwards: 70\r\nContent-Length")
DAMAGE = (*b'\r\n\0\t :;,?<>"\\@=5/', b"", b"\r\n", b"\r\n ", b"\r\n\r\n", b"\n\r\n", b";;", "٣".encode(), b"\xb3")


def outcome(read: Callable[[bytes], sip.Request | sip.Response], data: bytes) -> object:
    """All that is known of a message, or what is said against it."""
    try:
        message = read(data)
    except SipError as error:
        return type(error), str(error), type(getattr(error, "message", None))
    start = (message.method, message.uri) if isinstance(message, Request) else (message.status, message.reason)
    return start, message.headers, message.body


def test_the_quick_way_to_read_knows_all_that_the_thorough_one_knows() -> None:
    quick, thorough = outcome(sip.parse, FULL), outcome(_read_any, FULL)
    assert quick == thorough
    for at in range(len(FULL)):
        for mark in DAMAGE:
            put = bytes([mark]) if isinstance(mark, int) else mark
            for damaged in (FULL[:at] + put + FULL[at:], FULL[:at] + put + FULL[at + 1 :]):
                assert outcome(sip.parse, damaged) == outcome(_read_any, damaged), damaged


def test_lines_that_are_left_out_or_stand_twice_are_judged_alike() -> None:
    lines = FULL.split(b"\r\n")
    for at in range(len(lines)):
        for told in ([], [lines[at], lines[at]], [lines[at].partition(b":")[0]], [lines[at].partition(b":")[0] + b":"]):
            changed = b"\r\n".join([*lines[:at], *told, *lines[at + 1 :]])
            assert outcome(sip.parse, changed) == outcome(_read_any, changed), changed


@pytest.mark.parametrize(
    ("usual", "odd"),
    [(b"INVITE", b""), (b"INVITE", b"IN{VITE"), (b"INVITE", b"invite"), (b" 1 ", b" 9999999999 "), (b"70", b"1" * 10)],
)
def test_methods_and_numbers_out_of_the_ordinary_are_judged_alike(usual: bytes, odd: bytes) -> None:
    changed = FULL.replace(usual, odd)

    assert outcome(sip.parse, changed) == outcome(_read_any, changed)


def test_a_response_of_ours_says_each_field_once() -> None:
    request = sip.parse(FULL)
    assert isinstance(request, Request)
    response = request.reply(200, to_tag="us", body=b"v=0")
    Letterhead("Ahize", "192.0.2.1", {"udp": 5060}).dress(response)

    read = sip.parse(response.encode())

    assert all(len(found) == 1 for found in read.headers.values())
    assert [read.get(name) for name in ("contact", "server", "to", "content-length")] == [
        "<sip:ahize@192.0.2.1:5060>",
        "Ahize",
        "<sip:c@d>;tag=us",
        "3",
    ]
    assert read.values("allow")[0] == "INVITE"
    assert "100rel" in read.values("supported")


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


@pytest.mark.parametrize("name", ["via", "from", "to", "call-id", "cseq"])
@pytest.mark.parametrize("mark", ["\r", "\n"])
def test_a_response_copies_nothing_that_ends_a_line(name: str, mark: str) -> None:
    fields = sip.parse(SEED).headers
    copied = Response(200, "OK", fields | {name: [f"{fields[name][0]}{mark}X: y"]})

    with pytest.raises(UnsafeField):
        copied.encode()


@pytest.mark.parametrize(("name", "host"), [("A\r\nX: y", "192.0.2.1"), ("Ahize", "a\r\nX: y"), ("A\0", "192.0.2.1")])
def test_no_letterhead_holds_what_ends_a_line(name: str, host: str) -> None:
    with pytest.raises(UnsafeField):
        Letterhead(name, host, {"udp": 5060})
