"""Dialogs (RFC 3261 §12). Sans-IO."""

from __future__ import annotations

from sip import headers as h
from sip.errors import BadMessage
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
        "_hop",
        "call_id",
        "fallback",
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
    def key(self) -> DialogKey:
        return self.call_id, self.local_tag, self.remote_tag

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
        self._hop = None

    def next_cseq(self) -> int:
        self.local_cseq += 1
        return self.local_cseq

    def request(self, method: str, cseq: int, body: bytes = b"") -> Request:
        """A request inside the dialog, without its Via (§12.2.1.1, strict routing too)."""
        uri, routes = self._route()
        fields: Fields = {"via": [""], "max-forwards": ["70"]}
        if routes:
            fields["route"] = routes
        fields["from"] = [f"{self.local};tag={self.local_tag}"]
        fields["to"] = [f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote]
        fields["call-id"] = [self.call_id]
        fields["cseq"] = [f"{cseq} {method}"]
        return Request(method, uri, fields, body).prime(cseq, self.local_tag, self.remote_tag)

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
        try:
            uri = Uri.parse(h.uri_of(self.route_set[0]) if self.route_set else self.remote_target)
        except BadMessage:
            return self.fallback
        if uri.address is None:
            return self.fallback
        transport = _transport_of(uri, self.fallback.transport)
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
    contact = contact_of(message)
    routes = message.values("record-route")
    for uri in [*([contact] if contact is not None else []), *(h.uri_of(route) for route in routes)]:
        Uri.parse(uri)
        if " " in uri or "<" in uri:
            raise BadMessage("a Contact or Record-Route holds a character that no URI may have")
    if any("\0" in text for text in [contact or "", *routes]):
        raise BadMessage("a Contact or Record-Route holds NUL")
    return contact, routes


def without_tag(value: str) -> str:
    """A From or To value without its tag, all else as it came; a name with NUL is left out."""
    if "\0" in value:
        return f"<{h.uri_of(value)}>"
    at = value.rfind(">;tag=")
    if at >= 0 and not any(mark in value[at + 1 :] for mark in ('"', ">")) and value.count(";", at) == 1:
        return value[: at + 1]
    if h.tag_of(value) is None:
        return value
    first, *params = h.pieces(value, ";")
    kept = [param for param in params if param.partition("=")[0].strip().lower() != "tag"]
    return ";".join([first.strip(), *kept])


def contact_of(message: Request | Response) -> str | None:
    """The URI of the first Contact."""
    found = message.get("contact")
    if not found:
        return None
    return h.uri_of(next(h.pieces(found, ","))) if "," in found else h.uri_of(found)
