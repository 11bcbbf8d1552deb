"""The thread that writes recordings, so that a slow or full disk never holds up the sound.

Pieces wait in memory, so many and no more. All that waits for one file is written at once, so that a disk that takes
long for each write keeps up with many recordings. What cannot be written is left out, and said.
"""

import asyncio
import errno
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from desk.recordings.sealed import PIECE, RATE, SIDES, Sealer
from kit import log, metrics

_log = log.get("desk.recordings")
DROPPED = metrics.counter("recording_seconds_dropped", "Seconds of recordings that could not be kept", ("reason",))

ROOM = metrics.gauge("recording_disk_free_bytes", "Bytes that are free where recordings are")

DISK_FULL, DISK_ERROR, DISK_SLOW = "disk_full", "disk_error", "disk_slow"
NEARLY_FULL = "disk_nearly_full"
MOST_WAITING = 4096  # pieces, 64 MB: a minute of 70 calls
_PROBE_S, _LOOK_S, _CLOSE_S = 2.0, 30.0, 5.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

Piece = tuple[int, bytes, bool]
"""Place, sound, last."""


@dataclass(frozen=True, slots=True)
class Written:
    """How a recording ended: `seconds` stand in its file. `reason`: why something of it is missing."""

    seconds: float
    reason: str | None


