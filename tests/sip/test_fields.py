"""Names, numbers, URIs and header values: what is read, and what may be sent (T6)."""

import pytest

from sip.errors import BadMessage, BadNumber, UnsafeField
from sip.headers import (
    display_name,
    name_addr,
    parse_auth,
    parse_name_addr,
    parse_number,
    parse_via,
    quoted,
    shown,
    tag_of,
    unquote_string,
    values,
)
from sip.message import Request, Response
from sip.uas import refusal
from sip.uri import Uri, for_number, is_number


@pytest.mark.parametrize("number", ["123", "+123", "905321005001", "+905321005001", "123456789012345"])
def test_a_number_is_an_optional_plus_and_3_to_15_digits(number: str) -> None:
    assert for_number(number, "pbx.test") == f"sip:{number}@pbx.test"


@pytest.mark.parametrize(
    "number",
    [
        "",
        "12",
        "+12",
        "1234567890123456",
        "123 456",
        "123;x=y",
        "123@evil",
        "12a3",
        "++123",
        "１２３",
        "123\r\n",
        "1" * 70000,
    ],
)
def test_anything_else_is_never_dialed(number: str) -> None:
    assert not is_number(number)
    with pytest.raises(BadNumber):
        for_number(number, "pbx.test")


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Ayşe Öztürk", '"Ayşe Öztürk"'),
        ('Eve" <sip:evil@x>;', '"Eve sipevilx"'),
        ("a\\b<>;:@%=?", '"ab"'),
        ("O'Neil & Co. (TR)", '"O\'Neil & Co. (TR)"'),
        ("  two   spaces ", '"two spaces"'),
        ("\u202edrow\u200b", '"drow"'),
        ("<>", ""),
        ("", ""),
        ("x" * 70_000, '"' + "x" * 64 + '"'),
    ],
)
def test_a_display_name_keeps_only_what_names_are_made_of(name: str, sent: str) -> None:
    assert display_name(name) == sent


@pytest.mark.parametrize("mark", ["\r", "\n", "\0", "\r\nX: y"])
def test_a_display_name_that_ends_a_line_is_refused(mark: str) -> None:
    with pytest.raises(UnsafeField):
        display_name("Eve" + mark)


@pytest.mark.parametrize("uri", ["sip:a@b>", "sip:<a@b", 'sip:"a"@b', "sip:a b@c", "sip:a@b\r\n", "sip:a@b\0"])
def test_a_uri_that_ends_its_brackets_is_refused(uri: str) -> None:
    with pytest.raises(UnsafeField):
        name_addr(uri)


def test_text_from_outside_shows_its_controls() -> None:
    assert shown("Bank\u202eknaB\x07") == "Bank‹U+202E›knaB‹U+0007›"
    assert len(shown("\u202e" * 1000)) <= 128


@pytest.mark.parametrize(
    "text",
    [
        "sip:user@host",
        "sip:user:pass@host:5060;transport=udp;lr?X=y",
        "sip:host",
        "sips:user@[2001:db8::1]:5061",
        "sip:user;par=u%40e@host",
        "tel:+123;phone-context=x",
    ],
)
def test_a_uri_reads_and_writes_as_itself(text: str) -> None:
    assert str(Uri.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip",
        "sip:",
        ":x",
        "sip:@host",
        "sip:a@b@c",
        "sip:a@h:99999",
        "sip:a@h:x",
        "sip:a@[1::",
        "sip:a@h;;x",
        "s p:a",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        Uri.parse(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sip:a@127.0.0.1", ("127.0.0.1", 5060)),
        ("sip:a@127.0.0.1:99;maddr=10.0.0.1", ("127.0.0.1", 99)),
        ("sips:a@[::1]", ("::1", 5061)),
        ("sip:a@pbx.example", None),
    ],
)
def test_a_uri_gives_an_address_only_when_it_holds_one(text: str, address: object) -> None:
    assert Uri.parse(text).address == address


@pytest.mark.parametrize(
    ("uri", "user"),
    [("sip:+90532;ext=1@h", "+90532"), ("tel:+90532;x=y", "+90532"), ("sip:a%40b@h", "a@b"), ("sip:a;b@h", "a;b")],
)
def test_the_user_of_a_uri_is_plain(uri: str, user: str) -> None:
    assert Uri.parse(uri).plain_user == user


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("<sip:a@b>;tag=x", "x"),
        ("<sip:a@b;tag=not>;TAG=x;y=z", "x"),
        ('"a;tag=no" <sip:a@b>;tag=x', "x"),
        ('"a>;tag=no" <sip:a@b>', None),
        ("sip:a@b;tag=x", "x"),
        ("sip:a@b ; tag = x", "x"),
        ("<sip:a@b>", None),
        ('<sip:a@b>;p=">;tag=no";tag=x', "x"),
    ],
)
def test_the_tag_is_found_wherever_it_stands(text: str, tag: str | None) -> None:
    assert tag_of(text) == tag


