"""The far ends of many RTP streams (`peers/rtp_load.c`), and what a program that talks to them spends."""

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench import peering

BUILT = Path(".cache/bench")
FIRST_PORT = 20_000
PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Run:
    """`sent`, `got`: packets of the far ends; `p50_us`, `p99_us`: of the delay, or of how uneven the gaps were.

    `cpu_s`: of the program between them; `passed`: packets that it sent.
    """

    sent: int
    got: int
    p50_us: int
    p99_us: int
    cpu_s: float
    passed: int

    @property
    def lost(self) -> float:
        return 1 - self.got / self.sent


def built(name: str) -> str:
    """A program of `peers/NAME.c`, compiled anew when its source is newer."""
    source, program = peering.HERE / f"{name}.c", BUILT / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-o", str(program), str(source)], check=True)
    return str(program)


def run(
    command: Sequence[str], ends: int, seconds: float, *, paired: bool, log: int | IO[str] = subprocess.DEVNULL
) -> Run:
    """Start the program, let the far ends talk to the ports that it names, end it. `log`: where its stderr goes."""
    load = [built("rtp_load"), str(FIRST_PORT), str(ends), str(seconds), str(int(paired))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as program:
        assert program.stdout is not None
        ports = "".join(iter(program.stdout.readline, "ready\n"))
        done = subprocess.run(load, input=ports, stdout=subprocess.PIPE, text=True, check=True, timeout=PATIENCE_S)
        os.kill(program.pid, signal.SIGTERM)
        cpu, passed = program.stdout.readline().split()
    sent, got, p50, p99 = map(int, done.stdout.split())
    return Run(sent, got, p50, p99, float(cpu), int(passed))
