"""The sockets of one leg.

The *door* is bound and takes packets from anybody. Once the far end is known, a second socket on the same port, the
*line*, is connected to it: the kernel then sorts its packets out, which saves the check of each source and an address
with every packet sent; strangers still arrive at the door, where they are counted.
"""

import contextlib
import socket
from collections.abc import Callable

from media.latch import Address
from media.poller import LARGEST, Poller
from media.ports import PortPair, bind_udp

_LARGEST_BACKLOG = 64

OnLine = Callable[[float], None]
OnPacket = Callable[[int, Address | None, float], None]
OnReport = Callable[[bytes, Address, float], None]


class Wire:
    """Reads the door into `buffer` and calls `on_packet(length, source, now)`; `length` above LARGEST: it was cut.

    `on_line(now)`: the line has a packet, to be taken by `receive(buffer)`. `on_report(data, source, now)`: a datagram
    for RTCP. `now`: by loop.time(). `send(packet)`: to the far end, by the line if there is one. Both are the system's
    own calls, for speed, and raise OSError; `on_change()`: they are others now.
    """

    __slots__ = (
        "_door",
        "_line",
        "_on_line",
        "_on_packet",
        "_on_report",
        "_poller",
        "_rtcp",
        "buffer",
        "closed",
        "errors",
        "on_change",
        "port",
        "receive",
        "remote",
        "send",
    )

    def __init__(
        self, poller: Poller, pair: PortPair, on_line: OnLine, on_packet: OnPacket, on_report: OnReport
    ) -> None:
        self.buffer = poller.buffer
        self.port = pair.port
        self.closed = False
        self.errors = 0
        self.remote: Address = ("", 0)
        self._poller = poller
        self._door, self._rtcp = pair.rtp, pair.rtcp
        self._line: socket.socket | None = None
        self.receive: Callable[[bytearray], int] = self._door.recv_into
        self.send: Callable[[bytes | memoryview], int] = self._send_by_door
        self.on_change: Callable[[], None] = _nobody
        self._on_line, self._on_packet, self._on_report = on_line, on_packet, on_report
        poller.add(self._door, self._read_door)
        poller.add(self._rtcp, self._read_report)

    def aim(self, remote: Address) -> None:
        """Send to `remote` from now on, and listen to everybody."""
        self._drop_line()
        self.remote = remote

    def connect(self, remote: Address, now: float) -> None:
        """Send to `remote` from now on, and hear it by the line."""
        self.aim(remote)
        line = connected_beside(self._door, remote)
        if line is None:
            return
        self._line, self.receive, self.send = line, line.recv_into, line.send
        self.on_change()
        self._poller.add(line, self._on_line)
        self._read_backlog(line, now)

    def _send_by_door(self, packet: bytes | memoryview) -> int:
        return self._door.sendto(packet, self.remote)

    def send_report(self, packet: bytes, to: Address) -> None:
        """Full buffers and unreachable far ends are counted."""
        try:
            self._rtcp.sendto(packet, to)
        except OSError:
            self.errors += 1

    @property
    def aimed(self) -> bool:
        """Whether it knows where to send to."""
        return self.remote[1] != 0

    def finish(self, now: float) -> None:
        """Read what the line holds: it would be lost with it, while what waits at the door is there for the next."""
        if self._line is not None:
            self._read_backlog(self._line, now)

    def close(self) -> None:
        self.closed = True
        self._drop_line()
        for sock in (self._door, self._rtcp):
            self._poller.remove(sock)
            sock.close()

    def _drop_line(self) -> None:
        if self._line is not None:
            self._poller.remove(self._line)
            self._line.close()
            self._line, self.receive, self.send = None, self._door.recv_into, self._send_by_door
            self.on_change()

    def _read_door(self, now: float) -> None:
        try:
            length, source = self._door.recvfrom_into(self.buffer)
        except OSError:
            return
        self._on_packet(length, source, now)

    def _read_backlog(self, line: socket.socket, now: float) -> None:
        # Between bind and connect anybody's packet could have landed here: these few are checked like the door's.
        for _ in range(_LARGEST_BACKLOG):
            try:
                length, source = line.recvfrom_into(self.buffer)
            except OSError:
                return
            self._on_packet(length, source, now)

    def _read_report(self, now: float) -> None:
        try:
            data, source = self._rtcp.recvfrom(LARGEST + 1)
        except OSError:
            return
        self._on_report(data, source, now)


def _nobody() -> None:
    """Nobody has to know."""


def connected_beside(door: socket.socket, remote: Address) -> socket.socket | None:
    """A second socket on the door's port, connected to `remote`; None where the system does not allow it.

    The port is shared only for this moment: the door refuses company again before anybody else can bind.
    """
    line = None
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with contextlib.suppress(OSError):
        line = bind_udp(*door.getsockname(), shared=True)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    if line is None:
        return None
    try:
        line.connect(remote)
    except OSError:
        line.close()
        return None
    return line
