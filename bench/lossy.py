"""A line that loses, doubles and reorders packets in both directions, by a seed: around the real socket of an agent."""

import asyncio
import random
from collections import Counter

from sip.transport import Above, Address, UdpTransport

LATE_S = 0.03
"""How long a packet is held that others are to overtake."""


class LossyLine:
    """For `UserAgent(open_transports=line.open)`. `loss`, `twice`, `late`: the shares of packets, each way.

    `counts`: packets "lost", "doubled", "held" and "passed".
    """

    name = "udp"
    reliable = False

    def __init__(self, seed: int, loss: float = 0.05, twice: float = 0.01, late: float = 0.02) -> None:
        self.counts: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._loss, self._twice, self._late = loss, twice, late

    async def open(self, bind: tuple[str, int], above: Above) -> "list[LossyLine]":
        self._receive = above.receive
        self._socket = await UdpTransport.open(bind, self._arrived)
        self._loop = asyncio.get_running_loop()
        return [self]

    @property
    def local(self) -> Address:
        return self._socket.local

    def send(self, data: bytes, to: Address) -> None:
        for delay in self._fates():
            self._loop.call_later(delay, self._leave, data, to)

    def _leave(self, data: bytes, to: Address) -> None:
        if not self._closed:
            self._socket.send(data, to)

    def _arrived(self, data: bytes, source: Address) -> None:
        for delay in self._fates():
            self._loop.call_later(delay, self._receive, data, source)

    def _fates(self) -> list[float]:
        """The delays of a packet's copies; none: it is lost."""
        if self._dice.random() < self._loss:
            self.counts["lost"] += 1
            return []
        copies = 2 if self._dice.random() < self._twice else 1
        delays = [LATE_S if self._dice.random() < self._late else 0.0 for _ in range(copies)]
        self.counts["doubled"] += copies - 1
        self.counts["held"] += sum(delay > 0 for delay in delays)
        self.counts["passed"] += copies
        return delays

    _closed = False

    def close(self) -> None:
        self._closed = True
        self._socket.close()
