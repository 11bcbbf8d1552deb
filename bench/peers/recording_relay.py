"""What one writes with asyncio for a recorded call: the work of `record_epoll.c` in plain datagram protocols.

For each packet: is it from the far end, its header, loss and jitter (RFC 3550 A.3, A.8), a header of our own; SR or RR
about every five seconds; both sides interleaved, and sealed second by second (AES-256-GCM, by `cryptography`). It
writes on the loop, which costs less than a thread would.
"""

import asyncio
import random
import struct
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HOST = "127.0.0.1"
RATE, FRAME, AHEAD = 8000, 160, 3 * 8000
RESTART = 3000
GRACE_S, REPORT_S = 0.1, 5.0
SILENCE = b"\xff"
HEADER = struct.Struct("!BBHII")
Address = tuple[str, int]


@dataclass
class Heard:
    """What a far end sends."""

    ssrc: int | None = None
    first: int = 0
    highest: int = 0
    received: int = 0
    jitter: float = 0.0
    transit: float = 0.0
    reported: tuple[int, int] = (0, 0)
    sender_report: tuple[int, float] = (0, 0.0)

    def count(self, ssrc: int, sequence: int, timestamp: int, at: float) -> None:
        ahead = (sequence - self.highest + 0x8000 & 0xFFFF) - 0x8000
        transit = at * RATE - timestamp
        step, self.transit = abs(transit - self.transit), transit
        if ssrc != self.ssrc or not -RESTART < ahead < RESTART:
            self.ssrc, self.first, self.highest, self.received, self.jitter = ssrc, sequence, sequence, 1, 0.0
            return
        self.received += 1
        if ahead > 0:
            self.highest += ahead
        if step < 10 * RATE:
            self.jitter += (step - self.jitter) / 16

    def block(self, now: float) -> bytes:
        if self.ssrc is None:
            return b""
        expected = self.highest - self.first + 1
        due, got = expected - self.reported[0], self.received - self.reported[1]
        self.reported = (expected, self.received)
        fraction = min(255, max(0, due - got) * 256 // due) if due > 0 else 0
        lost = expected - self.received & 0xFFFFFF
        lsr, at = self.sender_report
        delay = int((now - at) * 65536) & 0xFFFFFFFF if lsr else 0
        return struct.pack("!6I", self.ssrc, fraction << 24 | lost, self.highest, int(self.jitter), lsr, delay)


@dataclass
class Side:
    """One side of a recording."""

    began: float
    first: int = 0
    origin: tuple[int, int] | None = None
    sound: bytearray = field(default_factory=bytearray)

    def keep(self, timestamp: int, sound: bytes, at: float) -> None:
        if self.origin is None:
            self.origin = (int((at - self.began) * RATE), timestamp)
        place = self.origin[0] + (timestamp - self.origin[1] & 0xFFFFFFFF) - self.first
        if not 0 <= place <= AHEAD:
            return
        if place > len(self.sound):
            self.sound += SILENCE * (place - len(self.sound))
        self.sound[place : place + len(sound)] = sound

    def take(self) -> bytes:
        piece = bytes(self.sound[:RATE])
        del self.sound[:RATE]
        self.first += RATE
        return piece.ljust(RATE, SILENCE)


class Recording:
    """One call's file, in the form that `desk/recordings/sealed.py` reads."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._loop = asyncio.get_running_loop()
        self._context, self._cipher = path.stem.encode() + b"u", AESGCM(key)
        self._file = path.open("wb", buffering=0)
        self._file.write(b"AHR1u")
        self._place, self._before = 0, b"\xff\xff\xff\xff"
        self._began = self._loop.time()
        self.ours, self.theirs = Side(self._began), Side(self._began)
        self._wait()

    def _wait(self) -> None:
        self._loop.call_at(self._began + self._place + 1 + GRACE_S, self._seal)

    def _seal(self) -> None:
        both = bytearray(2 * RATE)
        both[0::2], both[1::2] = self.ours.take(), self.theirs.take()
        place = self._place.to_bytes(4, "big")
        sealed = self._cipher.encrypt(place.rjust(12, b"\0"), bytes(both), self._context + place + self._before + b"m")
        self._file.write(place + len(sealed).to_bytes(4, "big") + sealed)
        self._place, self._before = self._place + 1, place
        self._wait()


class Leg(asyncio.DatagramProtocol):
    """The RTP of one leg; what it hears is sent by `other`."""

    other: "Leg"
    reports: "Reports"

    def __init__(self, far: Address, recording: Recording, *, recorded: bool) -> None:
        self.far, self.recording, self.recorded = far, recording, recorded
        self.loop = asyncio.get_running_loop()
        self.heard = Heard()
        self.ssrc, self.sequence, self.timestamp = random.getrandbits(32), random.getrandbits(15), 0
        self.source: int | None = None
        self.offsets = (0, 0)
        self.sent = self.octets = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if addr != self.far or len(data) < HEADER.size:
            return
        first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
        if first >> 6 != 2 or second & 0x7F:
            return
        now = self.loop.time()
        self.heard.count(ssrc, sequence, timestamp, now)
        sound = _payload(data, first)
        if self.recorded:
            self.recording.theirs.keep(timestamp, sound, now)
        self.other.relay(ssrc, sequence, timestamp, second > 0x7F, sound, now)

    def relay(self, source: int, sequence: int, timestamp: int, marked: bool, sound: bytes, now: float) -> None:
        if source != self.source:
            self.source, marked = source, True
            self.offsets = (self.sequence + 1 - sequence, self.timestamp + FRAME - timestamp)
        out = sequence + self.offsets[0] & 0xFFFF
        if not 0 < (out - self.sequence & 0xFFFF) < 0x8000:
            return
        self.sequence, self.timestamp = out, timestamp + self.offsets[1] & 0xFFFFFFFF
        header = HEADER.pack(0x80, 0x80 if marked else 0, self.sequence, self.timestamp, self.ssrc)
        self.transport.sendto(header + sound, self.far)
        self.sent += 1
        self.octets += len(sound)
        if self.recorded:
            self.recording.ours.keep(self.timestamp, sound, now)


def _payload(data: bytes, first: int) -> bytes:
    start, stop = HEADER.size + 4 * (first & 15), len(data)
    if first & 0x10:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & 0x20:
        stop -= data[-1]
    return data[start:stop]


class Reports(asyncio.DatagramProtocol):
    """The RTCP of one leg."""

    def __init__(self, leg: Leg) -> None:
        self.leg, self.sent_before = leg, 0
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport
        self._wait()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        heard = self.leg.heard
        if addr[0] == HOST and len(data) >= 28 and data[0] >> 6 == 2 and data[1] == 200:
            ssrc, middle = struct.unpack_from("!I2xI", data, 4)
            if ssrc == heard.ssrc:
                heard.sender_report = (middle, self.loop.time())

    def _wait(self) -> None:
        self.loop.call_later(REPORT_S * random.uniform(0.5, 1.5), self._report)

    def _report(self) -> None:
        leg, now = self.leg, self.loop.time()
        block, sends = leg.heard.block(now), leg.sent > self.sent_before
        body = struct.pack("!I", leg.ssrc)
        if sends:
            body += struct.pack("!QIII", int(now * (1 << 32)), leg.timestamp, leg.sent, leg.octets)
        head = struct.pack("!BBH", 0x80 | bool(block), 200 if sends else 201, (len(body) + len(block)) // 4)
        name = struct.pack("!BBHI", 0x81, 202, 6, leg.ssrc) + b"\x01\x0epeer@127.0.0.1".ljust(20, b"\0")
        self.transport.sendto(head + body + block + name, (leg.far[0], leg.far[1] + 1))
        self.sent_before = leg.sent
        self._wait()


async def begin(first: int, calls: int, folder: str, key: str) -> list[Leg]:
    """Joined legs, two a call, towards the ports from `first` on; prints the ports of the legs."""
    legs: list[Leg] = []
    for call in range(calls):
        recording = Recording(Path(folder, f"{call:06}.ahr"), bytes.fromhex(key))
        pair = [await _leg((HOST, first + 2 * call + side), recording, recorded=not side) for side in (0, 1)]
        pair[0].other, pair[1].other = pair[1], pair[0]
        legs += pair
    return legs


async def _leg(far: Address, recording: Recording, *, recorded: bool) -> Leg:
    loop = asyncio.get_running_loop()
    while True:
        _, leg = await loop.create_datagram_endpoint(lambda: Leg(far, recording, recorded=recorded), (HOST, 0))
        port = leg.transport.get_extra_info("sockname")[1]
        try:
            await loop.create_datagram_endpoint(partial(Reports, leg), (HOST, port + 1))
        except OSError:
            leg.transport.close()
            continue
        print(port)
        return leg