class Tape:
    """One recording that is being written (`dialer.ports.RecordingSink`). `done`: resolved when its file is closed."""

    def __init__(self, shelf: "Shelf", recording: str, key: bytes, path: Path) -> None:
        self.done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._shelf, self._recording, self._key, self._path = shelf, recording, key, path
        self._places = 0
        self._sealer: Sealer | None = None
        self._file: FileIO | None = None
        self._reason: str | None = None
        self._samples = 0  # of each side, that stand in the file

    # ------------------------------------------------------------ on the loop

    def begin(self, law: str) -> None:
        self._sealer = Sealer(self._recording, self._key, law)

    def write(self, piece: bytes) -> None:
        self._put(piece, last=False)

    def finish(self, piece: bytes) -> None:
        self._put(piece, last=True)

    def _put(self, piece: bytes, *, last: bool) -> None:
        place, self._places = self._places, self._places + 1
        if not self._shelf.put(self, (place, piece, last)):
            self._missing(DISK_SLOW, 1)

    def _missing(self, reason: str, pieces: int) -> None:
        self._reason = self._reason or reason
        DROPPED.labels(reason).inc(pieces)

    # ------------------------------------------------------------ on the shelf's thread

    def store(self, pieces: list[Piece]) -> OSError | None:
        """Write pieces behind those that stand there; what failed, if anything did. The file stays as it was then."""
        assert self._sealer is not None
        failed, before, end = None, self._sealer.before, 0
        try:
            file = self._opened(self._sealer)
            end = file.tell()
            _write_all(file, b"".join(self._sealer.seal(place, sound, last=last) for place, sound, last in pieces))
            self._samples = pieces[-1][0] * RATE + len(pieces[-1][1]) // SIDES
        except OSError as error:
            failed, self._sealer.before = error, before
            self._missing(DISK_FULL if error.errno in _FULL else DISK_ERROR, len(pieces))
            self._cut(end)
        if pieces[-1][2]:
            self._close()
        return failed

    def _opened(self, sealer: Sealer) -> FileIO:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = FileIO(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w")
        if self._file.tell() == 0:
            _write_all(self._file, sealer.head)
        return self._file

    def _cut(self, end: int) -> None:
        """Take away what a write that failed left behind."""
        if self._file is None:
            return
        try:
            self._file.seek(end)
            self._file.truncate()
        except OSError:
            _log.exception("a recording may end in a piece that is cut short", recording=self._recording)

    def _close(self) -> None:
        if self._file is not None:
            try:
                os.fsync(self._file.fileno())
                self._file.close()
            except OSError:
                self._reason = self._reason or DISK_ERROR
        self._shelf.tell(self._resolve, Written(self._samples / RATE, self._reason))

    def _resolve(self, written: Written) -> None:
        if not self.done.done():
            self.done.set_result(written)


class Shelf:
    """All recordings under `folder`. Made and used on the loop; its thread runs from `start` to `close`.

    `spare`: bytes that are to stay free; with less, recordings of calls that are on are still written. `trouble`: why
    recordings cannot be kept now, or soon cannot; None: they can.
    """

    def __init__(self, folder: Path, most_waiting: int = MOST_WAITING, spare: int = 0) -> None:
        self._folder, self._most, self._spare = folder, most_waiting, spare
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Tape, deque[Piece]] = {}
        self._count = 0
        self._turn = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
        self.trouble: str | None = None

    def start(self) -> None:
        self.trouble = self._probe()
        self._thread.start()

    async def close(self) -> None:
        """Write what waits and end the thread; a disk that hangs is not waited for."""
        with self._turn:
            self._closing = True
            self._turn.notify()
        await asyncio.to_thread(self._thread.join, _CLOSE_S)

    def path_of(self, recording: str) -> Path:
        """Recordings of some hours lie in one folder: ids begin with the time."""
        return self._folder / recording[:6] / f"{recording}.ahr"

    def tape(self, recording: str, key: bytes) -> Tape:
        return Tape(self, recording, key, self.path_of(recording))

    def put(self, tape: Tape, piece: Piece) -> bool:
        """Let a piece be written. False: too many wait, it is left out; the last of a tape is always taken."""
        with self._turn:
            if self._count >= self._most and not piece[2]:
                self.trouble = self.trouble or DISK_SLOW
                return False
            self._waiting.setdefault(tape, deque()).append(piece)
            self._count += 1
            self._turn.notify()
        return True

    def tell(self, hear: Callable[[Written], None], written: Written) -> None:
        """Call `hear` on the loop."""
        self._loop.call_soon_threadsafe(hear, written)

    # ------------------------------------------------------------ on the thread

    def _run(self) -> None:
        while (job := self._next()) is not None:
            tape, pieces = job
            if tape is None:
                self.trouble = self._probe()
                continue
            self._judge(tape.store(pieces))

    def _next(self) -> tuple[Tape | None, list[Piece]] | None:
        """The tape that waits longest with all its pieces; no tape: see whether the trouble is over; None: the end."""
        with self._turn:
            while not self._waiting and not self._closing:
                if not self._turn.wait(_PROBE_S if self.trouble else _LOOK_S):
                    return None, []
            if not self._waiting:
                return None
            tape = next(iter(self._waiting))
            pieces = list(self._waiting.pop(tape))
            self._count -= len(pieces)
            return tape, pieces

    def _judge(self, failed: OSError | None) -> None:
        if failed is not None:
            if self.trouble is None:
                _log.error("recordings cannot be written", error=failed.strerror)
            self.trouble = DISK_FULL if failed.errno in _FULL else DISK_ERROR
        elif self._count < self._most // 2:
            self.trouble = self._little_room()

    def _probe(self) -> str | None:
        """Whether a few seconds can be written; why not."""
        file = self._folder / "probe"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(4 * PIECE))
            file.unlink()
        except OSError as error:
            return DISK_FULL if error.errno in _FULL else DISK_ERROR
        return self._little_room()

    def _little_room(self) -> str | None:
        """Said once, when it comes to that; over only with a tenth more, so that it does not come and go."""
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError:
            return DISK_ERROR
        ROOM.set(free)
        known = self.trouble == NEARLY_FULL
        if free >= self._spare * (1.1 if known else 1.0):
            return None
        if not known:
            _log.warning("the disk of recordings is nearly full: make room, or keep them for fewer days", size=free)
        return NEARLY_FULL


def _write_all(file: FileIO, some: bytes) -> None:
    """A disk that is nearly full takes a part and refuses the rest."""
    left = memoryview(some)
    while left:
        left = left[file.write(left) :]
