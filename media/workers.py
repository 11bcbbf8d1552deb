"""The sound in processes of its own beside the engine's: `media.interface.Media` over as many as there are to be.

This process keeps the ports and what both sides said of each leg; a sound process has the packets. Legs that are joined
are brought into one process. One that dies is replaced, and its legs go on in the new one, on the same ports.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import count
from typing import cast

from kit import log, metrics
from media.channel import Channel
from media.errors import NoSoundProcess
from media.events import Closed, Event, Left, LegEvent, Notes, Trouble
from media.orders import Order
from media.ports import PortRange
from media.remote import RemoteSound
from media.sdes import Encryption

_log = log.get("media.workers")
DIED = metrics.counter("sound_processes_died", "Sound processes that ended by themselves, or that did not answer")
PROCESSES = metrics.gauge("sound_processes", "Sound processes beside the engine's")

_BEAT_S = 1.0
_SILENT_BEATS, _STARTING_BEATS = 5, 30
"""Beats without a word of a process after which it is ended: one that runs, and one that has not begun yet."""
_LOOK_S, _STOP_LOOKS, _START_LOOKS = 0.01, 300, 3000


class Worker:
    """One sound process, seen from here. `legs`: those whose sockets it has, or is about to give back."""

    def __init__(self, pool: "Workers") -> None:
        ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pool = pool
        self.legs: dict[int, RemoteSound] = {}
        self._channel = Channel(ours, self._hear, self._died)
        self._process: subprocess.Popen[bytes] | None = None
        self._silent = 0
        self.ready = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Begin the process; orders wait for it. Raises OSError when there can be no more processes."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("AHIZE_")}  # no secrets
        known["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter
            [sys.executable, "-P", "-m", "media.soundprocess", str(self._theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=2,  # what is asked of the service's own output is nothing but that
            pass_fds=(self._theirs.fileno(),),
            env=known,
        )
        self._theirs.close()

    def send(self, order: Order, files: Sequence[int] = ()) -> None:
        self._channel.send(order, files)

    def _hear(self, message: object, _: Sequence[int]) -> None:
        self._silent, self.ready = 0, True
        event = cast("Event", message)
        if isinstance(event, Trouble):
            _log.error(
                "a sound process could not carry out an order", kind=event.order, error=event.error, pid=self.pid
            )
        elif isinstance(event, Notes):
            for note in event.notes:
                self._pass_on(note)
        else:
            self._pass_on(event)

    def _pass_on(self, event: LegEvent) -> None:
        gone = isinstance(event, Left | Closed)
        sound = self.legs.pop(event.leg, None) if gone else self.legs.get(event.leg)
        if sound is not None:
            sound.hear(event)

    def beat(self) -> None:
        """A second more."""
        self._silent += 1
        if self._process is None:
            self.start()
        elif self._silent > (_SILENT_BEATS if self.ready else _STARTING_BEATS):
            self._process.kill()

    def _died(self) -> None:
        if self._process is not None:
            self._process.kill()  # one that only hangs would go on to take packets
        self.end()
        self._pool.replace(self)

    def end(self) -> None:
        """Close the channel, upon which the process ends; it is not asked twice."""
        self._channel.close()
        self._theirs.close()
        if self._process is not None and self._process.poll() is None:
            self._pool.ending.append(self._process)


class Workers:
    """`number`: how many processes; one more stands by. `ending`: those that were told to end."""

    def __init__(self, ports: PortRange, number: int) -> None:
        self._ports, self._number = ports, number
        self._workers: list[Worker] = []
        self._numbers = count(1)
        self._timer: asyncio.TimerHandle | None = None
        self.ending: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        """Begin the processes and wait until they listen. Raises NoSoundProcess."""
        self._workers = [Worker(self) for _ in range(self._number + 1)]
        try:
            for worker in self._workers:
                worker.start()
        except OSError as error:
            await self.stop()
            raise NoSoundProcess(error.strerror or "no reason given") from error
        self._beat()
        if not await _until(lambda: all(worker.ready for worker in self._working), _START_LOOKS):
            await self.stop()
            raise NoSoundProcess("they do not answer")
        PROCESSES.set(self._number)

    @property
    def _working(self) -> list[Worker]:
        return self._workers[: self._number]

    def open(self, *, advertise: str | None = None, encryption: Encryption = Encryption.OFF) -> RemoteSound:
        pair = self._ports.take()
        sound = RemoteSound(self.place, next(self._numbers), pair, advertise or self._ports.host, encryption)
        sound.enter(self.place())
        return sound

    def place(self) -> Worker:
        """The process with the fewest legs."""
        return min(self._working, key=lambda worker: len(worker.legs))

    def replace(self, dead: Worker) -> None:
        """A process is gone: the one that stands by takes its place, and its legs; another is begun at the next beat,
        so that a fault does not become a storm."""
        DIED.inc()
        _log.error("a sound process died; its calls go on in another", pid=dead.pid, count=len(dead.legs))
        at = self._workers.index(dead)
        self._workers.append(Worker(self))
        self._workers[at] = self._workers[self._number]
        fresh = self._workers.pop(self._number)
        for sound in dead.legs.values():
            sound.home = None
        for sound in dead.legs.values():
            try:
                sound.survive(fresh)
            except Exception:  # what is told of one leg must not keep the others silent
                _log.exception("a leg could not go on in another sound process", leg=sound.number)

    def _beat(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_BEAT_S, self._beat)
        for worker in self._workers:
            worker.beat()
        self.ending = [process for process in self.ending if process.poll() is None]

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await _until(lambda: not any(worker.legs for worker in self._workers), _STOP_LOOKS)
        for worker in self._workers:
            worker.end()
        self._workers = []
        await _until(lambda: all(process.poll() is not None for process in self.ending), _STOP_LOOKS)
        for process in self.ending:
            process.kill()
            process.wait()


async def _until(done: Callable[[], bool], looks: int) -> bool:
    """Wait for it, but not for ever."""
    for _ in range(looks):
        if done():
            return True
        await asyncio.sleep(_LOOK_S)
    return False
