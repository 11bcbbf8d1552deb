"""Who calls, as the network says it: P-Asserted-Identity (RFC 3325), Privacy (RFC 3323), Diversion (RFC 5806),
verstat and Identity (RFC 8224). Pure; what comes from outside is text to show, never a right."""

from __future__ import annotations

from collections.abc import Sequence

from sip import headers as h
from sip.errors import BadMessage
from sip.message import Request
from sip.uri import Uri, is_number

_HIDES = frozenset({"id", "user", "header"})
_LONGEST_TOKEN = 2048


def _values(request: Request, name: str) -> list[str]:
    """The values of a field; none where it cannot be read."""
    try:
        return request.values(name)
    except BadMessage:
        return []


def is_withheld(request: Request) -> bool:
    """Whether the caller wants neither number nor name shown."""
    asked = {word.strip().lower() for value in _values(request, "privacy") for word in value.split(";")}
    return bool(_HIDES & asked)


def asserted(request: Request) -> list[h.NameAddr]:
    """What the trunk vouches for, at most a sip and a tel URI; what cannot be read is left out."""
    found: list[h.NameAddr] = []
    for value in _values(request, "p-asserted-identity"):
        try:
            found.append(h.parse_name_addr(value))
        except BadMessage:
            continue
    return found[:2]


def number_in(uri: str) -> str | None:
    """The telephone number of a URI, or None."""
    try:
        user = Uri.parse(uri).plain_user
    except BadMessage:
        return None
    return user if is_number(user) else None


def diverted(request: Request) -> list[str]:
    """By whom the call was sent on, the last one first, as shown text: a number, or the URI."""
    found: list[str] = []
    for value in _values(request, "diversion")[:8]:
        try:
            uri = h.uri_of(value)
        except BadMessage:
            continue
        found.append(h.shown(number_in(uri) or uri))
    return found


def verstat(request: Request) -> str:
    """What the network found of the number's right, as shown text ("TN-Validation-Passed"); "" when nothing is said."""
    for value in [*_values(request, "p-asserted-identity"), request.headers["from"][0]]:
        _, found, rest = value.partition("verstat=")
        if found:
            return h.shown(rest.partition(";")[0].partition("@")[0].partition(">")[0])
    return ""


def token(request: Request) -> str:
    """The signed Identity as shown text; nobody here has checked it."""
    return h.shown(request.get("identity") or "", _LONGEST_TOKEN)


def fields(
    *, asserted: str | None = None, name: str = "", privacy: Sequence[str] = (), diverted_by: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Header fields for `UserAgent.invite`. `asserted` and `diverted_by` are URIs, the latest diversion first;
    `privacy`: words of RFC 3323 ("id"). Raises `UnsafeField`."""
    found: list[tuple[str, str]] = []
    if asserted is not None:
        found.append(("p-asserted-identity", h.name_addr(asserted, h.display_name(name) if name else "")))
    if privacy:
        found.append(("privacy", h.safe(";".join(privacy))))
    found += [("diversion", h.name_addr(uri)) for uri in diverted_by]
    return found
