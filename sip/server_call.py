"""A call that comes in (RFC 3261 §13.3)."""

from __future__ import annotations

from collections.abc import Sequence

from sip.call import Call
from sip.message import Request


class ServerCall(Call):
    """Given to `Listener.on_offered`."""

    request: Request
    number: str | None
    """The caller's number, `^\\+?[0-9]{3,15}$`, or None when From holds no number."""
    called: str
    """The user part that was called, as shown text."""
    name: str
    """The caller's display name: at most 64 characters, controls and bidi marks made visible."""

    def ring(self, sdp: bytes = b"") -> None:
        """180 Ringing, or 183 with early media when `sdp` is given."""
        ...

    def answer(self, sdp: bytes) -> None:
        """200 OK, repeated until the ACK comes (64*T1), then BYE."""
        ...

    def refuse(self, status: int, reason: str | None = None, headers: Sequence[tuple[str, str]] = ()) -> None:
        """A final answer of 300 to 699."""
        ...
