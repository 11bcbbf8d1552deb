"""The far ends of many RTP streams (`peers/rtp_load.c`), and what a program that talks to them spends."""

import os
import signal
import subprocess
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench import peering
from kit.limits import allow_many_files

BUILT = Path(".cache/bench")
FIRST_PORT = int(os.environ.get("BENCH_FIRST_PORT", "20000"))
"""And those after it, to some 40,000 more: two benches at once need stretches of their own."""
PATIENCE_S = 120
READY_S, END_S = 20.0, 10.0
"""A program that takes longer to begin, or to end, carries more than it can."""


@dataclass(frozen=True, slots=True)
class Run:
    """`sent`, `got`: packets of the far ends; `p50_us`, `p99_us`: of the delay, or of how late packets came.

    `rate`: packets a second that each end got; `cpu_s`: of the program between them; `passed`: packets that it sent, or
    decoded.
    """

    sent: int
    got: int
    p50_us: int
    p99_us: int
    rate: float
    cpu_s: float
    passed: int

    @property
    def lost(self) -> float:
        return 1 - self.got / self.sent


def built(name: str, *libraries: str) -> str:
    """A program of `peers/NAME.c`, compiled anew when its source is newer. Raises CalledProcessError."""
    source, program = peering.HERE / f"{name}.c", BUILT / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-o", str(program), str(source), *libraries], check=True)
    return str(program)


def run(
    command: Sequence[str],
    ends: int,
    seconds: float,
    *,
    paired: bool,
    sound: Path | None = None,
    log: int | IO[str] = subprocess.DEVNULL,
) -> Run:
    """Start the program, let the far ends talk to the ports that it names, end it: each on a core of its own.

    `sound`: what they say, G.711; `log`: where the program's stderr goes. Raises EOFError when it was not ready,
    or over, in time.
    """
    load = [built("rtp_load"), str(FIRST_PORT), str(ends), str(seconds), str(int(paired))]
    load += [str(sound)] if sound is not None else []
    allow_many_files()
    cores = sorted(os.sched_getaffinity(0))
    with _on(cores[0]):
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    with program, _on(cores[-1]):
        try:
            assert program.stdout is not None
            with _no_longer_than(READY_S, program):
                ports = _until_ready(program.stdout)
            done = subprocess.run(load, input=ports, stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE_S)
            with _no_longer_than(END_S, program):
                program.terminate()
                cpu, passed = _told(program.stdout.readline()).split()
                program.wait()
        except BaseException:
            _kill(program)
            raise
    sent, got, p50, p99, rate = map(int, done.stdout.split())
    return Run(sent, got, p50, p99, rate / 1000, float(cpu), int(passed))


@contextmanager
def _no_longer_than(seconds: float, program: subprocess.Popen[str]) -> Generator[None]:
    limit = threading.Timer(seconds, _kill, (program,))
    limit.start()
    try:
        yield
    finally:
        limit.cancel()


def _kill(program: subprocess.Popen[str]) -> None:
    """With all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)


def _until_ready(said: IO[str]) -> str:
    """The lines before "ready". Raises EOFError when the program ends without it."""
    return "".join(map(_told, iter(said.readline, "ready\n")))


def _told(line: str) -> str:
    if not line:
        raise EOFError("the program ended without a word, or took too long")
    return line


@contextmanager
def _on(core: int) -> Generator[None]:
    """What is started inside runs on this core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
