"""Dialogs (RFC 3261 §12). Sans-IO."""

from __future__ import annotations

from functools import lru_cache

from sip import headers as h
from sip.errors import BadMessage, UnsafeField
from sip.machine import COOKIE
from sip.message import Fields, Request, Response
from sip.transport import Address
from sip.uri import Uri

DialogKey = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""


class Dialog:
    """Peer-to-peer state between two agents. URIs are text as on the wire; `local` and `remote` are whole From and
    To values without tags. `fallback`: where to send when the next hop is a name."""

    __slots__ = (
        "_head",
        "_hop",
        "call_id",
        "fallback",
        "key",
        "local",
        "local_cseq",
        "local_tag",
        "remote",
        "remote_cseq",
        "remote_tag",
        "remote_target",
        "route_set",
    )

    def __init__(
        self,
        *,
        call_id: str,
        local_tag: str,
        remote_tag: str,
        local: str,
        remote: str,
        remote_target: str,
        route_set: tuple[str, ...],
        local_cseq: int,
        remote_cseq: int | None,
        fallback: Address,
    ) -> None:
        self.key: DialogKey = (call_id, local_tag, remote_tag)
        self.call_id = call_id
        self.local_tag = local_tag
        self.remote_tag = remote_tag
        self.local = local
        self.remote = remote
        self.remote_target = remote_target
        self.route_set = route_set
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.fallback = fallback
        self._hop: Address | None = None
        self._head: tuple[str, str] | None = None

    @classmethod
    def of_response(cls, response: Response, fallback: Address, target: str | None = None) -> Dialog:
        """The caller's side (§12.1.2). `target`: the Request-URI, for an answer whose Contact cannot be read."""
        contact, routes = _reach(response)
        return cls(
            call_id=response.call_id,
            local_tag=response.from_tag,
            remote_tag=response.to_tag,
            local=without_tag(response.headers["from"][0]),
            remote=without_tag(response.headers["to"][0]),
            remote_target=contact or target or h.uri_of(response.headers["to"][0]),
            route_set=tuple(reversed(routes)),
            local_cseq=response.cseq.number,
            remote_cseq=None,
            fallback=fallback,
        )

    @classmethod
    def of_answer(cls, invite: Request, response: Response, fallback: Address) -> Dialog:
        """The same, by who has the INVITE that was sent at hand."""
        dialog = cls(
            call_id=invite.call_id,
            local_tag=invite.from_tag,
            remote_tag=response.to_tag,
            local=without_tag(invite.headers["from"][0]),
            remote=without_tag(response.headers["to"][0]),
            remote_target="",
            route_set=(),
            local_cseq=invite.cseq.number,
            remote_cseq=None,
            fallback=fallback,
        )
        dialog.reach(response, invite.uri)
        return dialog

    def reach(self, response: Response, target: str) -> None:
        """Take the target and the routes of a later answer to the INVITE that began it (§13.2.2.4); `target`: the
        Request-URI, for an answer without a Contact."""
        contact, routes = _reach(response)
        self.remote_target = contact or target
        self.route_set = tuple(reversed(routes))
        self._hop = self._head = None

    @classmethod
    def of_request(cls, request: Request, local_tag: str, fallback: Address) -> Dialog:
        """The called side (§12.1.1). Raises `BadMessage` when the INVITE has no Contact or Record-Route to go by."""
        target, routes = _targets(request)
        if target is None and not request.via.branch.startswith(COOKIE):
            target = h.uri_of(request.headers["from"][0])  # RFC 2543 §6.13: such a caller is reached by its From
        if target is None:
            raise BadMessage("an INVITE has no Contact", request)
        return cls(
            call_id=request.call_id,
            local_tag=local_tag,
            remote_tag=request.from_tag,
            local=without_tag(request.headers["to"][0]),
            remote=without_tag(request.headers["from"][0]),
            remote_target=target,
            route_set=tuple(routes),
            local_cseq=0,
            remote_cseq=request.cseq.number,
            fallback=fallback,
        )

    @property
    def local_uri(self) -> str:
        return h.uri_of(self.local)

    @property
    def remote_uri(self) -> str:
        return h.uri_of(self.remote)

    def follows(self, request: Request) -> bool:
        """Take the CSeq of a request inside the dialog; False: it is out of order (§12.2.2, answer 500)."""
        number = request.cseq.number
        if self.remote_cseq is not None and number < self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def retarget(self, message: Request | Response) -> None:
        """A target refresh: the Contact of a re-INVITE or of its answer (§12.2). Raises `BadMessage`."""
        self.remote_target = _targets(message)[0] or self.remote_target
        self._hop = self._head = None

    def next_cseq(self) -> int:
        self.local_cseq += 1
        return self.local_cseq

    def request(self, method: str, cseq: int, body: bytes = b"") -> Request:
        """A request inside the dialog, without its Via (§12.2.1.1, strict routing too)."""
        uri, routes = self._route()
        fields: Fields = {"via": [""], "max-forwards": ["70"]}
        if routes:
            fields["route"] = routes
        sender, to = self._ends()
        fields["from"] = [sender]
        fields["to"] = [to]
        fields["call-id"] = [self.call_id]
        fields["cseq"] = [f"{cseq} {method}"]
        return Request(method, uri, fields, body).prime(cseq, self.local_tag, self.remote_tag)

    def written(self, method: str, cseq: int, via: str, more: str = "", body: bytes = b"") -> bytes:
        """The bytes of a request inside the dialog. `via`: the value of its Via; `more`: further lines, whole. Raises
        `UnsafeField` as `Request.encode` does."""
        uri, head = self._head or self._write()
        start = f"{method} {uri} SIP/2.0\r\nVia: {via}\r\n{head}CSeq: {cseq} {method}\r\n"
        return f"{start}{more}Content-Length: {len(body)}\r\n\r\n".encode("utf-8", "surrogateescape") + body

    def _write(self) -> tuple[str, str]:
        """What all requests of the dialog share: the Request-URI, and the lines between Via and CSeq."""
        uri, routes = self._route()
        sender, to = self._ends()
        route = "".join([f"Route: {one}\r\n" for one in routes]) if routes else ""
        head = f"Max-Forwards: 70\r\n{route}From: {sender}\r\nTo: {to}\r\nCall-ID: {self.call_id}\r\n"
        ends = 4 + len(routes)
        if head.count("\r") != ends or head.count("\n") != ends or "\0" in head or " " in h.safe(uri):
            raise UnsafeField("a field of a dialog holds CR, LF or NUL, or its target a space: nothing is sent")
        self._head = uri, head
        return self._head

    def _ends(self) -> tuple[str, str]:
        """From and To of what we send."""
        to = f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote
        return f"{self.local};tag={self.local_tag}", to

    def _route(self) -> tuple[str, list[str]]:
        if not self.route_set:
            return self.remote_target, []
        first = h.uri_of(self.route_set[0])
        if Uri.parse(first).is_loose:
            return self.remote_target, list(self.route_set)
        return first, [*self.route_set[1:], f"<{self.remote_target}>"]

    def next_hop(self) -> Address:
        """Where a request of this dialog goes: first route or target; `fallback` when that is a name (§8.1.2)."""
        if self._hop is None:
            self._hop = self._find_hop()
        return self._hop

    def _find_hop(self) -> Address:
        uri = h.uri_of(self.route_set[0]) if self.route_set else self.remote_target
        usual = self.fallback.transport
        return (_usual_hop(uri, usual) if len(uri) < _LONG else _hop_by(uri, usual)) or self.fallback


