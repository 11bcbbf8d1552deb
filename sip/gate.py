"""Strangers: nothing of theirs is answered, remembered or logged one by one; and what is counted."""

from __future__ import annotations

from dataclasses import dataclass

from kit import log

_log = log.get("sip.gate")
_EVERY = 60.0


class Gate:
    """Counts packets of unknown peers and says so at most once a minute."""

    __slots__ = ("_logged_at", "_since", "count")

    def __init__(self) -> None:
        self.count = 0
        self._since = 0
        self._logged_at: float | None = None

    def stranger(self, now: float) -> None:
        """One packet from an address that is no peer's. `now`: monotonic seconds."""
        self.count += 1
        self._since += 1
        if self._logged_at is None or now - self._logged_at >= _EVERY:
            _log.warning("packets from unknown addresses were dropped", count=self._since)
            self._logged_at = now
            self._since = 0


@dataclass(slots=True)
class Counts:
    """What the owner may show as metrics; all only grow."""

    received: int = 0
    sent: int = 0
    malformed: int = 0
    unmatched: int = 0
    errors: int = 0
