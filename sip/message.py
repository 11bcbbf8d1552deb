"""SIP messages: split and indexed at once, values read on demand (RFC 3261 §7).

A message keeps its header fields as the text that came, under canonical lower-case names, in order. What every
reader relies on is checked while parsing: one of each field that may stand once, CSeq, top Via, lengths, the quotes
of From and To. Everything else waits until somebody asks.
"""

from __future__ import annotations

from sip import headers as h
from sip.errors import BadMessage, BadVersion, UnsafeField
from sip.names import CANONICAL, REASONS, SPELLED, TOKEN

MAX_SIZE = 65_535
MAX_LINES = 512

Fields = dict[str, list[str]]


class Message:
    """What requests and responses share. `headers`: canonical lower-case name to the values, one a line. `letterhead`:
    lines of ours, each with its CRLF, that are written behind those and are safe; a field stands in one of the two."""

    __slots__ = ("_cseq", "_from_tag", "_to_tag", "_via", "body", "headers", "letterhead")

    headers: Fields
    body: bytes
    letterhead: str
    _via: h.Via | None
    _cseq: h.CSeq | None
    _from_tag: str | None
    _to_tag: str | None

    def get(self, name: str) -> str | None:
        """The first value of a field by its lower-case name, as written."""
        found = self.headers.get(name)
        return found[0] if found else None

    def values(self, name: str) -> list[str]:
        """All values of a field that is a comma-separated list."""
        found = self.headers.get(name)
        return h.values(found) if found else []

    def set(self, name: str, value: str) -> None:
        """Replace a field. Raises `UnsafeField` for CR, LF, NUL."""
        self.headers[name.lower()] = [h.safe(value)]

    def add(self, name: str, value: str) -> None:
        """Add a line of a field. Raises `UnsafeField` for CR, LF, NUL."""
        self.headers.setdefault(name.lower(), []).append(h.safe(value))

    @property
    def via(self) -> h.Via:
        """The topmost hop."""
        if self._via is None:
            line = self.headers["via"][0]
            self._via = h.parse_via(next(h.pieces(line, ",")).strip() if "," in line else line)
        return self._via

    @property
    def branch(self) -> str:
        """The topmost hop's branch, without reading the rest where its form is the usual one; "" when it has none."""
        line = self.headers["via"][0]
        at = line.find(";branch=")
        if at < 0 or self._via is not None or '"' in line or "," in line or line.lower().count("branch") > 1:
            return self.via.branch
        end = line.find(";", at + 8)
        return line[at + 8 :].strip() if end < 0 else line[at + 8 : end].strip()

    @property
    def cseq(self) -> h.CSeq:
        if self._cseq is None:
            self._cseq = h.parse_cseq(self.headers["cseq"][0])
        return self._cseq

    @property
    def call_id(self) -> str:
        return self.headers["call-id"][0]

    @property
    def from_tag(self) -> str:
        """ "" when there is none (RFC 2543)."""
        if self._from_tag is None:
            self._from_tag = h.tag_of(self.headers["from"][0]) or ""
        return self._from_tag

    @property
    def to_tag(self) -> str:
        """ "" when there is none."""
        if self._to_tag is None:
            self._to_tag = h.tag_of(self.headers["to"][0]) or ""
        return self._to_tag

    def _encode(self, start: str) -> bytes:
        lines = [start]
        try:
            lines += [SPELLED[name] + value for name, (value,) in self.headers.items()]
        except ValueError:  # a field that stands more than once, or not at all
            lines += [SPELLED[name] + value for name, values in self.headers.items() for value in values]
        if "content-length" in self.headers:  # as it was read: ours is told below
            lines = [line for line in lines if not line.startswith("Content-Length: ")]
        written = "".join(lines)
        if "\r" in written or "\n" in written or "\0" in written:
            self._refuse(start)
        head = "\r\n".join([*lines, f"{self.letterhead}Content-Length: {len(self.body)}\r\n\r\n"])
        return head.encode("utf-8", "surrogateescape") + self.body

    def _refuse(self, start: str) -> None:
        """Say no to CR and LF anywhere, and to NUL in all but fields that a response copies from the wire."""
        h.safe(start)
        for name, values in self.headers.items():
            for value in values:
                copied = isinstance(self, Response) and name in _COPIED
                h.safe(value.replace("\0", "") if copied else value)


