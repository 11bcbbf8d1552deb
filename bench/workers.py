"""P5: what sound costs in a process beside the engine's, against the engine's own loop: CPU for a packet passed on, and
the time from a join to the first packet that the other side gets.

`python -m bench.workers NUMBER FIRST_PORT CALLS` is the program between the far ends: so many joined calls with NUMBER
sound processes. It ends by SIGTERM with a line: CPU seconds of all its processes and packets sent since "ready".
"""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Iterator

import psutil
import uvloop

from bench import far_ends, peering
from bench.far_ends import FIRST_PORT
from bench.figures import Figure
from media import rtp
from media.codecs import SILENCE
from media.description import PCMU, Description
from media.inproc import InProcess
from media.interface import Media, Sound
from media.ports import PortRange
from media.workers import Workers

HOST = "127.0.0.1"
SECONDS = 4.0
CALLS = 50
JOINS = 100
PORTS = (28100, 28999)


def measure() -> Iterator[Figure]:
    for what, number in {"on the engine's loop": 0, "in a process beside the engine": 1}.items():
        command = [sys.executable, "-m", "bench.workers", str(number), str(FIRST_PORT), str(CALLS)]
        runs = [far_ends.run(command, 2 * CALLS, SECONDS, paired=True) for _ in range(peering.REPEATS)]
        spent = tuple(run.cpu_s / run.passed * 1e6 for run in runs)
        yield Figure("P5", f"CPU of a packet passed on, {what}, all processes counted", spent, "µs", "–")
        yield Figure("P5", f"delay of a packet passed on, {what}, p99", tuple(r.p99_us / 1e3 for r in runs), "ms", "–")
    for what, (number, moved) in _JOINS.items():
        delays = tuple(uvloop.run(_joins(number, moved)))
        yield Figure("P5", f"from a join to the first packet, {what}", delays, "ms", "≤ 20 ms")


_JOINS = {
    "on the engine's loop": (0, False),
    "both legs in one process": (1, False),
    "one leg brought to the other's process": (2, True),
}


def _media(number: int, ports: PortRange) -> Media:
    return Workers(ports, number) if number else InProcess(ports)


# ---------------------------------------------------------------- packets


async def _relay(number: int, first: int, calls: int) -> None:
    media = _media(number, PortRange(HOST, first + 10_000, first + 10_000 + 4 * calls + 2_000))
    await media.start()
    legs = [media.open() for _ in range(2 * calls)]
    for n, leg in enumerate(legs):
        leg.answer(Description(HOST, first + n, (PCMU,)))
        print(leg.local.port)
    for a, b in zip(legs[::2], legs[1::2], strict=True):
        a.join(b)
    await asyncio.sleep(5)  # figures are of the last second, and one more process begins, which stands by
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    before, began = _sent(legs), _cpu()
    print("ready", flush=True)
    await ended.wait()
    spent = _cpu() - began
    await asyncio.sleep(1.5)
    print(spent, _sent(legs) - before, flush=True)
    for leg in legs:
        leg.close()
    await media.stop()


def _sent(legs: list[Sound]) -> int:
    return sum(leg.figures.stats.sent for leg in legs)


def _cpu() -> float:
    """Seconds of this process and those that it began."""
    own = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (own, *own.children()))


# ---------------------------------------------------------------- joins


class _End:
    """A leg and the bare socket at its other end."""

    def __init__(self, media: Media) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((HOST, 0))
        self.sound = media.open()
        self.sound.answer(Description(*self.socket.getsockname(), (PCMU,)))
        self._n = 0

    def send(self) -> None:
        self._n += 1
        packet = rtp.build(rtp.Packet(0, self._n, self._n * 160, 7, SILENCE["PCMU"]))
        self.socket.sendto(packet, (self.sound.local.host, self.sound.local.port))

    def got(self) -> bool:
        try:
            self.socket.recv(2048)
        except BlockingIOError:
            return False
        return True

    async def be_heard(self) -> None:
        heard = asyncio.Event()
        self.sound.on_first_packet = lambda _: heard.set()
        self.send()
        await asyncio.wait_for(heard.wait(), 5)

    def close(self) -> None:
        self.sound.close()
        self.socket.close()


async def _joins(number: int, moved: bool) -> list[float]:
    """Milliseconds of each. The far end says a packet every half a millisecond. `moved`: of legs that were apart."""
    media = _media(number, PortRange(HOST, *PORTS))
    await media.start()
    delays: list[float] = []
    ends: list[_End] = []
    for _ in range(JOINS):
        if moved or not ends:
            for end in ends:
                end.close()
            ends = [_End(media), _End(media)]
            for end in ends:
                await end.be_heard()
        delays.append(await _join(*ends))
        ends[0].sound.part()
        await asyncio.sleep(0.01)
    for end in ends:
        end.close()
    await media.stop()
    return delays


async def _join(one: _End, other: _End) -> float:
    while other.got():
        pass
    began = time.perf_counter()
    one.sound.join(other.sound)
    while not other.got():
        one.send()
        await asyncio.sleep(0.0005)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    uvloop.run(_relay(*map(int, sys.argv[1:])))
