"""The practice exchange as a process of its own, spoken to by lines of JSON."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from kit.errors import Unavailable

START_S = 20
STOP_S = 10
SECRET = "practice-secret"  # noqa: S105  the exchange is on loopback and made for one demo


class ExchangeFailed(Unavailable):
    """The practice exchange did not start; its own words stand above."""

    code = "exchange_failed"


class Exchange:
    """`port`: where it takes SIP."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process, self.port = process, port

    async def ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        """Send one command and give its answer. Raises ExchangeFailed when it has died."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ExchangeFailed()
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
        await self._process.stdin.drain()
        line = await asyncio.wait_for(self._process.stdout.readline(), START_S)
        if not line:
            raise ExchangeFailed()
        return json.loads(line)


@asynccontextmanager
async def running(log: Path, extensions: int, called: str, per_minute: float) -> AsyncGenerator[Exchange]:
    """An exchange with `extensions` phones from 1001 on; it calls the service `per_minute` times. Raises
    ExchangeFailed."""
    config = {
        "port": 0,
        "accounts": {"dialer": SECRET},
        "phones": {"count": extensions},
        "inbound": {"number": called, "per_minute": per_minute},
        "log": str(log),
        "commands": True,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "practice", json.dumps(config)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is ours: the exchange ends after the service
        cwd=Path(__file__).parents[2],
    )
    try:
        yield Exchange(process, await _ready(process))
    finally:
        await _end(process)


async def _ready(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), START_S)
    if not line:
        raise ExchangeFailed()
    return int(json.loads(line)["address"].rpartition(":")[2])


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
