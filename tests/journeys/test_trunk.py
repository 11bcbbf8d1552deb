"""A PBX that is not there, refuses us, dies in a talk or says nothing (F12, F14): what the service does and says."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from asterisk import MISSING, Pbx, server
from browser import chromium, page_at
from phone import plugged_in
from running import Centre, Service, until
from sharing import centre_at, centre_of, service_at

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(180)]

TALKS = "0532 540 03 01"


@pytest.fixture(scope="module")
def own_pbx() -> Iterator[Pbx]:
    """A PBX that these tests may stop and kill."""
    with server() as running:
        if running is None:
            pytest.skip(MISSING)
        yield running


@contextmanager
def mute() -> Iterator[tuple[str, int]]:
    """The address of a trunk that takes packets and never says a word."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()


async def trunk_of(centre: Centre) -> dict[str, Any]:
    (trunk,) = (await centre.admin.get("/system"))["trunks"]
    return trunk


async def told_of(centre: Centre, reason: str, within: float = 15.0) -> dict[str, Any]:
    """Wait until the trunk is down for `reason`; gives what the system page is told."""

    async def found() -> dict[str, Any] | None:
        trunk = await trunk_of(centre)
        return trunk if not trunk["up"] and trunk["reason"]["code"] == reason else None

    return await until(found, within)


def logged(service: Service, reason: str) -> list[dict[str, Any]]:
    """Lines of the service's log about its trunk and `reason`."""
    lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("trunk") == "pbx" and line.get("reason") == reason]


async def status_of(centre: Centre, campaign: str) -> dict[str, Any]:
    return await centre.admin.get(f"/campaigns/{campaign}/status")


async def reason_of(centre: Centre, campaign: str) -> str:
    """Why the campaign does not dial; what it says in its first moment is not waited on."""

    async def said() -> str | None:
        code = (await status_of(centre, campaign))["reason"]["code"]
        return None if code == "starting" else code

    return await until(said)


@asynccontextmanager
async def waiting_centre(address: tuple[str, int], folder: Path, **values: Any) -> AsyncIterator[tuple[Centre, str]]:
    """A service with a started campaign of one customer, though there is no line."""
    async with service_at(address, folder) as service, centre_of(service) as centre:
        campaign = await centre.campaign("warm", **values)
        await centre.upload(campaign, [TALKS])
        await centre.start(campaign)
        yield centre, campaign


async def test_a_pbx_that_is_not_there_is_told_and_used_once_it_comes(own_pbx: Pbx, tmp_path: Path):
    own_pbx.stop()
    async with waiting_centre(own_pbx.address, tmp_path) as (centre, campaign):
        trunk = await told_of(centre, "no_answer")
        operator = await centre.operator("1001")
        snapshot = await operator.door.get("/desk")

        assert [(t["up"], t["reason"]["code"]) for t in snapshot["trunks"]] == [(False, "no_answer")]
        assert trunk["in_use"] == 0
        assert await reason_of(centre, campaign) == "trunk_down"
        (line, *_) = logged(centre.service, "no_answer")
        assert line["level"] == "warning"
        assert "host and port" in line["event"]

        own_pbx.start()
        await centre.trunk_up(within=45)
        async with plugged_in("1001", own_pbx.address):
            await operator.ready()
            await operator.pop(within=30)
        await operator.close()


@pytest.mark.browser
async def test_the_desk_says_that_the_line_is_down_and_why(tmp_path: Path):
    with mute() as address:
        async with waiting_centre(address, tmp_path) as (centre, _), chromium() as browser:
            await told_of(centre, "no_answer")
            link = await centre.person("op", "operator", "1001")

            async with page_at(browser, link) as watched:
                await watched.page.get_by_role("button", name="Şimdi değil").click()
                await watched.page.get_by_role("heading", name="Dış hat kapalı: pbx").wait_for()

                assert await watched.page.get_by_text("Santral yanıt vermiyor").first.is_visible()
                assert await watched.page.get_by_text("yöneticinize bu nedeni söyleyin").is_visible()
                assert await watched.page.get_by_text("Hat kapalı", exact=True).first.is_visible()
                assert await watched.settled_faults() == []