def test_lists_split_outside_quotes_and_brackets() -> None:
    lines = ['"a, b" <sip:a,b@c>;x="1,2", <sip:d@e>', "<sip:f@g>"]

    assert values(lines) == ['"a, b" <sip:a,b@c>;x="1,2"', "<sip:d@e>", "<sip:f@g>"]


@pytest.mark.parametrize("text", ['"no end <sip:a@b>', "<sip:a@b", "sip:a@b?X=y", "<sip:a@b>x", "<sip:a@b>;=y"])
def test_broken_addresses_are_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_name_addr(text)


@pytest.mark.parametrize(
    "text",
    ["SIP/2.0/UDP", "SIP/3.0/UDP h;branch=x", "SIP/2.0/UDP h:x", "SIP/2.0/UDP h;;,", "SIP/2.0/UDP ;branch=x", "x"],
)
def test_broken_vias_are_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_via(text)


def test_a_via_is_read_with_odd_spaces() -> None:
    via = parse_via("SIP  / 2.0  / tcp     Host.example.com:5070   ; branch  =   z9hG4bK1 ;rport")

    assert via == ("TCP", "host.example.com", 5070, {"branch": "z9hG4bK1", "rport": None})
    assert via.sent_by == "host.example.com:5070"


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "٣", "9" * 30, "2147483648"])
def test_numbers_are_digits_below_their_limit(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_number(text, "CSeq")


def test_challenges_are_read_with_commas_in_quotes() -> None:
    scheme, fields = parse_auth('Digest realm="a, \\"b\\"", qop="auth,auth-int", nonce=abc, stale=TRUE')

    assert scheme == "digest"
    assert fields == {"realm": 'a, "b"', "qop": "auth,auth-int", "nonce": "abc", "stale": "TRUE"}


def test_quoting_and_unquoting_are_inverse() -> None:
    for text in ("", "plain", 'a "b" \\ c', "\\"):
        assert unquote_string(quoted(text)) == text


@pytest.mark.parametrize(
    ("line", "branch"),
    [
        ("SIP/2.0/UDP h;branch=z9hG4bKa;rport", "z9hG4bKa"),
        ("SIP/2.0/UDP h;rport;branch=z9hG4bKa", "z9hG4bKa"),
        ("SIP/2.0/UDP h ; Branch = z9hG4bKa", "z9hG4bKa"),
        ("SIP/2.0/UDP h;branch;branch=z9hG4bKa", ""),
        ("SIP/2.0/UDP h;BRANCH=z9hG4bKa;branch=z9hG4bKb", "z9hG4bKa"),
        ('SIP/2.0/UDP h;x=";branch=no";branch=z9hG4bKa', "z9hG4bKa"),
        ("SIP/2.0/UDP h;branch=z9hG4bKa, SIP/2.0/UDP i;branch=z9hG4bKb", "z9hG4bKa"),
        ("SIP/2.0/UDP h;rport", ""),
    ],
)
def test_the_branch_is_the_top_hops_whatever_its_form(line: str, branch: str) -> None:
    response = Response(200, "OK", {"via": [line]})

    assert response.branch == branch
    assert response.via.branch == branch


def test_a_message_shows_of_itself_no_more_than_its_kind() -> None:
    fields = {"from": ["<sip:+905321005001@h>"]}

    assert repr(Request("INVITE", "sip:+905321005001@h", fields)) == "<Request INVITE>"
    assert repr(Response(200, "OK", fields)) == "<Response 200>"


def test_a_field_of_no_known_name_is_written_in_the_usual_form() -> None:
    assert b"\r\nX-Campaign: 7\r\n" in Response(200, "OK", {"x-campaign": ["7"]}).encode()
    with pytest.raises(UnsafeField):
        Response(200, "OK", {"x campaign": ["7"]}).encode()


def test_an_encoded_body_is_refused_with_what_is_understood() -> None:
    fields = {"content-type": ["application/sdp"], "content-encoding": ["gzip"]}

    assert refusal(Request("INVITE", "sip:a@b", fields, b"v=0")) == (415, [("accept-encoding", "identity")])
