"""`docs/howto/` can be followed: its commands run as they stand there, against simulated customers."""

import asyncio
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from running import NUMBER, ROOT, Centre, Desk, Service, until

from cli.demo import exchange

pytestmark = pytest.mark.timeout(180)

PASSWORD = "kirmizi-vapur-iskelede-7"
PERSON = "0532 100 04 03"
PATIENCE_S = 60.0
QUIET_PERSON = "0532 140 04 03"
RECORD, MACHINES, HELP = "record-calls", "tell-machines-from-people", "hold-hand-on-listen"


def blocks(document: str, language: str = "") -> list[str]:
    """The commands of a how-to, block by block."""
    text = (ROOT / "docs" / f"{document}.md").read_text()
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for named, block in found if named == language]


class Shell:
    """The one shell of a manager who has followed `docs/start.md` up to a campaign."""

    def __init__(self, centre: Centre, campaign: str, folder: Path) -> None:
        assert centre.admin.totp is not None
        code = centre.admin.totp.at(int(time.time()), counter_offset=1)  # the one that is on set the factor up
        opening = next(block for block in blocks("start") if "ahize()" in block)
        for written, meant in {"http://127.0.0.1:8080": centre.service.url, "…": PASSWORD, "123456": code}.items():
            assert opening.count(written) == 1, written
            opening = opening.replace(written, meant)
        opening = opening.replace("$(mktemp)", str(folder / "jar"))
        self._opening = f"{opening}\nPROJECT={centre.project}; CAMPAIGN={campaign}\n"
        self._kept = f"set -eu\n{self._opening.replace('ahize $API/session', ': ahize')}"
        self._folder = folder

    async def begin(self) -> None:
        await self._ran(f"set -eu\n{self._opening}")

    async def run(self, *commands: str) -> str:
        """What they say; signed in already."""
        said = await self._ran("\n".join((self._kept, *commands)))
        assert '"type":"urn:ahize:problem' not in said, said
        return said

    async def _ran(self, script: str) -> str:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec("bash", "-c", script, cwd=self._folder, stdout=pipe, stderr=pipe)
        said, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 0, f"{said.decode()}\n{errors.decode()}"
        return said.decode()


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    """A centre whose exchange has simulated customers, and phones of operator, supervisor and colleague."""
    if shutil.which("curl") is None:
        pytest.skip("no curl 7.82 or newer")
    async with exchange.running(tmp_path / "exchange.jsonl", 3, NUMBER, 0.0) as far:
        service = Service(tmp_path / "service", ("127.0.0.1", far.port), secret=exchange.SECRET)
        try:
            await service.start()
            opened = await Centre.open(service)
            await opened.admin.post("/me/password", {"password": PASSWORD})
            await opened.trunk_up()
            yield opened
            await opened.admin.browser.close()
        finally:
            await service.stop()


async def test_a_recorded_call_is_found_and_heard_kept_and_held(centre: Centre, tmp_path: Path):
    operator, campaign = await centre.operator("1001"), await centre.campaign("warm")
    shell = Shell(centre, campaign, tmp_path)
    outgoing, incoming, find, listen, audit, _, keep, hold, key, _ = blocks(f"howto/{RECORD}")
    await shell.begin()
    await shell.run(outgoing, incoming)
    secret = (await shell.run(key, "printf %s $KEY")).strip()

    call = await followed(centre, secret, operator, campaign, tmp_path)
    await until(lambda: is_kept(centre, call), PATIENCE_S)
    said = await shell.run(find, listen, audit, keep, hold)

    assert f'"id":"{call}"' in said
    assert '"recording.exported"' in said
    assert (tmp_path / "call.wav").read_bytes()[8:12] == b"WAVE"
    assert [each["held"] for each in await centre.admin.get(f"/calls/{call}/recordings")] == [True]
    project = await centre.admin.get(f"/projects/{centre.project}")
    assert (project["record_incoming"], project["record_notice"], project["keep_days"]) == (True, "recorded", 90)
    await operator.close()


async def is_kept(centre: Centre, call: str) -> bool:
    return [each["state"] for each in await centre.admin.get(f"/calls/{call}/recordings")] == ["kept"]


