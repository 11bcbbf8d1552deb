"""`docs/start.md` can be followed: its commands run as they stand there, in one shell from top to bottom."""

import asyncio
import re
import shutil
import time
from pathlib import Path

import pytest
from asterisk import Pbx
from running import ROOT, Service, until

from cli.demo.centre import Door

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(180)]

PASSWORD = "kirmizi-vapur-iskelede-7"
MOBILE = "0532 540 04 01"
PATIENCE_S = 60.0
KEY_OF = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"key\"])'"


def commands(url: str, code: str) -> str:
    """All blocks of the chapters 3 to 5 that are for the shell of the manager, with what the reader fills in."""
    text = (ROOT / "docs" / "start.md").read_text()
    chapters = text[text.index("## 3.") : text.index("## When nothing is dialed")]
    blocks = re.findall(r"^```\n(.*?)^```$", chapters, re.MULTILINE | re.DOTALL)
    script = "".join(block for block in blocks if "ahize phone" not in block)
    for written, meant in {
        "A=http://127.0.0.1:8080": f"A={url}",
        '"password": "…"': f'"password": "{PASSWORD}"',
        '"code": "123456"': f'"code": "{code}"',
        "number,name\\n…,": f"number,name\\n{MOBILE},",
        "ahize_…": "$KEY",
    }.items():
        assert script.count(written) == 1, written
        script = script.replace(written, meant)
    return re.sub(r"^ahize (\$API/keys .*)$", rf"KEY=$(ahize \1 | {KEY_OF})", script, flags=re.MULTILINE)


async def test_the_commands_of_the_first_steps_do_what_they_say(service: Service, pbx: Pbx, tmp_path: Path):
    if shutil.which("curl") is None:
        pytest.skip("no curl 7.82 or newer")
    async with Door(service.url) as admin:
        await admin.sign_in(service.first_link)
        await admin.post("/me/password", {"password": PASSWORD})

        assert admin.totp is not None
        following = admin.totp.at(int(time.time()), counter_offset=1)  # the one that is on set the factor up

        said = await ran("set -eu\n" + commands(service.url, following), tmp_path)

        (project,) = await admin.get("/projects")
        (campaign,) = await admin.get("/campaigns")
        lists = await until(lambda: read(admin), PATIENCE_S)

    assert project["name"] == "Example Broadband"
    assert campaign["state"] == "running"
    assert [day for day, spans in campaign["hours"].items() if spans] == ["mon", "tue", "wed", "thu", "fri"]
    assert sorted(counts["accepted"] for counts in lists) == [0, 1]
    assert sorted(counts["duplicate"] for counts in lists) == [0, 1]
    assert '"type":"urn:ahize:problem' not in said
    assert "/link#" in said


async def read(admin: Door) -> list[dict[str, int]] | None:
    """The counts of the two lists, by cookie and by key, once every row has its verdict."""
    listed = await admin.get("/lists")
    return [one["counts"] for one in listed] if [one["state"] for one in listed] == ["done", "done"] else None


async def ran(script: str, folder: Path) -> str:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("bash", "-c", script, cwd=folder, stdout=pipe, stderr=pipe)
    said, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0, f"{said.decode()}\n{errors.decode()}"
    return said.decode()