_COPIED = ("via", "record-route", "from", "to", "call-id", "cseq")


class Request(Message):
    """A request. `method` is as written (methods are case-sensitive), `uri` the Request-URI as text."""

    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: str, headers: Fields, body: bytes = b"") -> None:  # hot
        self.headers = headers
        self.body = body
        self.letterhead = ""
        self._via = self._cseq = self._from_tag = self._to_tag = None
        self.method = method
        self.uri = uri

    def encode(self) -> bytes:
        """The bytes for the wire. Raises `UnsafeField` when any field holds CR, LF or NUL (or the URI a space)."""
        if " " in self.uri:
            raise UnsafeField("the Request-URI holds a space: it is not sent")
        return self._encode(f"{self.method} {self.uri} SIP/2.0")

    def reply(self, status: int, reason: str | None = None, to_tag: str | None = None, body: bytes = b"") -> Response:
        """A response to this request (§8.2.6): Via, From, To, Call-ID and CSeq are copied."""
        mine = self.headers
        to = mine["to"]
        if to_tag and status > 100 and (to[0].endswith(">") or not self.to_tag):  # it ends with its URI: no tag
            to = [f"{to[0]};tag={to_tag}"]
        fields: Fields = {
            "via": mine["via"],
            "from": mine["from"],
            "to": to,
            "call-id": mine["call-id"],
            "cseq": mine["cseq"],
        }
        if "record-route" in mine and status < 300:
            fields["record-route"] = mine["record-route"]
        return Response(status, REASONS.get(status, "") if reason is None else reason, fields, body)

    def stamp(self, line: str) -> None:
        """Put the Via of a request of ours in place."""
        self.headers["via"] = [line]
        self._via = None

    def prime(self, number: int, from_tag: str, to_tag: str) -> Request:
        """Tell a message of our own making what its fields say, so that they need not be read."""
        self._cseq = h.CSeq(number, self.method)
        self._from_tag = from_tag
        self._to_tag = to_tag
        return self

    def __repr__(self) -> str:
        return f"<Request {self.method}>"


