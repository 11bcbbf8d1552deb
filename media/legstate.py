"""What a leg knows of its two streams, as one value: with it another process goes on where this one was."""

import random
from dataclasses import dataclass

from media.dtmf import Keypad
from media.latch import Latch
from media.reception import Reception
from media.reports import Reports
from media.srtp import Progress
from media.stats import LegStats
from media.stream import Outgoing


@dataclass(slots=True)
class LegState:
    """`first_at`, `last_at`: of the packets that came, by loop.time(), which all processes of a machine count alike.
    `sealing`: of an encrypted leg."""

    outgoing: Outgoing
    reception: Reception
    stats: LegStats
    reports: Reports
    latch: Latch
    keypad: Keypad
    first_at: float | None = None
    last_at: float | None = None
    sealing: Progress | None = None

    @classmethod
    def new(cls) -> "LegState":
        """Of a leg that was just opened."""
        outgoing, reception, stats = _stream(), Reception(), LegStats()
        return cls(outgoing, reception, stats, Reports(outgoing, reception, stats), Latch(), Keypad())

    def renew(self) -> None:
        """Send as a new source: how far the former one came is not known for certain, and no number of a stream may be
        used twice (RFC 3711 §9.1)."""
        former, self.outgoing = self.outgoing, _stream()
        self.outgoing.packets, self.outgoing.octets = former.packets, former.octets
        self.reports.outgoing = self.outgoing
        if self.sealing is not None:
            self.sealing.renew()


def _stream() -> Outgoing:
    return Outgoing(random.getrandbits(32), random.getrandbits(15), random.getrandbits(31))
