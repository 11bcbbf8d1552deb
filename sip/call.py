"""What calls of both directions share."""

from __future__ import annotations

from sip.dialog import Dialog


class Call:
    """One call with one other side. `local_sdp`, `remote_sdp`: the last bytes sent and got."""

    call_id: str
    dialog: Dialog | None
    local_sdp: bytes
    remote_sdp: bytes

    def hang_up(self, reason: str | None = None) -> None:
        """End it at any moment: BYE when answered, CANCEL or 480 before. `reason` becomes a Reason header."""
        ...
