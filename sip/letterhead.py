"""What every message of ours says of its sender: Via, Contact, who and where we are."""

from __future__ import annotations

import secrets
from hashlib import blake2s

from sip import headers as h
from sip.dialog import Dialog
from sip.machine import branch_for
from sip.message import Fields, Request, Response
from sip.transport import Address
from sip.uas import ALLOW, SDP, SUPPORTED

OWN_USER = "ahize"
"""The user part of our own Contact."""


class Letterhead:
    """`host`, `port`: what others are told; `name`: User-Agent and Server. Raises `UnsafeField` for a name that holds
    CR, LF or NUL."""

    __slots__ = ("_contact", "_name", "_port", "_sent_by", "contact_uri", "host")

    def __init__(self, name: str, host: str, port: int) -> None:
        self.host = host
        self._port = port
        self.contact_uri = h.contact_uri(OWN_USER, host, port)
        self._name = h.safe(name)
        self._sent_by = h.sent_by(host, port)
        self._contact = f"<{self.contact_uri}>"

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
            "from": [h.name_addr(from_uri, h.display_name(name) if name else "", from_tag)],
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
            "contact": [self._contact],
            "user-agent": [self._name],
        }
        return Request(method, uri, fields)

    def is_ours(self, response: Response) -> bool:
        """Whether a response belongs to an INVITE that this or an earlier process sent from here."""
        return response.from_tag == tag_for(response.call_id) and response.via.sent_by == self._sent_by

    def stamp(self, request: Request, to: Address) -> None:
        """Give a request its Via, whose branch follows from Call-ID, tags and CSeq."""
        tags = f"{request.from_tag}{request.to_tag}"
        branch = branch_for(request.call_id, tags, request.cseq.number, request.method)
        transport = to.transport.upper()
        line = f"SIP/2.0/{transport} {self._sent_by};rport;branch={branch}"
        request.stamp(line, h.Via(transport, self.host, self._port, {"rport": None, "branch": branch}))

    def dress(self, message: Request | Response) -> None:
        """Add who we are, where we are and what we understand."""
        message.headers["contact"] = [self._contact]
        message.headers["allow"] = [ALLOW]
        message.headers["supported"] = [SUPPORTED]
        message.headers["user-agent" if isinstance(message, Request) else "server"] = [self._name]

    def sign(self, response: Response) -> None:
        """Add who answers, nothing more."""
        response.headers["server"] = [self._name]

    def ack(self, dialog: Dialog, cseq: int, invite: Request | None = None) -> Request:
        """The ACK of a 2xx, with the INVITE's credentials (§13.2.2.4)."""
        request = dialog.request("ACK", cseq)
        for name in ("authorization", "proxy-authorization"):
            if invite is not None and name in invite.headers:
                request.headers[name] = invite.headers[name]
        self.stamp(request, dialog.next_hop())
        return request


def tag_for(call_id: str) -> str:
    """The From tag that goes with a Call-ID of ours: so a stray answer is known to be ours after a restart."""
    return blake2s(call_id.encode("utf-8", "surrogateescape"), digest_size=6).hexdigest()
