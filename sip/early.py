"""Early dialogs of a call that we place: one for each fork that rings (RFC 3261 §12.1.2, RFC 3262 §4). Sans-IO."""

from __future__ import annotations

from sip import headers as h
from sip.dialog import Dialog
from sip.errors import BadMessage
from sip.message import Request, Response
from sip.uas import SDP, options_of


class EarlyDialog:
    """`sdp`: early media, b"" while there is none. `rseq`: the last reliable provisional answer that was taken."""

    __slots__ = ("dialog", "rseq", "sdp")

    def __init__(self, dialog: Dialog) -> None:
        self.dialog = dialog
        self.sdp = b""
        self.rseq: int | None = None

    def takes(self, rseq: int) -> bool:
        """Whether this reliable provisional answer is the next one: the first, or one more than the last (§4 ¶6)."""
        if self.rseq is not None and rseq != self.rseq + 1:
            return False
        self.rseq = rseq
        return True

    def prack(self, rseq: int, invite: int, sdp: bytes) -> Request:
        """The PRACK for it, without its Via. `invite`: the CSeq of the INVITE."""
        request = self.dialog.request("PRACK", self.dialog.next_cseq(), sdp)
        request.headers["rack"] = [f"{rseq} {invite} INVITE"]
        if sdp:
            request.headers["content-type"] = [SDP]
        return request


def rseq_of(response: Response) -> int | None:
    """The number of a reliable provisional answer; None: it is not reliable, or its number cannot be read."""
    text = response.get("rseq")
    if text is None or "100rel" not in options_of(response, "require"):
        return None
    try:
        return h.parse_number(text.strip(), "RSeq", 2**32)
    except BadMessage:
        return None
