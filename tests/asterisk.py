"""A real Asterisk for tests, by `tests/pbx/pbx`: one a file of tests, on a free port base.

`TEST_PBX` names another program of the same kind. The fixture is `pbx`.
"""

import asyncio
import csv
import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

PROGRAM = Path(os.environ.get("TEST_PBX") or Path(__file__).parent / "pbx" / "pbx")
MISSING = "no test PBX: run `make pbx` (Debian), or give its program in TEST_PBX"
BASES = range(32_860, 61_000, 4_100)
"""Port bases apart enough for 4,000 RTP ports each."""


@dataclass(frozen=True)
class CallRecord:
    """One line of Asterisk's call records: what the other side saw. Seconds are whole."""

    start: str
    caller: str
    extension: str
    number: str
    outcome: str
    seconds: int
    answered: int
    remark: str
    channel: str
    unique: str


@dataclass(frozen=True)
class Pbx:
    """A running PBX. `port` is SIP's, for UDP and TCP; TLS, AMI and ARI stand on the ports after it."""

    host: str
    port: int
    folder: Path

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    def cli(self, command: str) -> str:
        """What Asterisk's console says to a command."""
        return _run("cli", "--port-base", str(self.port), command)

    async def command(self, command: str) -> str:
        """The same without holding the loop."""
        return await asyncio.to_thread(self.cli, command)

    async def call_in(self, called: str, caller: str, then: str = "silent") -> None:
        """Let the outside call `called` at whoever registered as `dialer`; `then`: what the caller does when answered
        (human, silent, talker, echo, tone, hangup-N)."""
        await self.command(f"channel originate Local/{called}*{caller}@to-dialer extension {then}@caller")

    def kill(self) -> None:
        """As a power cut would: nobody is told."""
        self._signal(signal.SIGKILL)
        _run("stop", "--port-base", str(self.port))

    def freeze(self) -> None:
        """Say nothing more, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        os.kill(int((self.folder / "pbx.pid").read_text().split()[0]), number)

    def stop(self) -> None:
        """In order, but for the calls that are on."""
        _run("stop", "--port-base", str(self.port))

    def start(self) -> None:
        """Again, on the same port; what it knew of registrations and calls is gone."""
        _run("start", "--port-base", str(self.port))

    def calls(self) -> list[CallRecord]:
        """All call records so far."""
        try:
            with (self.folder / "log" / "cdr-custom" / "calls.csv").open(newline="") as file:
                return [CallRecord(*row[:5], int(row[5]), int(row[6]), *row[7:10]) for row in csv.reader(file)]
        except FileNotFoundError:
            return []

    async def record(self, number: str, within: float = 5.0) -> CallRecord:
        """The last record of a call to `number` (digits, without +); waits for it."""
        ends = time.monotonic() + within
        while True:
            found = [call for call in self.calls() if call.number == number]
            if found:
                return found[-1]
            if time.monotonic() > ends:
                raise AssertionError(f"Asterisk has no record of a call to {number}")
            await asyncio.sleep(0.05)

    def channels(self) -> int:
        """How many channels live now."""
        return int(self.cli("core show channels count").split()[0])

    async def until_quiet(self, within: float = 5.0) -> None:
        """Wait until no channel lives."""
        ends = time.monotonic() + within
        while await asyncio.to_thread(self.channels):
            if time.monotonic() > ends:
                raise AssertionError("Asterisk still has channels: " + self.cli("core show channels concise"))
            await asyncio.sleep(0.1)


def _run(*arguments: str) -> str:
    done = subprocess.run([str(PROGRAM), *arguments], capture_output=True, text=True, timeout=90)
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr).strip())
    return done.stdout


def _start() -> tuple[int, IO[str]] | None:
    """Start a PBX of our own; its port base and the claim on it, or None when it is not installed."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    bases = [*BASES[worker:], *BASES[:worker]]
    for base in bases:
        claim = _claim(base)
        if claim is None:
            continue
        try:
            if "runs already" in _run("start", "--port-base", str(base)):  # whoever started it is gone
                _run("stop", "--port-base", str(base))
                _run("start", "--port-base", str(base))
        except RuntimeError as error:
            claim.close()
            if "not installed" in str(error):
                return None
            if "choose another" not in str(error):
                raise
            continue
        return base, claim
    raise RuntimeError(f"no port base of {bases} is free for the test PBX")


def _claim(base: int) -> IO[str] | None:
    """Keep other test processes off a port base, also while its PBX is stopped; ends with the process."""
    file = (Path(tempfile.gettempdir()) / f"ahize-test-pbx-{base}").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _settings(base: int) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in _run("env", "--port-base", str(base)).splitlines())


@contextmanager
def server() -> Iterator[Pbx | None]:
    """A PBX for as long as the context lasts; None where it is not installed."""
    started = _start() if PROGRAM.exists() else None
    if started is None:
        yield None
        return
    base, claim = started
    with claim:
        try:
            yield Pbx("127.0.0.1", base, Path(_settings(base)["PBX_RUN"]))
        finally:
            _run("stop", "--port-base", str(base))


@pytest.fixture(scope="module")
def pbx() -> Iterator[Pbx]:
    """A real Asterisk, of each file's own: no more of them live at once than there are port bases. Skips where it is
    not installed."""
    with server() as running:
        if running is None:
            pytest.skip(MISSING)
        yield running
