"""An INVITE that takes the place of a call (RFC 3891), and the header that names that call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sip import headers as h
from sip.dialog import Dialog
from sip.errors import BadMessage, Refused
from sip.message import Request

if TYPE_CHECKING:
    from sip.call import Call
    from sip.core import Core
    from sip.listener import Peer


@dataclass(frozen=True, slots=True)
class Replaces:
    """A dialog as its other side names it: `to_tag` is the tag of whoever gets the INVITE (§3, §6.1)."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Replaces:
        """Raises `BadMessage`."""
        call_id, *params = (piece.strip() for piece in h.pieces(text, ";"))
        named = h.parse_params(params)
        to_tag, from_tag = named.get("to-tag"), named.get("from-tag")
        if not (call_id and to_tag and from_tag):
            raise BadMessage("Replaces does not name a dialog by Call-ID and both tags")
        return cls(call_id, to_tag, from_tag, "early-only" in named)

    @classmethod
    def of(cls, dialog: Dialog) -> Replaces:
        """What the other side of a dialog of ours is to be told."""
        return cls(dialog.call_id, dialog.remote_tag, dialog.local_tag)

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"

    def within(self, uri: str) -> str:
        """A URI that calls with this header, for Refer-To (§7.2)."""
        return f"{uri}?Replaces={quote(str(self), safe='')}"


def replaced(core: Core, peer: Peer | None, request: Request) -> Call | None:
    """The call that an INVITE is to take the place of; None: of none. Raises `Refused` (§3): 403 where the peer may
    not, 481 where there is no such call or it only rings here, 486 for one that is answered and should not be."""
    wanted = request.headers.get("replaces")
    if wanted is None:
        return None
    if peer is None or not peer.transfer:
        raise Refused(403, "this peer may not take over calls")
    if len(wanted) > 1:
        raise Refused(400, "an INVITE replaces one call")
    meant = Replaces.parse(wanted[0])
    call = core.call_of(meant.call_id, meant.to_tag, meant.from_tag)
    if call is None or not (call.is_up or call.owns_call_id):
        raise Refused(481, "there is no such call to replace")
    if meant.early_only and call.is_up:
        raise Refused(486, "the call to replace is answered")
    return call
