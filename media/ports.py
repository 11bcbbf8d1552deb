"""Port pairs for RTP (even) and RTCP (odd, the next one), taken from a range (RFC 3550 §11)."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

from media.errors import NoPortsLeft, NoSocketsLeft

RECEIVE_BUFFER = 1 << 18


@dataclass(frozen=True, slots=True)
class PortPair:
    """Two bound, non-blocking UDP sockets."""

    rtp: socket.socket
    rtcp: socket.socket

    @property
    def port(self) -> int:
        """The RTP port."""
        return int(self.rtp.getsockname()[1])

    def close(self) -> None:
        _close([self.rtp, self.rtcp])


class PortRange:
    """The ports of one interface. Turns through the range, so that a port rests after its call.

    `host`: the address to bind; `low` and `high`: first and last port that may be used.
    """

    def __init__(self, host: str, low: int, high: int) -> None:
        self.host, self.low, self.high = host, low, high
        self._first = low + low % 2
        self._pairs = max(0, (high - self._first + 1) // 2)
        self._turn = 0

    def take(self) -> PortPair:
        """Bind the next free pair. Raises NoPortsLeft, NoSocketsLeft."""
        for port in self._candidates():
            pair = self._bind_pair(port)
            if pair is not None:
                self._turn = (port - self._first) // 2 + 1
                return pair
        raise NoPortsLeft(self.host, self.low, self.high)

    def _candidates(self) -> Iterator[int]:
        for step in range(self._pairs):
            yield self._first + 2 * ((self._turn + step) % self._pairs)

    def _bind_pair(self, port: int) -> PortPair | None:
        bound: list[socket.socket] = []
        try:
            for number in (port, port + 1):
                sock = bind_udp(self.host, number)
                if sock is None:
                    break
                bound.append(sock)
            else:
                return PortPair(*bound)
        except OSError as error:
            _close(bound)
            raise NoSocketsLeft(error.strerror or "no reason given") from error
        _close(bound)
        return None


def _close(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


def bind_udp(host: str, port: int, *, shared: bool = False) -> socket.socket | None:
    """A non-blocking UDP socket, or None when the port is taken. `shared`: beside another that allows it.

    Raises OSError when there can be no more sockets.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        return None
    return sock
