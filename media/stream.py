"""The stream that a leg sends: one SSRC, sequence and timestamps that go on whatever feeds it; pure."""

from media.rtp import distance

SAMPLES = 160
RATE = 8000
_LARGEST_GAP = 3000
_LARGEST_DISORDER = 100


class Outgoing:
    """Numbers the packets of one stream (RFC 3550 §5.1). Its source can change at any packet.

    A relayed source keeps its own gaps and disorder, so that the far end sees the loss there was; only the change from
    one source to another is seamless. `packets`, `octets`: that left, counted by whoever sends them.
    """

    __slots__ = (
        "_at",
        "_newest",
        "_pressed",
        "_sequence_shift",
        "_source",
        "_span",
        "_timestamp_shift",
        "octets",
        "packets",
        "sequence",
        "ssrc",
        "timestamp",
    )

    def __init__(self, ssrc: int, sequence: int, timestamp: int) -> None:
        self.ssrc = ssrc
        self.sequence = sequence
        self.timestamp = timestamp
        self.packets = self.octets = 0
        self._at: float | None = None
        self._source: int | None = None
        self._newest = 0
        self._span = 0
        self._sequence_shift = 0
        self._timestamp_shift = 0
        self._pressed = False

    def begin(self) -> None:
        """A new source feeds the stream from the next packet on."""
        self._source = None

    def generate(self, now: float, *, first: bool) -> tuple[int, int]:
        """Sequence and timestamp of the next packet made here; `first`: silence came before it. Hot."""
        step = SAMPLES
        if first or self._pressed:
            step, self._pressed = self._elapsed(now), False
        return self._next(step, now)

    def press(self, now: float, *, first: bool) -> tuple[int, int]:
        """The same for a key's event: all packets of a press bear the moment of its beginning (RFC 4733 §2.2.1)."""
        step = self._elapsed(now) if first else 0
        self._pressed = True
        return self._next(step, now if step else self._at)

    def _next(self, step: int, at: float | None) -> tuple[int, int]:
        self._source, self._at = None, at
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + step) & 0xFFFFFFFF
        return self.sequence, self.timestamp

    def follow(self, ssrc: int, sequence: int, timestamp: int, now: float) -> tuple[int, int, bool] | None:
        """Sequence, timestamp and "is the first" of a relayed packet; None: older than the change to this source.
        Hot: the next in line is told at once."""
        if ssrc == self._source and sequence - self._newest == 1:
            self._newest, self._at = sequence, now
            if self._span < _LARGEST_DISORDER:
                self._span += 1
            self.sequence = (sequence + self._sequence_shift) & 0xFFFF
            self.timestamp = (timestamp + self._timestamp_shift) & 0xFFFFFFFF
            return self.sequence, self.timestamp, False
        ahead = distance(sequence, self._newest)
        first = ssrc != self._source or not -_LARGEST_DISORDER <= ahead <= _LARGEST_GAP
        if first:
            self._attach(ssrc, sequence, timestamp, now)
            ahead = 0
        if self._span + ahead < 0:
            return None
        out = (sequence + self._sequence_shift) & 0xFFFF, (timestamp + self._timestamp_shift) & 0xFFFFFFFF, first
        if ahead > 0 or first:
            self._advance(sequence, ahead, out, now)
        return out

    def _attach(self, ssrc: int, sequence: int, timestamp: int, now: float) -> None:
        self._source, self._newest, self._span = ssrc, sequence, 0
        self._sequence_shift = self.sequence + 1 - sequence
        self._timestamp_shift = self.timestamp + self._elapsed(now) - timestamp

    def _advance(self, sequence: int, ahead: int, out: tuple[int, int, bool], now: float) -> None:
        self._newest = sequence
        self._span += ahead
        self.sequence, self.timestamp, self._at = out[0], out[1], now

    def _elapsed(self, now: float) -> int:
        if self._at is None:
            return SAMPLES
        return max(SAMPLES, int((now - self._at) * RATE))