async def test_a_wrong_secret_is_told_apart_and_nothing_is_dialed(own_pbx: Pbx, tmp_path: Path):
    service = Service(tmp_path / "service", own_pbx.address, secret="not-the-secret")
    await service.start()
    async with centre_of(service) as centre:
        campaign = await centre.campaign("warm")
        await centre.upload(campaign, [TALKS])
        await centre.start(campaign)
        before = len(own_pbx.calls())

        trunk = await told_of(centre, "registration_refused")

        assert trunk["reason"]["values"]["status"] in (401, 403)
        assert await reason_of(centre, campaign) == "trunk_down"
        assert len(own_pbx.calls()) == before
        (line, *_) = logged(service, "registration_refused")
        assert line["level"] == "warning"
        assert "password" in line["event"]
        assert "not-the-secret" not in service.log
    await service.stop()


async def test_a_pbx_that_dies_in_a_talk_ends_the_call_and_dialing_resumes(own_pbx: Pbx, tmp_path: Path):
    async with centre_at(own_pbx.address, tmp_path) as centre:
        campaign = await centre.campaign("warm")
        await centre.upload(campaign, [TALKS, "0532 540 03 02"])
        operator = await centre.operator("1001")
        async with plugged_in("1001", own_pbx.address):
            await operator.ready()
            await centre.start(campaign)
            pop = await operator.pop()

            own_pbx.kill()
            ended = await operator.told("ahize.call.ended.v1", within=40)
        call = await operator.door.get(f"/calls/{pop['call']}")
        assert ended["data"]["by"] == "line"
        assert call["end_reason"]["code"] == "line_lost"
        await told_of(centre, "no_answer", within=40)

        own_pbx.start()
        await centre.trunk_up(within=30)
        await operator.dispose(pop["call"], "cut_off")
        async with plugged_in("1001", own_pbx.address):
            await operator.ready()
            again = await operator.pop(2, within=30)
        assert again["person"]["name"] == "Örnek Kişi 2"
        await operator.close()


async def test_a_pbx_that_restarts_signs_idle_operators_off_and_they_come_back(own_pbx: Pbx, tmp_path: Path):
    async with centre_at(own_pbx.address, tmp_path) as centre:
        operator = await centre.operator("1001")
        async with plugged_in("1001", own_pbx.address):
            await operator.ready()

            own_pbx.kill()
            await asyncio.sleep(1)
            own_pbx.start()
            gone = await operator.state("offline", within=25)
        assert gone["data"]["reason"]["code"] == "phone_lost"
        assert (await operator.door.get("/desk"))["operator"]["reason"]["code"] == "phone_lost"

        async with plugged_in("1001", own_pbx.address) as phone:
            await centre.trunk_up(within=45)
            await operator.ready()
            assert phone.answered == 1
        await operator.close()


async def test_a_pbx_that_falls_silent_costs_the_lead_no_try_and_leaves_no_call(own_pbx: Pbx, tmp_path: Path):
    async with centre_at(own_pbx.address, tmp_path) as centre, plugged_in("1001", own_pbx.address):
        campaign = await centre.campaign("warm")
        await centre.upload(campaign, [TALKS])
        operator, watcher = await centre.operator("1001"), await centre.watcher()
        await operator.ready()

        own_pbx.freeze()
        await centre.start(campaign)
        ended = await watcher.told("ahize.attempt.ended.v1", within=45)
        status = await status_of(centre, campaign)
        own_pbx.thaw()
        await centre.trunk_up(within=45)

        assert ended["data"]["outcome"] == "no_trunk"
        assert status["counts"]["open"] == 1
        assert "905325400301" not in await own_pbx.command("core show channels concise")
        await operator.close()
        await watcher.close()
