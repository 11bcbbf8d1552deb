"""Keys by INFO, theirs and ours (RFC 6086 leaves them to two old content types)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.errors import UnsafeField
from sip.message import Request, Response

if TYPE_CHECKING:
    from sip.call import Call

DIGITS = frozenset("0123456789*#ABCD")
RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"
_USUAL_MS = 160
_LONGEST_MS = 10_000


def digit_of(request: Request) -> tuple[str, int] | None:
    """The digit (0-9, *, #, A-D) and its duration in ms; None: the body is no digit that is known."""
    kind = (request.get("content-type") or "").partition(";")[0].strip().lower()
    text = request.body[:256].decode("ascii", "replace").strip()
    if kind == PLAIN:
        said, duration = text, ""
    elif kind == RELAY:
        fields = {name.strip().lower(): value.strip() for name, _, value in map(_pair, text.splitlines())}
        said, duration = fields.get("signal", ""), fields.get("duration", "")
    else:
        return None
    digit = {"10": "*", "11": "#"}.get(said, said.upper())
    if digit not in DIGITS:
        return None
    return digit, min(int(duration), _LONGEST_MS) if duration.isdigit() and len(duration) < 7 else _USUAL_MS


class Keys:
    """Keys on their way to the other side, each once the one before is answered."""

    __slots__ = ("_call", "_left", "_waits")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._left: list[str] = []
        self._waits = False

    def press(self, keys: str) -> None:
        """After those that are on their way. Raises `UnsafeField` for what is no key."""
        if not DIGITS.issuperset(keys):
            raise UnsafeField("a key is one of 0-9, *, #, A-D")
        self._left += keys
        if not self._waits:
            self._next()

    def _next(self) -> None:
        dialog = self._call.dialog
        self._waits = bool(self._left) and dialog is not None and self._call.is_up
        if dialog is None or not self._waits:
            return
        body = f"Signal={self._left.pop(0)}\r\nDuration={_USUAL_MS}\r\n".encode()
        request = dialog.request("INFO", dialog.next_cseq(), body)
        request.headers["content-type"] = [RELAY]
        agent = self._call.agent
        agent.send(request, dialog.next_hop(), self._call.credentials, self._answered, number=dialog.next_cseq)

    def _answered(self, status: int, _response: Response | None) -> None:
        if status >= 300:
            self._left.clear()
        self._next()


def _pair(line: str) -> tuple[str, str, str]:
    return line.partition("=")