class Response(Message):
    """A response."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, headers: Fields, body: bytes = b"") -> None:  # hot
        self.headers = headers
        self.body = body
        self.letterhead = ""
        self._via = self._cseq = self._from_tag = self._to_tag = None
        self.status = status
        self.reason = reason

    def encode(self) -> bytes:
        """The bytes for the wire. Raises `UnsafeField` when any field holds CR, LF or NUL."""
        start, fields = f"SIP/2.0 {self.status} {self.reason}", self.headers
        try:
            (via,), (sender,), (to,), (call_id,) = fields["via"], fields["from"], fields["to"], fields["call-id"]
            (cseq,) = fields["cseq"]
        except (KeyError, ValueError):
            return self._encode(start)
        written, more = f"{start}{via}{sender}{to}{call_id}{cseq}", ""
        for name, values in fields.items():
            if name not in _FIRST:
                for value in values:
                    written += value
                    more += f"{SPELLED[name]}{value}\r\n"
        if "\r" in written or "\n" in written or "\0" in written:
            self._refuse(start)
        head = (
            f"{start}\r\nVia: {via}\r\nFrom: {sender}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n"
            f"{more}{self.letterhead}Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode("utf-8", "surrogateescape") + self.body

    def __repr__(self) -> str:
        return f"<Response {self.status}>"


_FIRST = frozenset(("via", "from", "to", "call-id", "cseq", "content-length"))
"""Fields of a response that are written in one piece, and the one that is told at its end."""


# ---------------------------------------------------------------- reading


def parse(data: bytes) -> Request | Response:
    """Read one message from one datagram; bytes after Content-Length are ignored (§18.3).

    Raises `BadMessage` (or `BadVersion`) and nothing else. Headers that end with the datagram are read too.
    It is long because it is hot: a request in the usual form passes here, without a call; what is not known to be
    right goes on to `_read_again` and `_checked`, which judge.
    """
    head, _, body = data.rpartition(b"\r\n\r\n")  # quicker than from the front, and few bodies hold a blank line
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    written = "".join(lines)
    start = lines.pop(0)
    fields: Fields = {}
    known = CANONICAL
    try:
        for line in lines:
            name, colon, value = line.partition(":")
            fields[known[name]] = [value.strip()]
            if not colon:
                return _read_again(data, [start, *lines], body)
    except KeyError:
        return _read_again(data, [start, *lines], body)
    if not fields or len(fields) != len(lines) or "\n" in written or "\r" in written or "\0" in written:
        return _read_again(data, [start, *lines], body)
    try:
        method, uri, version = start.split(" ")
        (via,), (sender,), (to,), (call_id,) = fields["via"], fields["from"], fields["to"], fields["call-id"]
        (cseq,), (hops,), (length,) = fields["cseq"], fields["max-forwards"], fields["content-length"]
    except (KeyError, ValueError):
        return _checked(_start(start, fields, body), written)
    number, _, named = cseq.partition(" ")
    if (
        (method in _METHODS and version == "SIP/2.0" and ":" in uri and "<" not in uri and "?" not in written)
        and (sender and to and call_id)
        and ('"' not in to and ('"' not in sender or (sender.count('"') == 2 and "\\" not in sender)))
        and (named == method and number.isdigit() and len(number) < 10)
        and (hops.isdigit() and len(hops) < 10)
        and (via.startswith("SIP/2.0/UDP ") and ";;" not in via and "," not in via)
        and (length == str(len(body)) and (written.isascii() or (number + hops).isascii()))
    ):
        return Request(method, uri, fields, body)
    return _checked(_start(start, fields, body), written)


_METHODS = frozenset(("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "PRACK", "UPDATE", "INFO", "REFER", "NOTIFY"))
"""Those that `parse` need not look at; others are judged as tokens."""


def _read_again(data: bytes, lines: list[str], body: bytes) -> Request | Response:
    """The lines once more, or all of it: the head may end at an earlier blank line, or with the datagram."""
    return _read_any(data) if "" in lines else _read_lines(lines, body)


def _read_any(data: bytes) -> Request | Response:
    """The same of any message: fields that go on in the next line, stand more than once, or have other names."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        if not head.endswith(b"\r\n"):
            raise BadMessage("the header fields have no end")
        head = head[:-2]
    return _read_lines(head.decode("utf-8", "surrogateescape").split("\r\n"), body)


def _read_lines(lines: list[str], body: bytes) -> Request | Response:
    written = "".join(lines)
    if "\n" in written or "\r" in written or len(lines) > MAX_LINES:
        raise BadMessage("a line ends with a bare CR or LF, or there are too many")
    lines = _unfolded(lines)
    return _checked(_start(lines[0], _index(lines), body), written)


def _checked(message: Request | Response, written: str) -> Request | Response:
    """The message, when nothing that readers rely on is wrong. `written`: its head."""
    try:
        _check(message)
        if "\0" in written:
            h.check_nuls(message.headers)
    except BadMessage as error:
        error.message = message
        raise
    return message


def _unfolded(lines: list[str]) -> list[str]:
    """Lines that go on from the one before are put behind it (§7.3.1)."""
    return "\r\n".join(lines).replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")


def _index(lines: list[str]) -> Fields:
    """The fields by their canonical names."""
    fields: Fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        key = (CANONICAL.get(name) if colon else None) or _key(name, colon)
        fields.setdefault(key, []).append(value.strip())
    return fields


