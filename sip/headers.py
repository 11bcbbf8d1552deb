"""Typed values of header fields, read on demand, and builders that refuse what is not safe on the wire."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sip.errors import BadMessage, UnsafeField
from sip.uri import Uri, split_host_port

Params = dict[str, str | None]


class Via(NamedTuple):
    """One hop (RFC 3261 §20.42). `port` None: not written."""

    transport: str
    host: str
    port: int | None
    params: Params

    @property
    def branch(self) -> str:
        return self.params.get("branch") or ""

    @property
    def sent_by(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A name, a URI and parameters: From, To, Contact, Route (§20.10). `uri` is as written."""

    uri: str
    name: str
    params: Params

    @property
    def tag(self) -> str | None:
        return self.params.get("tag")


def quote_end(text: str, start: int) -> int:
    """The index of the quote that closes the one at `start` (§25.1 quoted-string). Raises `BadMessage`."""
    at = start + 1
    while True:
        close = text.find('"', at)
        if close < 0:
            raise BadMessage("a quoted string has no end")
        escape = text.find("\\", at, close)
        if escape < 0:
            return close
        at = escape + 2


def pieces(text: str, separator: str) -> Iterator[str]:
    """Split at a separator outside quotes and angle brackets."""
    if '"' not in text and "<" not in text:
        yield from text.split(separator)
        return
    start = at = 0
    while at < len(text):
        mark = text[at]
        if mark == '"':
            at = quote_end(text, at)
        elif mark == "<":
            at = text.find(">", at)
            if at < 0:
                raise BadMessage("an address has no >")
        elif mark == separator:
            yield text[start:at]
            start = at + 1
        at += 1
    yield text[start:]


def values(lines: list[str]) -> list[str]:
    """All values of a header field that may hold a comma-separated list, in order."""
    if len(lines) == 1 and "," not in lines[0]:
        return [lines[0]] if lines[0] else []
    return [value for line in lines for piece in pieces(line, ",") if (value := piece.strip())]


def parse_params(items: list[str]) -> Params:
    """`;name=value` pieces to a dictionary with lower-case names; quotes stay on values. Raises `BadMessage`."""
    found: Params = {}
    for item in items:
        name, equals, value = item.partition("=")
        name = name.strip().lower()
        if not name or "," in name:
            raise BadMessage("a header parameter has no name")
        found.setdefault(name, value.strip() if equals else None)
    return found


def parse_via(text: str) -> Via:
    """One Via value. Raises `BadMessage`; also for a version other than SIP/2.0."""
    if text.startswith("SIP/2.0/UDP "):
        transport, rest = "UDP", text[12:]
    else:
        transport, rest = _protocol(text)
    sent_by, *params = rest.split(";") if '"' not in rest else pieces(rest, ";")
    host, port = split_host_port(sent_by.strip())
    return Via(transport, host, port, parse_params(params))


def _protocol(text: str) -> tuple[str, str]:
    name, _, rest = text.partition("/")
    version, _, rest = rest.partition("/")
    if name.strip().upper() != "SIP" or version.strip() != "2.0":
        raise BadMessage("a Via is not of SIP/2.0")
    words = rest.split(None, 1)
    if len(words) != 2:
        raise BadMessage("a Via has no sent-by")
    return words[0].upper(), words[1]


def parse_name_addr(text: str) -> NameAddr:
    """`"name" <uri>;params`, `name <uri>`, or `uri;params` (§20: parameters belong to the header then)."""
    name, text = _display_name(text.strip())
    if text.startswith("<"):
        uri, bracket, rest = text[1:].partition(">")
        if not bracket:
            raise BadMessage("an address has no >")
    else:
        uri, _, rest = text.partition(";")
        rest = ";" + rest if rest else ""
        if "?" in uri or "," in uri:
            raise BadMessage("a URI with ? or , must stand in < >")
    rest = rest.strip()
    if rest and not rest.startswith(";"):
        raise BadMessage("an address is followed by something that is no parameter")
    return NameAddr(uri.strip(), name, parse_params(list(pieces(rest[1:], ";")) if rest else []))


def _display_name(text: str) -> tuple[str, str]:
    if text.startswith('"'):
        end = quote_end(text, 0)
        return unquote_string(text[: end + 1]), text[end + 1 :].lstrip()
    bracket = text.find("<")
    if bracket > 0:
        return text[:bracket].strip(), text[bracket:]
    return "", text


