"""What every message of ours says of its sender: Via, Contact, who and where we are."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2s
from typing import NamedTuple

from sip import headers as h
from sip.dialog import Dialog
from sip.machine import branch_for
from sip.message import Fields, Request, Response
from sip.names import LABELS
from sip.transport import Address
from sip.uas import ALLOW, SDP, SUPPORTED

OWN_USER = "ahize"
"""The user part of our own Contact."""


class _Own(NamedTuple):
    """Where we are by one transport."""

    sent_by: str
    hop: str
    contact_uri: str
    contact: str
    lines: str


class Letterhead:
    """`host` and `ports` (transport to port, "udp" at least) are what others are told; `name`: User-Agent and Server.
    Raises `UnsafeField` when name or host hold CR, LF or NUL."""

    __slots__ = ("_name", "_own", "host")

    def __init__(self, name: str, host: str, ports: Mapping[str, int]) -> None:
        self.host = host
        self._name = h.safe(name)
        self._own: dict[str, _Own] = {}
        for transport, port in ports.items():
            uri, sent_by = h.safe(h.contact_uri(OWN_USER, host, port, transport)), h.sent_by(host, port)
            lines = f"Contact: <{uri}>\r\nAllow: {ALLOW}\r\nSupported: {SUPPORTED}\r\nServer: {name}\r\n"
            self._own[transport] = _Own(sent_by, f"SIP/2.0/{transport.upper()} {sent_by}", uri, f"<{uri}>", lines)

    @property
    def contact_uri(self) -> str:
        """Our address for who reaches us by UDP."""
        return self.contact_by("udp")

    def contact_by(self, transport: str) -> str:
        """Our address for who reaches us by this transport."""
        return self._by(transport).contact_uri

    def _by(self, transport: str) -> _Own:
        return self._own.get(transport) or self._own["udp"]

    def call_id(self) -> str:
        """A fresh Call-ID."""
        return f"{secrets.token_hex(12)}@{self.host}"

    def invite(
        self, uri: str, from_uri: str, to_uri: str, seed: tuple[str, str, int], name: str | None, sdp: bytes
    ) -> Request:
        """An INVITE outside any dialog, without its Via. `seed`: Call-ID, From tag and CSeq."""
        call_id, from_tag, cseq = seed
        fields: Fields = {
            "via": [""],
            "max-forwards": ["70"],
            "from": [f"{_sender(from_uri, name)};tag={h.safe(from_tag)}"],
            "to": [h.name_addr(to_uri)],
            "call-id": [call_id],
            "cseq": [f"{cseq} INVITE"],
        }
        request = Request("INVITE", uri, fields, sdp).prime(cseq, from_tag, "")
        self.dress(request)
        if sdp:
            fields["content-type"] = [SDP]
        return request

    def new_request(self, method: str, uri: str, to_uri: str, from_uri: str, call_id: str | None = None) -> Request:
        """A request outside any dialog, without its Via."""
        call_id = call_id or self.call_id()
        fields: Fields = {
            "via": [""],
            "max-forwards": ["70"],
            "from": [h.name_addr(from_uri, tag=tag_for(call_id))],
            "to": [h.name_addr(to_uri)],
            "call-id": [call_id],
            "cseq": [f"1 {method}"],
            "contact": [f"<{self.contact_uri}>"],
            "user-agent": [self._name],
        }
        return Request(method, uri, fields)

    def is_ours(self, response: Response) -> bool:
        """Whether a response belongs to an INVITE that this or an earlier process sent from here."""
        via = response.via
        return response.from_tag == tag_for(response.call_id) and via.sent_by == self._by(via.transport.lower()).sent_by

    def stamp(self, request: Request, to: Address) -> str:
        """Give a request its Via, whose branch follows from Call-ID, tags and CSeq, and the Contact that goes with
        the transport. The branch is given."""
        tags = f"{request.from_tag}{request.to_tag}"
        branch = branch_for(request.call_id, tags, request.cseq.number, request.method)
        request.stamp(self.via(branch, to.transport))
        if "contact" in request.headers:
            request.headers["contact"] = [self._by(to.transport).contact]
        return branch

    def via(self, branch: str, transport: str) -> str:
        """The Via of a request that goes by this transport."""
        own = self._own.get(transport)
        hop = own.hop if own is not None else f"SIP/2.0/{transport.upper()} {self._by(transport).sent_by}"
        return f"{hop};rport;branch={branch}"

    def dress(self, message: Request | Response) -> None:
        """Add who we are, where we are and what we understand: to a response as text, which nobody changes."""
        if isinstance(message, Response):
            by_udp = message.headers["via"][0].startswith("SIP/2.0/UDP ")
            message.letterhead = self._by("udp" if by_udp else message.via.transport.lower()).lines
            return
        message.headers["contact"] = [self._own["udp"].contact]
        message.headers["allow"] = [ALLOW]
        message.headers["supported"] = [SUPPORTED]
        message.headers["user-agent"] = [self._name]

    def sign(self, response: Response) -> None:
        """Add who answers, nothing more."""
        response.headers["server"] = [self._name]

    def ack(self, dialog: Dialog, cseq: int, invite: Request | None = None, sdp: bytes = b"") -> bytes:
        """The ACK of a 2xx, with the INVITE's credentials (§13.2.2.4). `sdp`: the answer to an offer in it."""
        more = f"Content-Type: {SDP}\r\n" if sdp else ""
        if invite is not None:
            for name in ("authorization", "proxy-authorization"):
                if name in invite.headers:
                    more = f"{LABELS[name]}{invite.headers[name][0]}\r\n{more}"
        return dialog.written("ACK", cseq, self.via_inside(dialog, cseq, "ACK")[0], more, sdp)

    def via_inside(self, dialog: Dialog, cseq: int, method: str) -> tuple[str, str]:
        """The Via of a request inside a dialog, and its branch."""
        branch = branch_for(dialog.call_id, dialog.local_tag + dialog.remote_tag, cseq, method)
        return self.via(branch, dialog.next_hop().transport), branch


@lru_cache(256)
def _sender(uri: str, name: str | None) -> str:
    """From without its tag: a campaign calls under the same few."""
    return h.name_addr(uri, h.display_name(name) if name else "")


def tag_for(call_id: str) -> str:
    """The From tag that goes with a Call-ID of ours: so a stray answer is known to be ours after a restart."""
    return blake2s(call_id.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
