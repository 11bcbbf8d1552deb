"""Hints between parts of the service: "look now". A lost hint costs a delay, never an event."""

import asyncio
from collections import defaultdict
from types import TracebackType
from typing import Self


class Ear:
    """Hears every hint on a topic from its making on, also one that came while nobody waited."""

    def __init__(self, bus: "InprocBus", topic: str) -> None:
        self._bus = bus
        self._topic = topic
        self._heard = asyncio.Event()
        bus.add(topic, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hear no more."""
        self._bus.remove(self._topic, self)

    def hint(self) -> None:
        self._heard.set()

    async def wait(self, timeout: float) -> bool:
        """True as soon as there was a hint since the last True; False after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):  # wait_for of Python 3.11 can swallow a cancellation
                await self._heard.wait()
        except TimeoutError:
            return False
        self._heard.clear()
        return True


class InprocBus:
    """Hints inside one process."""

    def __init__(self) -> None:
        self._ears: defaultdict[str, set[Ear]] = defaultdict(set)

    def hint(self, topic: str) -> None:
        """Wake whoever listens to `topic`."""
        for ear in tuple(self._ears.get(topic, ())):
            ear.hint()

    def listen(self, topic: str) -> Ear:
        """An ear that misses no hint; close it, or use it as a context manager."""
        return Ear(self, topic)

    async def wait(self, topic: str, timeout: float) -> bool:
        """True when a hint on `topic` comes within `timeout` seconds from now."""
        with self.listen(topic) as ear:
            return await ear.wait(timeout)

    def add(self, topic: str, ear: Ear) -> None:
        self._ears[topic].add(ear)

    def remove(self, topic: str, ear: Ear) -> None:
        self._ears[topic].discard(ear)
        if not self._ears[topic]:
            del self._ears[topic]