def unquote_string(text: str) -> str:
    """A quoted string without its quotes and escapes; anything else as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    parts = iter(inner)
    return "".join(next(parts, "") if mark == "\\" else mark for mark in parts)


def tag_of(text: str) -> str | None:
    """The tag of a From or To value, without parsing the rest where its form is the usual one."""
    if text.endswith(">") and '"' not in text:
        return None
    at = text.rfind(">;tag=")
    if at >= 0 and '"' not in (tag := text[at + 6 :]) and ";" not in tag and ">" not in tag:
        return tag.strip()
    at = text.rfind(">")
    found = text.find(";tag=", max(at, 0))
    if found >= 0 and '"' not in text[at:] and (at >= 0 or '"' not in text):
        end = text.find(";", found + 5)
        return text[found + 5 :].strip() if end < 0 else text[found + 5 : end].strip()
    if at >= 0 and ";" not in text[at:]:
        return None
    return parse_name_addr(text).tag


def uri_of(text: str) -> str:
    """The URI of a From, To, Contact or Route value, as written."""
    start = text.rfind("<")
    if start >= 0 and '"' not in text[start:]:
        end = text.find(">", start)
        if end > 0:
            return text[start + 1 : end].strip()
    return parse_name_addr(text).uri


class CSeq(NamedTuple):
    number: int
    method: str


def parse_cseq(text: str) -> CSeq:
    """Raises `BadMessage` for a number of 2^31 or more (§8.1.1.5)."""
    words = text.split()
    if len(words) != 2:
        raise BadMessage("CSeq is not a number and a method")
    return CSeq(parse_number(words[0], "CSeq"), words[1])


def parse_number(text: str, what: str, limit: int = 2**31) -> int:
    """A decimal number below `limit`."""
    number = int(text) if text.isdigit() and text.isascii() and len(text) <= 24 else limit
    if number >= limit:
        raise BadMessage(f"{what} is not a number below {limit}")
    return number


def seconds_of(text: str | None) -> float | None:
    """A field that begins with seconds (Retry-After, Min-Expires, Expires), or None when it does not."""
    try:
        return float(parse_number((text or "").partition(";")[0].partition("(")[0].strip(), "seconds"))
    except BadMessage:
        return None


def parse_auth(text: str) -> tuple[str, dict[str, str]]:
    """Scheme (lower case) and parameters of a challenge or of credentials (RFC 7235 §2.1)."""
    scheme, _, rest = text.strip().partition(" ")
    found: dict[str, str] = {}
    for piece in pieces(rest, ","):
        name, equals, value = piece.partition("=")
        if equals and name.strip():
            found.setdefault(name.strip().lower(), unquote_string(value.strip()))
    return scheme.lower(), found


def check_nuls(fields: dict[str, list[str]]) -> None:
    """NUL may stand, escaped, in the names of From and To (RFC 4475 §3.1.1.2), and in nothing that we repeat."""
    for name in ("from", "to"):
        address = parse_name_addr(fields[name][0])
        if "\0" in "".join([address.uri, *address.params, *(value or "" for value in address.params.values())]):
            raise BadMessage("From or To holds NUL outside its name")
    if any("\0" in value for name in ("call-id", "cseq", "via") for value in fields[name]):
        raise BadMessage("Call-ID, CSeq or Via holds NUL")


def is_small(text: str) -> bool:
    """Whether this is a number of at most nine ASCII digits."""
    return text.isdigit() and len(text) < 10 and text.isascii()


def check_quotes(text: str) -> None:
    """Raises `BadMessage` for an address whose quotes do not match."""
    if "\\" in text or text.count('"') % 2:
        parse_name_addr(text)


# ---------------------------------------------------------------- what we write


def safe(value: str) -> str:
    """The value itself, or `UnsafeField` when it holds CR, LF or NUL."""
    if "\r" in value or "\n" in value or "\0" in value:
        raise UnsafeField("a SIP field holds CR, LF or NUL: it is not sent")
    return value


_NAME_MARKS = frozenset(" .,-'&()/+")


def display_name(text: str, limit: int = 64) -> str:
    """A quoted display name of letters, digits and a few marks; all else is dropped. "" when nothing is left.

    Raises `UnsafeField` for CR, LF and NUL: a name that holds them is an attack or a broken list, not a name.
    """
    kept = [mark for mark in safe(text)[: 4 * limit] if mark in _NAME_MARKS or unicodedata.category(mark)[0] in "LMN"]
    name = " ".join("".join(kept).split())[:limit]
    return f'"{name}"' if name else ""


def name_addr(uri: str, name: str = "", tag: str | None = None) -> str:
    """`"name" <uri>;tag=…`, refusing what would end the brackets or the line."""
    if ">" in uri or "<" in uri or '"' in uri or " " in uri:
        raise UnsafeField("a URI holds a bracket, a quote or a space: it is not sent")
    return f"{name + ' ' if name else ''}<{safe(uri)}>{';tag=' + safe(tag) if tag else ''}"


def shown(text: str, limit: int = 64) -> str:
    """Text from outside for people to read: controls and bidirectional marks are made visible, never obeyed."""
    return "".join(_visible(mark) for mark in text[:limit])[: 2 * limit]


def _visible(mark: str) -> str:
    if unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return f"‹U+{ord(mark):04X}›"
    return mark


def quoted(text: str) -> str:
    """A quoted string with its escapes (§25.1)."""
    escaped = safe(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def sent_by(host: str, port: int) -> str:
    """Host and port for Via and Contact; IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def contact_uri(user: str, host: str, port: int, transport: str = "udp") -> str:
    """Our own address for a Contact; the transport is named where it is another than UDP (RFC 3261 §19.1.1)."""
    return str(Uri("sip", host, user or None, port=port, params={} if transport == "udp" else {"transport": transport}))
