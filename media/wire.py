"""The sockets of one leg.

The *door* is bound and takes packets from anybody. Once the far end is known, a second socket on the same port, the
*line*, is connected to it: the kernel then sorts its packets out, which saves the check of each source and an address
with every packet sent; strangers still arrive at the door, where they are counted.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from media.latch import Address
from media.ports import PortPair, bind_udp

LARGEST = 1500
"""Bytes; no datagram of sound is longer."""
_LARGEST_BACKLOG = 64

OnPacket = Callable[[int, Address | None], None]
OnReport = Callable[[bytes, Address], None]


class Wire:
    """Calls `on_packet(length, source)` for each datagram in `buffer`; `length` above LARGEST: it was cut.

    `source` None: it came by the line, so from the connected far end. `on_report(data, source)`: a datagram for RTCP.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, pair: PortPair, on_packet: OnPacket, on_report: OnReport
    ) -> None:
        self.buffer = bytearray(LARGEST + 1)
        self.port = pair.port
        self.errors = 0
        self.remote: Address | None = None
        self._loop = loop
        self._door, self._rtcp = pair.rtp, pair.rtcp
        self._line: socket.socket | None = None
        self._on_packet, self._on_report = on_packet, on_report
        loop.add_reader(self._door, self._read_door)
        loop.add_reader(self._rtcp, self._read_report)

    def aim(self, remote: Address) -> None:
        """Send to `remote` from now on, and listen to everybody."""
        self._drop_line()
        self.remote = remote

    def connect(self, remote: Address) -> None:
        """Send to `remote` from now on, and hear it by the line."""
        self.aim(remote)
        line = connected_beside(self._door, remote)
        if line is None:
            return
        self._line = line
        self._read_backlog(line)
        if self._line is line:
            self._loop.add_reader(line, self._read_line)

    def send(self, packet: bytes | bytearray | memoryview) -> bool:
        """Whether the packet left. Full buffers and unreachable far ends are counted, never raised."""
        try:
            if self._line is not None:
                self._line.send(packet)
            elif self.remote is not None:
                self._door.sendto(packet, self.remote)
            else:
                return False
        except OSError:
            self.errors += 1
            return False
        return True

    def send_report(self, packet: bytes, to: Address) -> None:
        try:
            self._rtcp.sendto(packet, to)
        except OSError:
            self.errors += 1

    def close(self) -> None:
        self._drop_line()
        for sock in (self._door, self._rtcp):
            self._loop.remove_reader(sock)
            sock.close()

    def _drop_line(self) -> None:
        if self._line is not None:
            self._loop.remove_reader(self._line)
            self._line.close()
            self._line = None

    def _read_door(self) -> None:
        try:
            length, source = self._door.recvfrom_into(self.buffer)
        except OSError:
            return
        self._on_packet(length, source)

    def _read_line(self) -> None:
        line = self._line
        if line is None:
            return
        try:
            length = line.recv_into(self.buffer)
        except BlockingIOError:
            return
        except OSError:
            self.errors += 1
            return
        self._on_packet(length, None)

    def _read_backlog(self, line: socket.socket) -> None:
        # Between bind and connect anybody's packet could have landed here: these few are checked like the door's.
        for _ in range(_LARGEST_BACKLOG):
            try:
                length, source = line.recvfrom_into(self.buffer)
            except OSError:
                return
            self._on_packet(length, source)

    def _read_report(self) -> None:
        try:
            data, source = self._rtcp.recvfrom(LARGEST + 1)
        except OSError:
            return
        self._on_report(data, source)


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
