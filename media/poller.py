"""All sockets of sound of an event loop behind one file descriptor.

The loop then runs one callback for whatever is ready instead of one for each socket, and its clock is read once for all
of them. Seen from outside each reader is called as by `loop.add_reader`.
"""

import asyncio
import select
import socket
from collections.abc import Callable
from weakref import WeakKeyDictionary

from media.arrival import Arrival
from media.description import PCMU
from media.errors import NoSocketsLeft

LARGEST = 1500
"""Bytes; no datagram of sound is longer."""
_MOST_AT_ONCE = 256
"""Readers of one round: some milliseconds at most, then the loop has its turn."""
HEADER, USUAL = 12, 172
"""The bytes of an RTP header, and with 20 ms of sound behind it."""

Reader = Callable[[float], None]
"""Reads one datagram; given the moment by loop.time()."""


class Poller:
    """Calls the reader of each socket that has something to read.

    `buffer`: one for whoever reads, a byte longer than any sound, good until the next reader's turn. `packet`, `sound`:
    what lies in it of a packet of the usual length; `arrival`: to be filled in for it. That all legs share these keeps
    them in the processor's caches.
    """

    __slots__ = ("_epoll", "_loop", "_poll", "_readers", "_time", "arrival", "buffer", "packet", "sound")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.buffer = bytearray(LARGEST + 1)
        self.packet = memoryview(self.buffer)[:USUAL]
        self.sound = self.packet[HEADER:]
        self.arrival = Arrival(PCMU, False, 0, 0, 0, self.buffer, HEADER, HEADER, 0.0)
        self._loop, self._time = loop, loop.time
        self._readers: dict[int, Reader] = {}
        self._epoll = select.epoll()
        self._poll = self._epoll.poll
        loop.add_reader(self._epoll.fileno(), self._round)

    @classmethod
    def of_running_loop(cls) -> "Poller":
        """The one poller of the running event loop; it ends with its last socket. Raises NoSocketsLeft."""
        loop = asyncio.get_running_loop()
        poller = _pollers.get(loop)
        if poller is None:
            try:
                poller = _pollers[loop] = cls(loop)
            except OSError as error:
                raise NoSocketsLeft(error.strerror or "no reason given") from error
        return poller

    def add(self, sock: socket.socket, reader: Reader) -> None:
        """Call `reader` from now on while the socket has something."""
        self._readers[sock.fileno()] = reader
        self._epoll.register(sock, select.EPOLLIN)

    def remove(self, sock: socket.socket) -> None:
        """Call it no more; before the socket is closed."""
        self._epoll.unregister(sock)
        del self._readers[sock.fileno()]
        if not self._readers:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
            del _pollers[self._loop]

    def _round(self) -> None:
        now, readers = self._time(), self._readers
        for number, _ in self._poll(0, _MOST_AT_ONCE):
            reader = readers.get(number)
            if reader is not None:  # an earlier one of this round may have closed it
                try:
                    reader(now)
                except Exception as error:  # one that always fails must not take the others' turns
                    self._loop.call_exception_handler({"message": "a reader of sound failed", "exception": error})


_pollers: WeakKeyDictionary[asyncio.AbstractEventLoop, Poller] = WeakKeyDictionary()
