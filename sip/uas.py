"""What every incoming request is checked for before anybody is asked (RFC 3261 §8.2). Pure."""

from __future__ import annotations

import secrets

from sip import headers as h
from sip.errors import BadMessage
from sip.message import Message, Request, Response
from sip.names import REASONS
from sip.transport import Address

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "PRACK", "INFO", "REFER", "NOTIFY")
ALLOW = ", ".join(METHODS)
EXTENSIONS = ("100rel", "timer", "replaces", "norefersub")
SUPPORTED = ", ".join(EXTENSIONS)
SDP = "application/sdp"
MIN_SE = 90
"""The shortest session interval that is taken, seconds (RFC 4028 §5)."""
_SCHEMES = ("sip:", "sips:", "tel:")

Refusal = tuple[int, list[tuple[str, str]]]
"""Status and header fields."""


def refusal(request: Request, *, registers: bool = False) -> Refusal | None:
    """Why this request cannot be served, or None. `registers`: REGISTER is served here."""
    if request.method not in METHODS and not (registers and request.method == "REGISTER"):
        return 405, [("allow", ALLOW)]
    if not request.uri.lower().startswith(_SCHEMES):
        return 416, []
    unknown = [option for option in request.values("require") if option.lower() not in EXTENSIONS]
    if unknown:
        return 420, [("unsupported", ", ".join(unknown))]
    if request.method not in ("INVITE", "OPTIONS", "UPDATE", "PRACK"):
        return None
    return _session(request) or _content(request)


def _session(request: Request) -> Refusal | None:
    """A session interval that would be too short, from who understands the refusal (RFC 4028 §9)."""
    seconds = h.seconds_of(request.get("session-expires"))
    if seconds is not None and seconds < MIN_SE and "timer" in options_of(request, "supported"):
        return 422, [("min-se", str(MIN_SE))]
    return None


def options_of(message: Message, *fields: str) -> frozenset[str]:
    """The option tags of these fields (Supported, Require), in small letters."""
    return frozenset(option.lower() for field in fields for option in message.values(field))


def _content(request: Request) -> Refusal | None:
    kind = request.get("content-type")
    if request.body and kind is not None and kind.partition(";")[0].strip().lower() != SDP:
        return 415, [("accept", SDP)]
    if request.body and request.get("content-encoding") not in (None, "", "identity"):
        return 415, [("accept-encoding", "identity")]
    accepted = [value.partition(";")[0].strip().lower() for value in request.values("accept")]
    if accepted and not {SDP, "application/*", "*/*"} & set(accepted):
        return 406, []
    return None


def mark_source(request: Request, source: Address) -> Address:
    """Write where the request really came from into its top Via; gives the address that responses go to
    (§18.2.1, §18.2.2, RFC 3581 §4)."""
    via = request.via
    wants_port = "rport" in via.params
    if wants_port or via.host != source.host:
        _rewrite(request, source, wants_port)
    by_connection = source.transport != "udp"
    port = source.port if wants_port or by_connection else via.port or 5060
    return Address(source.host, port, source.transport)


def way_back(request: Request, source: Address) -> Address:
    """The same for a request that may be broken: when its Via cannot be read, back to where the packet came from."""
    try:
        return mark_source(request, source)
    except BadMessage:
        return source


def bare_answer(request: Request, status: int) -> Response:
    """The answer to a request that may be broken: it copies what there is (§8.2.6.2). Raises KeyError without Via."""
    if all(name in request.headers for name in _COPIED):
        return request.reply(status, to_tag=secrets.token_hex(6))
    kept = {name: request.headers[name] for name in _COPIED if name == "via" or name in request.headers}
    return Response(status, REASONS.get(status, ""), kept)


_COPIED = ("via", "from", "to", "call-id", "cseq")


def _rewrite(request: Request, source: Address, wants_port: bool) -> None:
    line = request.headers["via"][0]
    first, *rest = h.pieces(line, ",") if "," in line else [line]
    kept, *params = h.pieces(first, ";")
    params = [item.strip() for item in params]
    names = [item.partition("=")[0].strip().lower() for item in params]
    told = [item for item, name in zip(params, names, strict=True) if name not in ("rport", "received")]
    told.append(f"received={source.host}")
    if wants_port:
        told.append(f"rport={source.port}")
    request.headers["via"] = [",".join([";".join([kept.rstrip(), *told]), *rest]), *request.headers["via"][1:]]
