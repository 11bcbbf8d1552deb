"""Keys as RFC 4733 events: read, written, and counted once a press; pure."""

from dataclasses import dataclass

from media.errors import NoSuchKey

KEYS = "0123456789*#ABCD"
MOST_PER_SECOND = 20


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One event packet: `duration` in timestamp units so far, `end`: the key was let go (RFC 4733 §2.3)."""

    key: str
    end: bool
    volume: int
    duration: int


def parse(payload: bytes) -> KeyEvent | None:
    """The event in a payload; None for events that are no keys, and for anything too short."""
    if len(payload) < 4 or payload[0] >= len(KEYS):
        return None
    return KeyEvent(KEYS[payload[0]], bool(payload[1] & 0x80), payload[1] & 0x3F, int.from_bytes(payload[2:4]))


def check(keys: str) -> None:
    """Raises NoSuchKey for the first that no telephone has."""
    for key in keys:
        if key not in KEYS:
            raise NoSuchKey(key)


def build(event: KeyEvent) -> bytes:
    """The payload of an event; `duration` at most 65535."""
    second = (0x80 if event.end else 0) | event.volume
    return bytes((KEYS.index(event.key), second)) + event.duration.to_bytes(2)


class Keypad:
    """Makes one key press of the many packets that tell of it, and bounds a flood of them."""

    def __init__(self) -> None:
        self._latest: tuple[int, int] | None = None
        self._window = 0.0
        self._presses = 0
        self.ignored = 0

    def press(self, payload: bytes, ssrc: int, timestamp: int, now: float) -> str | None:
        """The key if this packet is the first of a new press. Packets of one press share source and timestamp.

        `now`: monotonic seconds. At most MOST_PER_SECOND presses a second; more are counted in `ignored`.
        """
        event = parse(payload)
        if event is None or not self._is_new(ssrc, timestamp):
            return None
        self._latest = ssrc, timestamp
        if not self._has_room(now):
            self.ignored += 1
            return None
        return event.key

    def _is_new(self, ssrc: int, timestamp: int) -> bool:
        if self._latest is None or self._latest[0] != ssrc:
            return True
        # An event that came late, behind its successor, is not a second press.
        return 0 < (timestamp - self._latest[1]) & 0xFFFFFFFF < 0x80000000

    def _has_room(self, now: float) -> bool:
        if now - self._window >= 1.0:
            self._window, self._presses = now, 0
        self._presses += 1
        return self._presses <= MOST_PER_SECOND
