"""What passes a leg, and who takes part in it."""

from dataclasses import dataclass
from typing import Protocol

from media.description import Payload


@dataclass(slots=True)
class Arrival:
    """A packet of the far end, good only during the call that it is given to: it and its buffer are used again.

    The payload is `buffer[start:end]`; at least twelve bytes lie before `start`, and may be overwritten. `at`: when it
    was read, by loop.time().
    """

    payload: Payload
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    buffer: bytearray
    start: int
    end: int
    at: float


class Feed(Protocol):
    """What feeds a leg's outgoing stream: a bridge or a player. A leg has one at a time."""

    def stop(self) -> None:
        """Feed no more; called by the leg when another takes over or the leg closes."""
        ...


class Tap(Protocol):
    """Sees what passes a leg. What it is given is good only during the call."""

    def heard(self, arrival: Arrival) -> None:
        """A packet of the far end, before the sink has it."""
        ...

    def sent(self, payload: Payload, timestamp: int, sound: bytes | memoryview, at: float) -> None:
        """A packet to the far end, made here or relayed."""
        ...
