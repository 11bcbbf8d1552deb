"""Messages between two of our own processes, in order, with open files beside them, over one private socket pair.

Pickled: both ends are this program, and nobody else can reach the pair.
"""

import array
import asyncio
import pickle
import socket
from collections import deque
from collections.abc import Callable, Sequence

MOST_WAITING = 4096
"""Messages that wait for the other side to read. One that leaves more unread is not alive."""
_LARGEST = 1 << 18
_MOST_FILES = 2
_AT_ONCE = 64
_FILES = array.array("i")

OnMessage = Callable[[object, Sequence[int]], None]


class Channel:
    """One end, on the running loop. `send` never waits. `on_end()` comes once, when the other side is gone, or reads
    no more; not after `close`."""

    def __init__(self, sock: socket.socket, on_message: OnMessage, on_end: Callable[[], None]) -> None:
        sock.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._sock, self._on_message, self._on_end = sock, on_message, on_end
        self._buffer = bytearray(_LARGEST)
        self._waiting: deque[tuple[bytes, Sequence[int]]] = deque()
        self._closed = False
        self._loop.add_reader(sock, self._read)

    def send(self, message: object, files: Sequence[int] = ()) -> None:
        """`files`: descriptors that the other side gets copies of; they must stay open until its answer."""
        if self._closed:
            return
        self._waiting.append((pickle.dumps(message, pickle.HIGHEST_PROTOCOL), files))
        if len(self._waiting) == 1:
            self._write()
        elif len(self._waiting) > MOST_WAITING:
            self._loop.call_soon(self._end)

    def _write(self) -> None:
        try:
            while self._waiting:
                data, files = self._waiting[0]
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
                self._sock.sendmsg([data], rights)
                self._waiting.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._sock, self._write)
            return
        except OSError:
            self._loop.call_soon(self._end)
            return
        self._loop.remove_writer(self._sock)

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                length, rights, _, _ = self._sock.recvmsg_into(
                    [self._buffer], socket.CMSG_SPACE(_MOST_FILES * _FILES.itemsize), socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                return
            except OSError:
                length, rights = 0, []
            if length == 0:
                self._end()
                return
            self._on_message(pickle.loads(memoryview(self._buffer)[:length]), _files(rights))  # noqa: S301  our own
            if self._closed:
                return

    def _end(self) -> None:
        if not self._closed:
            self.close()
            self._on_end()

    def close(self) -> None:
        """Twice is fine."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()


def _files(rights: Sequence[tuple[int, int, bytes]]) -> Sequence[int]:
    files = array.array("i")
    for level, kind, data in rights:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files.frombytes(data[: len(data) - len(data) % files.itemsize])
    return files
