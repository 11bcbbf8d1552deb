"""The 49 messages of RFC 4475: read or refused as `expected.csv` says."""

import csv
from pathlib import Path

import pytest

import sip
from sip.errors import BadMessage, BadVersion
from sip.headers import parse_name_addr, parse_via
from sip.uas import refusal
from sip.uri import Uri


def read(folder: Path, name: str) -> sip.Request | sip.Response:
    return sip.parse((folder / f"{name}.dat").read_bytes())


def test_every_message_is_read_or_refused_as_it_should_be(torture: Path) -> None:
    wrong: list[str] = []
    rows = list(csv.DictReader((torture / "expected.csv").open()))
    for row in rows:
        try:
            sip.parse((torture / row["file"]).read_bytes())
            read_it = True
        except BadMessage:
            read_it = False
        if read_it != (row["parse"] == "ok"):
            wrong.append(row["file"])

    assert len(rows) == 49
    assert wrong == []


def test_every_message_that_is_read_can_be_answered(torture: Path) -> None:
    for row in csv.DictReader((torture / "expected.csv").open()):
        if row["parse"] != "ok":
            continue
        message = sip.parse((torture / row["file"]).read_bytes())
        if isinstance(message, sip.Request):
            reply = sip.parse(message.reply(200, to_tag="us").encode())
            assert (reply.call_id, reply.cseq, reply.from_tag) == (message.call_id, message.cseq, message.from_tag)


def test_folded_compact_and_mixed_case_fields_are_read_alike(torture: Path) -> None:
    message = read(torture, "wsinv")

    assert (message.cseq, message.get("max-forwards")) == ((9, "INVITE"), "0068")
    assert (message.to_tag, message.from_tag) == ("1918181833n", "98asjd8")
    assert [parse_via(value).branch for value in message.values("via")] == [
        "390skdjuw",
        "z9hG4bK9ikj8",
        "z9hG4bK30239",
    ]
    contact = parse_name_addr(message.values("contact")[0])
    assert (contact.name, contact.uri, contact.params["q"]) == ('Quoted string ""', "sip:jdrosen@example.com", "0.33")
    assert parse_name_addr(message.headers["from"][0]).name == 'J Rosenberg \\"'
    assert message.body.startswith(b"v=0\r\n")


def test_escapes_are_resolved_only_where_they_are_looked_at(torture: Path) -> None:
    message = read(torture, "esc01")

    assert message.uri == "sip:sips%3Auser%40example.com@example.net"
    assert Uri.parse(message.uri).plain_user == "sips:user@example.com"
    assert str(Uri.parse(message.uri)) == message.uri


def test_an_escaped_nul_does_not_cut_a_user_short(torture: Path) -> None:
    first, second = (Uri.parse(parse_name_addr(value).uri) for value in read(torture, "escnull").values("contact"))

    assert first != second
    assert first.plain_user != second.plain_user


def test_percent_in_a_method_is_part_of_its_name(torture: Path) -> None:
    message = read(torture, "esc02")

    assert isinstance(message, sip.Request)
    assert message.method == "RE%47IST%45R"
    assert refusal(message)[0] == 405


def test_only_the_first_request_of_a_datagram_is_read(torture: Path) -> None:
    message = read(torture, "dblreq")

    assert message.method == "REGISTER"
    assert message.body == b""


def test_a_user_may_hold_semicolons_and_escaped_ats(torture: Path) -> None:
    assert Uri.parse(read(torture, "semiuri").uri).user == "user;par=u%40example.net"


def test_unknown_transports_below_the_top_are_kept(torture: Path) -> None:
    assert [parse_via(value).transport for value in read(torture, "transports").values("via")] == [
        "UDP",
        "SCTP",
        "TLS",
        "UNKNOWN",
        "TCP",
    ]


def test_a_body_with_nuls_is_kept_by_its_length(torture: Path) -> None:
    message = read(torture, "mpart01")

    assert len(message.body) == int(message.get("content-length"))
    assert b"\0" in message.body


def test_reason_phrases_may_be_utf8_or_empty(torture: Path) -> None:
    assert "девяносто" in read(torture, "unreason").reason
    assert (read(torture, "noreason").status, read(torture, "noreason").reason) == (100, "")


def test_another_version_is_its_own_error(torture: Path) -> None:
    with pytest.raises(BadVersion):
        read(torture, "badvers")


def test_a_branch_of_the_cookie_alone_is_no_key(torture: Path) -> None:
    from sip.transactions import server_key

    key = server_key(read(torture, "badbranch"))

    assert "badbranch.sadonfo23i420jv0as0derf3j3n" in key


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("intmeth", 405),
        ("unkscm", 416),
        ("novelsc", 416),
        ("bext01", 420),
        ("invut", 415),
        ("sdp01", 406),
        ("regaut01", 405),
        ("mpart01", 405),
    ],
)
def test_what_is_readable_but_not_for_us_is_refused(torture: Path, name: str, status: int) -> None:
    assert refusal(read(torture, name))[0] == status


@pytest.mark.parametrize("name", ["lwsdisp", "zeromf", "semiuri", "inv2543"])
def test_what_is_odd_but_right_is_served(torture: Path, name: str) -> None:
    assert refusal(read(torture, name)) is None
