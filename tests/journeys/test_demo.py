"""The example centre as a newcomer runs it: figures that agree with the far end's log, and a clean end by Ctrl-C."""

import asyncio
import json
import re
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest
from running import ROOT

from cli.demo.centre import Door

pytestmark = pytest.mark.timeout(180)

END_S = 15.0
"""From the second Ctrl-C to the prompt: calls that are on are cut short."""


@asynccontextmanager
async def demo(folder: Path, *arguments: str) -> AsyncIterator[Process]:
    """`ahize demo` while the block runs, in a session of its own as a terminal gives it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "demo", "--folder", str(folder), *arguments),
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()


async def read_until(process: Process, wanted: str, within: float = 60.0) -> str:
    """What it says on standard error up to the line that holds `wanted`."""
    assert process.stderr is not None
    said = ""
    async with asyncio.timeout(within):
        while wanted not in said:
            line = await process.stderr.readline()
            assert line, f"the demo ended:\n{said}"
            said += line.decode()
    return said


def family(process: Process) -> list[psutil.Process]:
    """The demo's process and all that it started."""
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


async def test_a_headless_run_ends_with_figures_that_both_sides_agree_on(tmp_path: Path):
    async with demo(tmp_path / "demo", "--for", "15", "--json", "--operators", "4") as process:
        output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    (line,) = output.decode().splitlines()
    figures = json.loads(line)
    assert figures["agree"] is True, figures
    assert figures["attempts"] >= figures["answered"] >= figures["connected"] > 0, figures
    assert figures["connected"] <= figures["results"] <= figures["connected"] + figures["incoming"], figures
    assert 0 < figures["answer_to_pop_ms"]["p50"] <= figures["answer_to_pop_ms"]["p99"], figures


async def test_ctrl_c_lets_talks_end_and_a_second_one_ends_all_at_once(tmp_path: Path):
    async with demo(tmp_path / "demo", "--port", "0", "--operators", "3") as process:
        said = await read_until(process, "Ctrl-C ends the demo")
        (url,) = re.findall(r"Ahize is at (http://[^ ]+?)\.? ", said)
        links = dict(re.findall(r"(operator|supervisor|manager) +(http\S+)", said))
        async with Door(url) as door:
            me = (await door.sign_in(links["operator"]))["user"]
            campaigns = (await door.get("/desk"))["campaigns"]
        await asyncio.sleep(3)
        members = family(process)

        process.send_signal(signal.SIGINT)
        await read_until(process, "Ctrl-C ends it at once")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        errors = (await asyncio.wait_for(process.communicate(), 60))[1].decode()
        took = time.monotonic() - began

    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert took < END_S, f"{took:.1f} s"
    assert me["extension"] == "1001"
    assert {each["temperature"] for each in campaigns} == {"cold", "warm", "hot"}
    assert len(links) == 3
    assert len(members) >= 2
    assert psutil.wait_procs(members, timeout=15)[1] == []
    with pytest.raises(httpx.TransportError):
        await asyncio.to_thread(httpx.get, f"{url}/health", trust_env=False)