async def followed(centre: Centre, key: str, operator: Desk, campaign: str, folder: Path) -> str:
    """The call that the how-to's own program tells of, as it ends."""
    (program,) = blocks(f"howto/{RECORD}", "python")
    (folder / "follow.py").write_text(program)
    follower = await asyncio.create_subprocess_exec(
        *(sys.executable, "follow.py"),
        cwd=folder,
        env={"A": centre.service.url, "KEY": key},
        stdout=asyncio.subprocess.PIPE,
    )
    assert follower.stdout is not None
    try:
        await centre.upload(campaign, [PERSON])
        await operator.ready()
        await centre.start(campaign)
        pop = await operator.pop(within=PATIENCE_S)
        await operator.door.post(f"/calls/{pop['call']}/hangup")
        told = (await asyncio.wait_for(follower.stdout.readline(), PATIENCE_S)).decode().strip()
    finally:
        follower.kill()
        await follower.wait()
    assert told == pop["call"]
    return told


async def test_a_campaign_tells_machines_from_people_as_it_is_told_to(centre: Centre, tmp_path: Path):
    campaign = await centre.campaign("warm", message=None)
    shell = Shell(centre, campaign, tmp_path)
    hang_up, message, off, tune = blocks(f"howto/{MACHINES}")
    await shell.begin()

    seen = []
    for block in (hang_up, message, tune, off):
        await shell.run(block)
        shown = await centre.admin.get(f"/campaigns/{campaign}")
        seen.append((shown["detection"], shown["connect_s"]))

    assert seen == [("hang_up", 3.7), ("message", 3.7), ("message", 3.7), ("off", 2.0)]
    assert shown["detector"] == {"after_greeting_s": 0.6, "error": 0.02}
    assert shown["message"] == "message"


async def test_a_call_is_held_listened_to_and_handed_on(centre: Centre, tmp_path: Path):
    campaign = await centre.campaign("warm")
    operator = await centre.operator("1001")
    boss = await Desk.open(centre.service.url, await centre.person("boss", "supervisor", "1002"))
    shell = Shell(centre, campaign, tmp_path)
    sign_in, find, hold, transfer, complete, cancel, listen, leave, show = blocks(f"howto/{HELP}")
    await shell.begin()
    await shell.run(show)
    await centre.upload(campaign, [QUIET_PERSON])
    await operator.ready()
    await centre.start(campaign)
    call = (await operator.pop(within=PATIENCE_S))["call"]
    begun = (await signed_in(sign_in, (operator, "op-1001"), (boss, "boss"), tmp_path), find)

    await shell.run(*begun, hold)
    assert (await operator.told("ahize.call.resumed.v1"))["data"]["hold_s"] > 0
    await shell.run(*begun, listen)
    assert (await operator.told("ahize.call.monitored.v1"))["data"]["mode"] == "listen"
    await shell.run(*begun, leave)
    await operator.told("ahize.call.monitoring_ended.v1")
    await shell.run(*begun, transfer)
    await until(lambda: is_answered(operator), PATIENCE_S)
    await shell.run(*begun, cancel)
    talk = (await operator.door.get("/desk"))["talk"]
    assert (talk["held"], talk["transfer"]) == (False, None)
    await shell.run(*begun, transfer)
    await until(lambda: is_answered(operator), PATIENCE_S)
    await shell.run(*begun, complete)

    assert (await operator.told("ahize.call.transferred.v1"))["data"]["extension"] == "1003"
    assert (await centre.admin.get(f"/calls/{call}"))["hold_s"] > 0
    await boss.close()
    await operator.close()


async def signed_in(block: str, operator: tuple[Desk, str], boss: tuple[Desk, str], folder: Path) -> str:
    """The how-to's sign-in, with the names, passwords and jars of these two."""
    for written, (desk, login) in {"operator-1": operator, "supervisor-1": boss}.items():
        await desk.door.post("/me/password", {"password": PASSWORD})
        assert block.count(f'"{written}"') == 1
        block = block.replace(f'"{written}"', f'"{login}"')
    return block.replace("…", PASSWORD).replace("$(mktemp)", str(folder / "$RANDOM"))


async def is_answered(operator: Desk) -> bool:
    return (await operator.door.get("/desk"))["talk"]["transfer"]["answered"]
