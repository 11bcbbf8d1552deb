"""SIPp at the other end, and as the ceiling of what a caller can do."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
_PATIENT = ("-default_behaviors", "all,-abortunexp,-bye")
"""SIPp would give a call up whose INVITE comes once more, late."""
_ANSWERING = str(Path(__file__).parent.resolve() / "peers" / "answering.xml")


@contextmanager
def uas(log: Path | None = None) -> Iterator[int]:
    """An answering side on a free port, which is given: SIPp's own; with a log, one that writes there what it saw."""
    port = free_port()
    scenario = ["-sn", "uas"] if log is None else ["-sf", _ANSWERING, *_PATIENT, "-trace_logs", "-log_file", str(log)]
    command = ["sipp", *scenario, "-i", HOST, "-p", str(port), "-nostdin"]
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(command, cwd=folder, **_SILENT) as process:
        _until_bound(port)
        try:
            yield port
        finally:
            process.kill()


def uac(port: int, count: int, rate: int = 1500) -> float:
    """SIPp's own calling side places `count` calls; CPU seconds of one."""
    amount = ["-m", str(count), "-r", str(rate), "-d", "0"]
    command = ["sipp", "-sn", "uac", f"{HOST}:{port}", "-i", HOST, *amount, "-nostdin"]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(command, cwd=folder, **_SILENT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"SIPp's caller ended with {process.returncode}: not all calls were answered")
    return (used.ru_utime + used.ru_stime) / count


_SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def _until_bound(port: int) -> None:
    """Wait until somebody holds the port."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            try:
                one.bind((HOST, port))
            except OSError:
                return
        time.sleep(0.05)
    raise RuntimeError("SIPp did not start: is sip-tester installed?")
