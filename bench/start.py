"""P13: from the command to taking calls (pages answer, trunk registered), and the memory of an idle service."""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import yaml

from bench.figures import Figure

REPEATS = 5
SECRET = "practice-secret"


def measure() -> Iterator[Figure]:
    with _exchange() as port:
        runs = _runs(port)
    yield Figure("P13", "cold start to taking calls", tuple(run[0] for run in runs), "s", "≤ 3 s")
    yield Figure("P13", "memory of the idle service", tuple(run[1] for run in runs), "MB", "≤ 150 MB")


@contextmanager
def _exchange() -> Iterator[int]:
    config = json.dumps({"port": 0, "accounts": {"dialer": SECRET}})
    with subprocess.Popen([sys.executable, "-m", "practice", config], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(json.loads(process.stdout.readline())["address"].rpartition(":")[2])
        process.terminate()


def _runs(exchange: int) -> list[tuple[float, float]]:
    """Starts on a base that is there already; the one that makes it is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder), exchange)
        return [_start(config) for _ in range(REPEATS + 1)][1:]


def _start(config: Path) -> tuple[float, float]:
    """Seconds to the trunk's registration, which comes after the pages; resident MB a moment later."""
    began = time.monotonic()
    command = [sys.executable, "-m", "cli.main", "serve", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        took = _until_up(process) - began
        time.sleep(1)
        memory = psutil.Process(process.pid).memory_info().rss / 1e6
        process.terminate()
    return took, memory


def _until_up(process: subprocess.Popen[str]) -> float:
    """When both were said: where the pages are, and that the trunk is up."""
    wanted = {"pages": r"Ahize is at", "trunk": r"trunk.*registered"}
    assert process.stderr is not None
    for line in process.stderr:
        wanted = {name: pattern for name, pattern in wanted.items() if not re.search(pattern, line)}
        if not wanted:
            return time.monotonic()
    raise RuntimeError(f"the service ended without saying: {', '.join(wanted)}")


def _config(folder: Path, exchange: int) -> Path:
    path = folder / "config.yaml"
    trunk = {"name": "pbx", "host": "127.0.0.1", "port": exchange, "username": "dialer", "password": SECRET}
    settings = {
        "server": {"port": 0},
        "database": {"url": f"sqlite+aiosqlite:///{folder / 'ahize.db'}"},
        "keys": {"master_key_file": str(folder / "master.key")},
        "uploads": {"folder": str(folder / "uploads")},
        "sip": {"port": 0},
        "trunks": [trunk],
    }
    path.write_text(yaml.safe_dump(settings))
    return path