def _hop_by(text: str, usual: str) -> Address | None:
    """None: the host is a name, or this is no URI."""
    try:
        uri = Uri.parse(text)
    except BadMessage:
        return None
    if uri.address is None:
        return None
    transport = _transport_of(uri, usual)
    return Address(uri.host, uri.port or (5061 if transport == "tls" else 5060), transport)


def _transport_of(uri: Uri, usual: str) -> str:
    """The transport that a URI names (RFC 3263 §4.1); what began under TLS stays so."""
    named = (uri.params.get("transport") or "").lower()
    return named if usual != "tls" and named in ("udp", "tcp", "tls") else usual


def _reach(response: Response) -> tuple[str | None, list[str]]:
    """Contact and routes of an answer; where they cannot be read the call goes on by the address it was sent to."""
    try:
        return _targets(response)
    except BadMessage:
        return None, []


def _targets(message: Request | Response) -> tuple[str | None, list[str]]:
    """Contact and Record-Route, each proved to be a URI that we can send again. Raises `BadMessage`."""
    routes = message.values("record-route")
    for route in routes:
        _prove(h.uri_of(route), route)
    return contact_of(message), routes


def contact_of(message: Request | Response) -> str | None:
    """The URI of the first Contact. Raises `BadMessage`."""
    found = message.get("contact")
    if not found:
        return None
    return _usual_contact(found) if len(found) < _LONG else _contact(found)


def _prove(uri: str, written: str) -> None:
    Uri.parse(uri)
    if " " in uri or "<" in uri:
        raise BadMessage("a Contact or Record-Route holds a character that no URI may have")
    if "\0" in written:
        raise BadMessage("a Contact or Record-Route holds NUL")


def _contact(value: str) -> str:
    """The first URI of a Contact, proved."""
    uri = h.uri_of(next(h.pieces(value, ","))) if "," in value else h.uri_of(value)
    _prove(uri, uri)
    return uri


_LONG = 128
_usual_contact = lru_cache(1024)(_contact)
_usual_hop = lru_cache(1024)(_hop_by)
"""As for URIs: a trunk says the same few."""


def without_tag(value: str) -> str:
    """A From or To value without its tag, all else as it came; a name with NUL is left out."""
    if "\0" in value:
        return f"<{h.uri_of(value)}>"
    at = value.rfind(">;tag=")
    if at >= 0 and not ('"' in (rest := value[at + 6 :]) or ">" in rest or ";" in rest):
        return value[: at + 1]
    if h.tag_of(value) is None:
        return value
    first, *params = h.pieces(value, ";")
    kept = [param for param in params if param.partition("=")[0].strip().lower() != "tag"]
    return ";".join([first.strip(), *kept])
