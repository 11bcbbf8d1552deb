"""A call that we place (RFC 3261 §13.2, §9.1)."""

from __future__ import annotations

from sip.call import Call


class ClientCall(Call):
    """Made by `UserAgent.invite`."""

    status: int
    """The last status seen, provisional or final; 0: none yet."""

    def cancel(self) -> None:
        """Take the call back. Held until the first provisional answer (§9.1); told by `on_failed(487)`.
        After the answer it is `hang_up`."""
        ...
