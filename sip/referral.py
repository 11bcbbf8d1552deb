"""Transfers (RFC 3515, RFC 5589): the REFER that we send, the one that we get, and the NOTIFYs that tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from sip import headers as h
from sip.errors import BadMessage, WrongState
from sip.machine import Transaction
from sip.message import Request, Response
from sip.names import REASONS
from sip.replaces import Replaces
from sip.uri import Uri

if TYPE_CHECKING:
    from sip.call import Call

SIPFRAG = "message/sipfrag;version=2.0"


class Referral:
    """A transfer that we asked for. `status`: the last that the other side told of its new call, 0: nothing yet."""

    __slots__ = ("_call", "is_over", "status", "target")

    def __init__(self, call: Call, target: str) -> None:
        self.target = target
        self.status = 0
        self.is_over = False
        self._call = call
        self._send()

    def _send(self) -> None:
        call, dialog = self._call, self._call.dialog
        assert dialog is not None
        request = dialog.request("REFER", dialog.next_cseq())
        call.agent.letterhead.dress(request)
        request.add("refer-to", h.name_addr(self.target))
        request.add("referred-by", h.name_addr(dialog.local_uri))
        call.agent.send(request, dialog.next_hop(), call.credentials, self._answered, number=dialog.next_cseq)

    def _answered(self, status: int, response: Response | None) -> None:
        """2xx: NOTIFYs follow, unless it says that none will (RFC 4488 §4)."""
        silent = response is not None and (response.get("refer-sub") or "").strip().lower() == "false"
        if status >= 300 or silent:
            self._tell(status, last=True)

    def on_notify(self, request: Request) -> None:
        """How the other side's new call stands (RFC 3515 §2.4.4, §2.4.5)."""
        words = request.body.split(b"\n", 1)[0].decode("ascii", "replace").split()
        known = len(words) > 1 and words[0].upper() == "SIP/2.0" and words[1].isascii() and words[1].isdigit()
        ended = (request.get("subscription-state") or "").strip().lower().startswith("terminated")
        self._tell(int(words[1]) if known else self.status, last=ended or (known and int(words[1]) >= 200))

    def _tell(self, status: int, *, last: bool) -> None:
        if self.is_over:
            return
        self.status, self.is_over = status, last
        self._call.agent.tell(self._call.agent.listener.on_transfer, self._call, status, last)


class TransferRequest:
    """Somebody with the permission asks us to call somebody else. `target`: whom, a URI without headers; `replaces`:
    whose call there is to be taken over; `referred_by`: by whom, as shown text. `accept` or `refuse` it, once."""

    __slots__ = (
        "_answered",
        "_call",
        "_event_id",
        "_transaction",
        "_wants_notify",
        "referred_by",
        "replaces",
        "target",
    )

    def __init__(self, call: Call, transaction: Transaction, request: Request) -> None:
        self.target, self.replaces = _refer_to(request)
        self.referred_by = h.shown(request.get("referred-by") or "", 256)
        self._call = call
        self._transaction = transaction
        self._event_id = request.cseq.number
        self._wants_notify = (request.get("refer-sub") or "").strip().lower() != "false"
        self._answered = False

    def accept(self) -> None:
        """202, and a first NOTIFY: 100 Trying. Raises `WrongState` after an answer."""
        self._answer()
        if self._wants_notify:
            self._call.agent.reply(self._transaction, 202)
            self.tell(100)
        else:
            self._call.agent.reply(self._transaction, 200, headers=[("refer-sub", "false")])

    def refuse(self, status: int = 603) -> None:
        """Raises `WrongState` after an answer."""
        self._answer()
        self._call.agent.reply(self._transaction, status)

    def _answer(self) -> None:
        if self._answered:
            raise WrongState("a request for a transfer is answered once")
        self._answered = True

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered it yet."""
        return not self._answered

    def tell(self, status: int) -> None:
        """How the new call stands; a final status ends the subscription (§2.4.7). Nothing is sent when the call is
        over or nobody wants to know."""
        dialog = self._call.dialog
        if dialog is None or not self._call.is_up or not self._wants_notify:
            return
        reason = REASONS.get(status, "")
        request = dialog.request("NOTIFY", dialog.next_cseq(), f"SIP/2.0 {status} {reason}\r\n".encode())
        self._call.agent.letterhead.dress(request)
        request.headers["event"] = [f"refer;id={self._event_id}"]
        state = "active;expires=180" if status < 200 else "terminated;reason=noresource"
        request.headers["subscription-state"] = [state]
        request.headers["content-type"] = [SIPFRAG]
        self._wants_notify = status < 200
        self._call.agent.send(request, dialog.next_hop(), self._call.credentials, number=dialog.next_cseq)


def _refer_to(request: Request) -> tuple[str, Replaces | None]:
    """Target and Replaces of a REFER. Raises `BadMessage` for none, several, or one that cannot be called."""
    lines = request.headers.get("refer-to", [])
    if len(lines) != 1:
        raise BadMessage("a REFER has one Refer-To", request)
    uri, _, headers = h.uri_of(lines[0]).partition("?")
    if not Uri.parse(uri).scheme.startswith(("sip", "tel")) or " " in uri:
        raise BadMessage("a Refer-To is a sip, sips or tel URI", request)
    named = [item.partition("=") for item in headers.split("&")]
    wanted = next((unquote(value) for name, _, value in named if name.lower() == "replaces"), None)
    return uri, None if wanted is None else Replaces.parse(wanted)
