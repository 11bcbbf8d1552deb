"""What arrived of a far end's stream: loss and jitter (RFC 3550 §6.4.1, appendices A.3 and A.8); pure."""

from media.rtcp import ReportBlock

_RATE = 8000
_RESTART = 3000


class Reception:
    """Counts one synchronisation source; a new SSRC or a wild jump begins a new count."""

    __slots__ = (
        "_first",
        "_highest",
        "_lost_before",
        "_received_before",
        "_reported",
        "_sender_report",
        "_transit",
        "jitter",
        "received",
        "ssrc",
    )

    def __init__(self) -> None:
        self.ssrc: int | None = None
        self.received = 0
        self.jitter = 0.0
        self._first = 0
        self._highest = 0
        self._transit = 0.0
        self._reported = (0, 0)
        self._lost_before = 0
        self._received_before = 0
        self._sender_report = (0, 0.0)

    def count(self, ssrc: int, sequence: int, timestamp: int, at: float) -> None:
        """A packet arrived at `at` (monotonic seconds). Hot."""
        ahead = (sequence - self._highest) & 0xFFFF
        if ahead >= _RESTART:
            ahead -= 0x10000
        if ssrc != self.ssrc or ahead <= -_RESTART:
            self._restart(ssrc, sequence, timestamp, at)
            return
        self.received += 1
        if ahead > 0:
            self._highest += ahead
        transit = at * _RATE - timestamp
        # Timestamps wrap after six days; the odd step is no jitter.
        step = abs(transit - self._transit)
        self._transit = transit
        if step < _RATE * 10:
            self.jitter += (step - self.jitter) / 16

    def _restart(self, ssrc: int, sequence: int, timestamp: int, at: float) -> None:
        self._lost_before, self._received_before = self.lost, self.total
        self.ssrc, self.received, self.jitter = ssrc, 1, 0.0
        self._first = self._highest = sequence
        self._transit = at * _RATE - timestamp
        self._reported = (0, 0)
        self._sender_report = (0, 0.0)

    @property
    def expected(self) -> int:
        return self._highest - self._first + 1 if self.ssrc is not None else 0

    @property
    def total(self) -> int:
        """Packets that came, over all sources so far."""
        return self._received_before + self.received

    @property
    def lost(self) -> int:
        """Packets that did not come, over all sources so far."""
        return self._lost_before + max(0, self.expected - self.received)

    @property
    def jitter_ms(self) -> float:
        return self.jitter * 1000 / _RATE

    def heard_report(self, ntp: int, at: float) -> None:
        """A sender report of this source arrived."""
        self._sender_report = (ntp >> 16 & 0xFFFFFFFF, at)

    def block(self, at: float) -> ReportBlock | None:
        """The report block to send now; None before the first packet."""
        if self.ssrc is None:
            return None
        expected, received = self.expected - self._reported[0], self.received - self._reported[1]
        self._reported = (self.expected, self.received)
        missing = max(0, expected - received)
        fraction = min(255, missing * 256 // expected) if expected > 0 else 0
        lost = max(-0x800000, min(0x7FFFFF, self.expected - self.received))
        lsr, heard = self._sender_report
        delay = int((at - heard) * 65536) & 0xFFFFFFFF if lsr else 0
        return ReportBlock(self.ssrc, fraction, lost, self._highest & 0xFFFFFFFF, int(self.jitter), lsr, delay)
