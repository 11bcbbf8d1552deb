"""SIP and tel URIs (RFC 3261 §19.1, RFC 3966)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import unquote

from sip.errors import BadMessage, BadNumber

_SCHEME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Uri:
    """A parsed URI. `user` and parameters are as written (escaped); `host` is lower case, IPv6 without brackets."""

    scheme: str
    host: str
    user: str | None = None
    password: str | None = None
    port: int | None = None
    params: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    headers: str = ""

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Raises `BadMessage` for what is no URI. Schemes other than sip, sips keep all they hold in `user`."""
        return _usual(text) if len(text) < _LONG else _read(text)

    @property
    def plain_user(self) -> str:
        """The user part with its escapes resolved; a telephone number without the parameters it may carry."""
        user = unquote(self.user or "", errors="replace")
        return user.partition(";")[0] if user[:1] in "+0123456789" else user

    @property
    def is_loose(self) -> bool:
        """Whether this is the address of a loose router (§19.1.1 `lr`)."""
        return "lr" in self.params

    @property
    def address(self) -> tuple[str, int] | None:
        """IP address and port to send to, or None when the host is a name. `maddr` is not followed."""
        if not is_ip(self.host):
            return None
        return self.host, self.port or (5061 if self.scheme == "sips" else 5060)

    def __str__(self) -> str:
        if self.scheme not in ("sip", "sips"):
            return f"{self.scheme}:{self.user}"
        user = "" if self.user is None else self.user + ("" if self.password is None else f":{self.password}") + "@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        params = "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.params.items())
        return f"{self.scheme}:{user}{host}{port}{params}{'?' + self.headers if self.headers else ''}"


def _read(text: str) -> Uri:
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or not scheme or not rest or not _SCHEME.issuperset(scheme):
        raise BadMessage("a URI has no scheme")
    if scheme not in ("sip", "sips"):
        return Uri(scheme, "", user=rest)
    return _parse_sip(scheme, rest)


_LONG = 128
_usual = lru_cache(1024)(_read)
"""A trunk says the same few addresses in all its messages; long ones are not kept, so that nobody fills the memory."""


def _parse_sip(scheme: str, rest: str) -> Uri:
    userinfo, at, hostpart = rest.rpartition("@")
    if "@" in userinfo:
        raise BadMessage("a URI has two @")
    hostport, question, headers = hostpart.partition("?")
    hostport, *params = hostport.split(";")
    host, port = split_host_port(hostport)
    if at and not userinfo:
        raise BadMessage("a URI has an empty user")
    user, colon, password = userinfo.partition(":")
    return Uri(
        scheme,
        host,
        user if at else None,
        password if colon else None,
        port,
        _params(params),
        headers if question else "",
    )


def _params(items: list[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not name:
            raise BadMessage("a URI has an empty parameter")
        found.setdefault(name.lower(), value if equals else None)
    return found


def split_host_port(text: str) -> tuple[str, int | None]:
    """ "host", "host:5060", "[::1]:5060" to (host, port or None). Raises `BadMessage`."""
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or not is_ip(host) or (rest and rest[0] != ":"):
            raise BadMessage("an address in brackets is not IPv6")
        port = rest[1:]
    else:
        host, _, port = text.partition(":")
    host, port = host.strip(), port.strip()
    if not host or " " in host or "<" in host:
        raise BadMessage("a host is missing or holds a space")
    if not port:
        return host.lower(), None
    if not (port.isdigit() and port.isascii()) or len(port) > 5 or int(port) > 65535:
        raise BadMessage("a port is not a number up to 65535")
    return host.lower(), int(port)


@lru_cache(1024)
def is_ip(host: str) -> bool:
    """Whether the host is an address, not a name."""
    if host[:1] not in "0123456789" and ":" not in host:
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_number(text: str) -> bool:
    """An optional + and 3 to 15 ASCII digits: all that is ever dialed."""
    digits = text.removeprefix("+")
    return 3 <= len(digits) <= 15 and _DIGITS.issuperset(digits)


def for_number(number: str, domain: str) -> str:
    """The SIP URI of a number at a trunk. Raises `BadNumber` for anything but an optional + and 3 to 15 digits."""
    if not is_number(number):
        raise BadNumber("a number to dial is an optional + and 3 to 15 digits: correct it in the list")
    return f"sip:{number}@{domain}"
