"""The doctor beside a running service: it sees everything, and the service notices nothing."""

import asyncio
import json
import re
import socket
import sys
from typing import Any

import pytest
from asterisk import Pbx
from running import ROOT, Centre, Service

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(180)]

PATIENCE_S = 90.0


def free_tcp_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


async def examined(service: Service, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """What `ahize doctor` ends with, and its findings by what was looked at."""
    command = (sys.executable, "-m", "cli.main", "doctor", "--json", "--config", str(service.folder / "config.yaml"))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, *arguments, cwd=ROOT, stdout=pipe, stderr=pipe)
    said, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert said, errors.decode()
    report = json.loads(said)
    assert report["ok"] == (process.returncode == 0)
    return process.returncode or 0, {finding["check"]: finding for finding in report["findings"]}


@pytest.fixture
def service(pbx: Pbx, tmp_path) -> Service:
    return Service(tmp_path / "service", pbx.address, overrides={"server": {"port": free_tcp_port()}})


async def test_a_running_service_is_well_and_stays_registered(service: Service, pbx: Pbx):
    await service.start()
    centre = await Centre.open(service)
    try:
        await centre.trunk_up()
        before = await pbx.command("pjsip show contacts")
        code, found = await examined(service, "--call", "+905325400301")
        after = await pbx.command("pjsip show contacts")
        (trunk,) = (await centre.admin.get("/system"))["trunks"]
    finally:
        await centre.admin.browser.close()
        await service.stop()

    assert code == 0, found
    assert {check for check, one in found.items() if one["state"] != "ok"} <= {"clock"}
    assert "the password is right" in found["account of pbx"]["found"]
    assert "this service among them" in found["account of pbx"]["found"]
    assert found["port of the pages"]["found"].startswith("the service is at")
    assert found["port of SIP"]["found"].startswith("the service has")
    assert found["sound to here"]["found"].endswith(" ms")
    assert found["sound to there"]["found"].startswith("the far end lost 0 of ")
    assert trunk["up"]
    assert f"dialer/sip:ahize@127.0.0.1:{service.sip_port}" in after
    assert _contacts(after) <= _contacts(before)


async def test_before_the_first_start_a_wrong_password_is_found_and_nothing_is_made(service: Service, pbx: Pbx):
    service.secret = "wrong"
    service.write_config()

    code, found = await examined(service)

    assert code == 1
    assert found["trunk pbx"]["state"] == "ok"
    assert found["account of pbx"]["state"] == "problem"
    assert "refused the user name or the password (401)" in found["account of pbx"]["found"]
    assert (found["database"]["state"], found["master key"]["state"]) == ("note", "note")
    assert sorted(path.name for path in service.folder.iterdir()) == ["config.yaml"]


async def test_a_call_that_is_not_answered_or_not_heard_must_be_mended(service: Service, pbx: Pbx):
    service.write_config()

    busy, of_busy = await examined(service, "--call", "+905322000302")
    mute, of_mute = await examined(service, "--call", "+905321500303")

    assert (busy, mute) == (1, 1)
    assert of_busy["test call"]["found"] == "+905322000302: busy (486)"
    assert of_mute["test call"]["state"] == "ok"
    assert of_mute["sound to here"]["state"] == "problem"
    assert "let UDP 26" in of_mute["sound to here"]["mend"]


def _contacts(listed: str) -> set[str]:
    return set(re.findall(r"dialer/sip:\S+", listed))
