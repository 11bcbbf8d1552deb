"""Dialogs: route sets, targets and order on both sides (RFC 3261 §12)."""

import pytest

from sip.dialog import Dialog, contact_of, without_tag
from sip.errors import BadMessage, UnsafeField
from sip.message import Request, Response
from sip.transport import Address

FALLBACK = Address("10.0.0.9", 5060)


def invite(**more: list[str]) -> Request:
    fields = {
        "via": ["SIP/2.0/UDP h;branch=z9hG4bKx"],
        "from": ['"A" <sip:a@h>;tag=caller'],
        "to": ["<sip:b@h>"],
        "call-id": ["x"],
        "cseq": ["7 INVITE"],
        "contact": ["<sip:a@10.0.0.1:5061>"],
    }
    return Request("INVITE", "sip:b@h", fields | more)


def answer(**more: list[str]) -> Response:
    response = invite(**more).reply(200, to_tag="called")
    response.headers["contact"] = ["<sip:b@10.0.0.2:5062>"]
    return response


def test_the_caller_takes_the_routes_in_reverse_and_the_called_in_order() -> None:
    routes = ["<sip:p1;lr>, <sip:p2;lr>", "<sip:p3;lr>"]
    caller = Dialog.of_response(answer(**{"record-route": routes}), FALLBACK)
    called = Dialog.of_request(invite(**{"record-route": routes}), "called", FALLBACK)

    assert caller.route_set == ("<sip:p3;lr>", "<sip:p2;lr>", "<sip:p1;lr>")
    assert called.route_set == ("<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>")
    assert caller.key == ("x", "caller", "called")
    assert called.key == ("x", "called", "caller")


def test_a_request_goes_to_the_target_by_loose_routes() -> None:
    dialog = Dialog.of_response(answer(**{"record-route": ["<sip:10.0.0.3:99;lr>"]}), FALLBACK)
    request = dialog.request("BYE", dialog.next_cseq())

    assert (request.uri, request.headers["route"]) == ("sip:b@10.0.0.2:5062", ["<sip:10.0.0.3:99;lr>"])
    assert dialog.next_hop() == ("10.0.0.3", 99, "udp")
    assert (request.headers["from"], request.headers["to"]) == (['"A" <sip:a@h>;tag=caller'], ["<sip:b@h>;tag=called"])
    assert request.headers["cseq"] == ["8 BYE"]


def test_both_ends_are_known_by_their_uris() -> None:
    dialog = Dialog.of_request(invite(), "called", FALLBACK)

    assert (dialog.local_uri, dialog.remote_uri) == ("sip:b@h", "sip:a@h")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("remote_target", "sip:b@h x"),
        ("remote_target", "sip:b@h\r\nX: y"),
        ("remote", "<sip:b@h>\nX: y"),
        ("call_id", "x\0"),
        ("local", "<sip:a@h>\rX: y"),
        ("route_set", ("<sip:10.0.0.3;lr>\r\nX: y",)),
    ],
)
def test_a_stored_dialog_that_holds_what_no_line_may_hold_sends_nothing(field: str, value: str) -> None:
    dialog = Dialog.of_response(answer(), FALLBACK)
    setattr(dialog, field, value)

    with pytest.raises(UnsafeField):
        dialog.written("BYE", 8, "SIP/2.0/UDP h;branch=z9hG4bKy")


def test_a_strict_router_gets_itself_as_request_uri() -> None:
    dialog = Dialog.of_response(answer(**{"record-route": ["<sip:p2;lr>, <sip:10.0.0.3>"]}), FALLBACK)
    request = dialog.request("BYE", 8)

    assert request.uri == "sip:10.0.0.3"
    assert request.headers["route"] == ["<sip:p2;lr>", "<sip:b@10.0.0.2:5062>"]


def test_a_next_hop_that_is_a_name_is_sent_where_the_invite_went() -> None:
    dialog = Dialog.of_response(answer(**{"record-route": ["<sip:proxy.example;lr>"]}), FALLBACK)

    assert dialog.next_hop() == FALLBACK


def test_requests_out_of_order_are_seen() -> None:
    dialog = Dialog.of_request(invite(), "called", FALLBACK)
    older, newer = invite(cseq=["6 BYE"]), invite(cseq=["9 BYE"])

    assert (dialog.follows(newer), dialog.follows(older)) == (True, False)


def test_a_reinvite_moves_the_target() -> None:
    dialog = Dialog.of_request(invite(), "called", FALLBACK)
    dialog.retarget(invite(contact=["<sip:a@10.0.0.7>"]))
    dialog.retarget(Request("INVITE", "sip:b@h", {}))

    assert dialog.remote_target == "sip:a@10.0.0.7"


def test_an_early_answer_without_contact_keeps_the_request_uri() -> None:
    early = answer()
    del early.headers["contact"]

    assert Dialog.of_response(early, FALLBACK, "sip:b@h").remote_target == "sip:b@h"


def test_an_invite_without_contact_makes_no_dialog() -> None:
    without = invite()
    del without.headers["contact"]

    with pytest.raises(BadMessage):
        Dialog.of_request(without, "called", FALLBACK)


@pytest.mark.parametrize(
    ("value", "bare"),
    [
        ('"A;tag=x" <sip:a@h;tag=y>;tag=z;p=1', '"A;tag=x" <sip:a@h;tag=y>;p=1'),
        ("sip:a@h;tag=z", "sip:a@h"),
        ("<sip:a@h>", "<sip:a@h>"),
    ],
)
def test_only_the_tag_is_taken_away(value: str, bare: str) -> None:
    assert without_tag(value) == bare


def test_the_first_contact_counts() -> None:
    assert contact_of(invite(contact=['"x, y" <sip:a@h>, <sip:b@h>'])) == "sip:a@h"


@pytest.mark.parametrize("target", ["sip:", "sip:b@[::1", "sip:b@h:port"])
def test_a_next_hop_that_cannot_be_read_is_sent_where_the_invite_went(target: str) -> None:
    dialog = Dialog.of_response(answer(), FALLBACK)
    dialog.remote_target = target

    assert dialog.next_hop() == FALLBACK


@pytest.mark.parametrize(
    ("usual", "contact", "to"),
    [
        ("udp", "sip:b@10.0.0.2;transport=tcp", ("10.0.0.2", 5060, "tcp")),
        ("udp", "sip:b@10.0.0.2;transport=sctp", ("10.0.0.2", 5060, "udp")),
        ("tcp", "sip:b@10.0.0.2:99", ("10.0.0.2", 99, "tcp")),
        ("tcp", "sip:b@10.0.0.2;transport=UDP", ("10.0.0.2", 5060, "udp")),
        ("tls", "sip:b@10.0.0.2;transport=tls", ("10.0.0.2", 5061, "tls")),
        ("tls", "sip:b@10.0.0.2:99;transport=udp", ("10.0.0.2", 99, "tls")),
        ("tls", "sips:b@10.0.0.2", ("10.0.0.2", 5061, "tls")),
    ],
)
def test_a_target_names_its_transport_and_what_began_under_tls_stays_so(
    usual: str, contact: str, to: tuple[str, int, str]
) -> None:
    response = answer()
    response.headers["contact"] = [f"<{contact}>"]

    assert Dialog.of_response(response, Address("10.0.0.9", 5060, usual)).next_hop() == to


def test_a_caller_of_rfc_2543_is_reached_by_its_from() -> None:
    request = invite(via=["SIP/2.0/UDP h"])
    del request.headers["contact"]

    assert Dialog.of_request(request, "called", FALLBACK).remote_target == "sip:a@h"
