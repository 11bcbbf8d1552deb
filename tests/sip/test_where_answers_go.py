"""Responses go back by the address that the request came from (RFC 3261 §18.2, RFC 3581)."""

import pytest

from sip.message import Request
from sip.transport import Address
from sip.uas import mark_source

SOURCE = Address("198.51.100.7", 40123)


def request(via: str, *more: str) -> Request:
    return Request("OPTIONS", "sip:x@h", {"via": [via, *more]})


@pytest.mark.parametrize(
    ("via", "marked", "to"),
    [
        (
            "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx;rport",
            "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx;received=198.51.100.7;rport=40123",
            ("198.51.100.7", 40123),
        ),
        (
            "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx",
            "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKx;received=198.51.100.7",
            ("198.51.100.7", 5070),
        ),
        (
            "SIP/2.0/UDP pbx.example;branch=z9hG4bKx",
            "SIP/2.0/UDP pbx.example;branch=z9hG4bKx;received=198.51.100.7",
            ("198.51.100.7", 5060),
        ),
        (
            "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx",
            "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKx",
            ("198.51.100.7", 5060),
        ),
        (
            "SIP/2.0/UDP 10.0.0.1;rport=1;received=9.9.9.9;branch=z9hG4bKx, SIP/2.0/TCP proxy;branch=z9hG4bKy",
            "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx;received=198.51.100.7;rport=40123, SIP/2.0/TCP proxy;branch=z9hG4bKy",
            ("198.51.100.7", 40123),
        ),
    ],
)
def test_the_top_via_tells_where_the_request_came_from(via: str, marked: str, to: tuple[str, int]) -> None:
    made = request(via, "SIP/2.0/UDP below;branch=z9hG4bKz")

    assert mark_source(made, SOURCE) == (*to, "udp")
    assert made.headers["via"] == [marked, "SIP/2.0/UDP below;branch=z9hG4bKz"]