def _key(name: str, colon: str) -> str:
    name = name.rstrip(" \t")
    if not colon or not name or not TOKEN.issuperset(name):
        raise BadMessage("a header line has no name")
    key = name.lower()
    return CANONICAL.get(key, key)


def _start(line: str, fields: Fields, body: bytes) -> Request | Response:
    words = line.split(" ")
    if len(words[0]) == 7 and words[0].upper() == "SIP/2.0":
        return _status_line(line, fields, body)
    if len(words) != 3:
        raise BadMessage("the request line is not a method, a URI and a version", _partial(words, fields, body))
    method, uri, version = words
    message = Request(method, uri, fields, body)
    if version != "SIP/2.0" and version.upper() != "SIP/2.0":
        raise BadVersion("only SIP/2.0 is spoken here", message)
    if not (method.isalpha() and method.isascii()) and (not method or not TOKEN.issuperset(method)):
        raise BadMessage("the method is not a token", message)
    if ":" not in uri or "<" in uri or ("?" in uri and "?" in uri.rpartition("@")[2]):
        raise BadMessage("the Request-URI holds brackets or header fields, or no scheme", message)
    return message


def _partial(words: list[str], fields: Fields, body: bytes) -> Message | None:
    known = [word for word in words if word]
    if len(known) >= 3 and known[-1].upper() == "SIP/2.0":
        return Request(known[0], "".join(known[1:-1]), fields, body)
    return None


def _status_line(line: str, fields: Fields, body: bytes) -> Response:
    digits, _, reason = line[8:].partition(" ")
    if len(digits) != 3 or not digits.isascii() or not digits.isdigit() or not "100" <= digits <= "699":
        raise BadMessage("the status is not a number from 100 to 699")
    return Response(int(digits), reason, fields, body)


def _check(message: Request | Response) -> None:  # hot: what is usual passes without a call
    fields = message.headers
    try:
        (sender,), (to,), (call_id,), (cseq,) = fields["from"], fields["to"], fields["call-id"], fields["cseq"]
        via = fields["via"][0]
    except (KeyError, ValueError):
        raise BadMessage("From, To, Call-ID, CSeq or Via is missing or stands more than once") from None
    if not (sender and to and call_id):
        raise BadMessage("From, To or Call-ID is empty")
    number, _, method = cseq.partition(" ")
    if not (number.isdigit() and method.isalpha() and len(number) < 10 and number.isascii()):
        method = message.cseq.method
    if isinstance(message, Request) and method != message.method:
        raise BadMessage("the method of CSeq is another than the request's")
    if not via.startswith("SIP/2.0/UDP ") or ";;" in via or "," in via:
        message.via  # noqa: B018  reading it is the check
    if '"' in sender:
        h.check_quotes(sender)
    if '"' in to:
        h.check_quotes(to)
    _check_some(message, fields)


def _check_some(message: Message, fields: Fields) -> None:
    for value in fields.get("contact", ()):
        if "?" in value and "<" not in value:
            raise BadMessage("a Contact URI with ? must stand in < >")
    if "max-forwards" in fields:
        hops = fields["max-forwards"]
        if len(hops) > 1 or not h.is_small(hops[0]):
            raise BadMessage("Max-Forwards is not one small number")
    if len(fields["via"]) > 1 and isinstance(message, Response) and "255.255.255.255" in "".join(fields["via"]):
        raise BadMessage("a Via would send this to everybody")
    if "content-length" in fields:
        _check_length(message, fields["content-length"])


def _check_length(message: Message, lines: list[str]) -> None:
    if len(lines) > 1 or not h.is_small(lines[0]):
        raise BadMessage("Content-Length is not one number")
    length = int(lines[0])
    if length > len(message.body):
        raise BadMessage("the body is shorter than Content-Length")
    if length < len(message.body):
        message.body = message.body[:length]
