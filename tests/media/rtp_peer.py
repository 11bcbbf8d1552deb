"""A far end for the tests of the sound room: a bare socket that speaks RTP, and tones to tell sounds apart by."""

import asyncio
import math
import os
import socket
import struct

from media import rtp
from media.description import PCMU, Description, Payload

RATE = 8000


class Peer:
    """Sends what it is told and keeps what it gets, in order, with the moments."""

    def __init__(self, host: str = "127.0.0.1", payload: Payload = PCMU, ssrc: int = 0x5EED) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        self.sock.bind((host, 0))
        self.host, self.port = self.sock.getsockname()
        self.payload, self.ssrc = payload, ssrc
        self.sequence, self.timestamp = 1000, 5000
        self.got: list[rtp.Packet] = []
        self.raw: list[bytes] = []
        self.times: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.sock, self._read)

    def describe(self, *payloads: Payload) -> Description:
        return Description(self.host, self.port, payloads or (self.payload,))

    def send(self, to: tuple[str, int], sound: bytes = b"\x7f" * 160, *, payload: Payload | None = None) -> None:
        number = (payload or self.payload).number
        self.sock.sendto(rtp.build(rtp.Packet(number, self.sequence, self.timestamp, self.ssrc, sound)), to)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF

    def _read(self) -> None:
        data = self.sock.recv(4096)
        self.times.append(self._loop.time())
        self.raw.append(data)
        self.got.append(rtp.parse(data))

    def close(self) -> None:
        if self.sock.fileno() >= 0:
            self._loop.remove_reader(self.sock)
            self.sock.close()


def open_sockets() -> int:
    links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
    return sum(os.path.exists(link) and os.readlink(link).startswith("socket:") for link in links)


async def until(condition, seconds: float = 2.0) -> None:
    """Wait until the condition holds; fails after `seconds`."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, "what was waited for did not come"
        await asyncio.sleep(0.002)


async def settle() -> None:
    """Let everything that is on the loopback arrive."""
    await asyncio.sleep(0.03)


def tone(hertz: float, seconds: float, level: int = 8000) -> bytes:
    """16-bit samples of a sine."""
    count = int(seconds * RATE)
    return struct.pack(f"<{count}h", *(int(level * math.sin(2 * math.pi * hertz * n / RATE)) for n in range(count)))


def power(samples: bytes, hertz: float) -> float:
    """Amplitude of one frequency in 16-bit samples (Goertzel)."""
    count = len(samples) // 2
    coefficient = 2 * math.cos(2 * math.pi * hertz / RATE)
    before = last = 0.0
    for value in struct.unpack(f"<{count}h", samples):
        before, last = last, value + coefficient * last - before
    return 2 * math.sqrt(max(0.0, last * last + before * before - coefficient * last * before)) / count
