"""Digits that come by INFO (RFC 6086 leaves them to two old content types). Pure."""

from __future__ import annotations

from sip.message import Request

DIGITS = frozenset("0123456789*#ABCD")
RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"
_USUAL_MS = 160
_LONGEST_MS = 10_000


def digit_of(request: Request) -> tuple[str, int] | None:
    """The digit (0-9, *, #, A-D) and its duration in ms; None: the body is no digit that is known."""
    kind = (request.get("content-type") or "").partition(";")[0].strip().lower()
    text = request.body[:256].decode("ascii", "replace").strip()
    if kind == PLAIN:
        said, duration = text, ""
    elif kind == RELAY:
        fields = {name.strip().lower(): value.strip() for name, _, value in map(_pair, text.splitlines())}
        said, duration = fields.get("signal", ""), fields.get("duration", "")
    else:
        return None
    digit = {"10": "*", "11": "#"}.get(said, said.upper())
    if digit not in DIGITS:
        return None
    return digit, min(int(duration), _LONGEST_MS) if duration.isdigit() and len(duration) < 7 else _USUAL_MS


def _pair(line: str) -> tuple[str, str, str]:
    return line.partition("=")
