"""P5: the CPU that sound costs: a packet relayed in each way, and a supervisor on a call."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator

from bench import workers
from bench.figures import Figure
from media import rtp
from media.bridge import join
from media.codecs import SILENCE
from media.description import G722, PCMU, Description, Payload
from media.monitor import Mode, Monitor
from media.session import Leg, PortRange
from media.srtp import AES_CM_80, Srtp

REPEATS = 5
PACKETS = 5_000
PORTS = PortRange("127.0.0.1", 28000, 28098)
_US = 1e6
WAYS = {
    "the same codec, in clear": (PCMU, PCMU, False, False),
    "encrypted where it comes in": (PCMU, PCMU, True, False),
    "encrypted where it goes out": (PCMU, PCMU, False, True),
    "encrypted on both sides": (PCMU, PCMU, True, True),
    "G.722 to G.711": (G722, PCMU, False, False),
}


def measure() -> Iterator[Figure]:
    for what, way in WAYS.items():
        yield Figure("P5", f"CPU of a relayed packet, {what}", asyncio.run(_relayed(*way)), "µs", "–")
    for mode in Mode:
        yield Figure("P5", f"CPU of 20 ms with a supervisor, {mode.value}", asyncio.run(_monitored(mode)), "µs", "–")
    yield from workers.measure()


class _End:
    """A leg and the bare socket at its other end."""

    def __init__(self, payload: Payload) -> None:
        self.leg, self.payload, self.srtp = Leg.open(PORTS), payload, None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.connect((self.leg.local.host, self.leg.local.port))
        self.leg.answer(Description(*self.socket.getsockname(), (payload,)))

    def encrypt(self) -> None:
        key, there, self.srtp = os.urandom(AES_CM_80.key_length), Srtp(), Srtp()
        for one in (there, self.srtp):
            one.key(AES_CM_80, key, key)
        self.leg.encrypt(there)

    def send(self, n: int) -> None:
        sound = SILENCE[self.payload.name]
        packet = rtp.build(rtp.Packet(self.payload.number, n & 0xFFFF, n * 160 & 0xFFFFFFFF, 7, sound))
        self.socket.send(packet if self.srtp is None else self.srtp.seal(packet))

    async def be_heard(self) -> None:
        heard = asyncio.Event()
        self.leg.on_first_packet = lambda _: heard.set()
        self.send(0)
        await asyncio.wait_for(heard.wait(), 5)

    def close(self) -> None:
        self.leg.close()
        self.socket.close()


async def _relayed(source: Payload, target: Payload, sealed_in: bool, sealed_out: bool) -> tuple[float, ...]:
    """Of reading a packet, passing it on and sending it; the other ends are not counted."""
    one, other = _End(source), _End(target)
    for end, sealed in ((one, sealed_in), (other, sealed_out)):
        if sealed:
            end.encrypt()
        await end.be_heard()
    join(one.leg, other.leg)
    values = tuple(_spent(one, other, repeat * PACKETS + 1) for repeat in range(REPEATS))
    assert other.leg.stats.sent > REPEATS * PACKETS, "packets were lost on the way"
    one.close()
    other.close()
    return values


def _spent(one: _End, other: _End, first: int) -> float:
    spent = 0.0
    for n in range(first, first + PACKETS):
        one.send(n)
        began = time.process_time()
        one.leg.receiver.read_line(began)  # what the loop calls
        spent += time.process_time() - began
        _drain(other.socket)
    return spent / PACKETS * _US


def _drain(sock: socket.socket) -> None:
    try:
        while True:
            sock.recv(2048)
    except BlockingIOError:
        return


async def _monitored(mode: Mode) -> tuple[float, ...]:
    """Of what a supervisor adds to a call of two: mixing, and sending the mixes."""
    ends = [_End(PCMU) for _ in range(3)]
    for end in ends:
        await end.be_heard()
    supervisor, operator, customer = (end.leg for end in ends)
    join(operator, customer)
    monitor = Monitor(supervisor, operator)
    monitor.start(mode)
    values = tuple([_mixed(monitor, ends, repeat * PACKETS + 1) for repeat in range(REPEATS)])
    for end in ends:
        end.close()
    return values


def _mixed(monitor: Monitor, ends: list[_End], first: int) -> float:
    spent = 0.0
    for n in range(first, first + PACKETS):
        for end in ends:
            end.send(n)
            end.leg.receiver.read_line(0.0)
        began = time.process_time()
        monitor.beat()
        spent += time.process_time() - began
        for end in ends:
            _drain(end.socket)
    return spent / PACKETS * _US
