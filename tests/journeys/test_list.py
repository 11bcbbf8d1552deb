"""LIST: what becomes of a file, row by row and call by call. Asterisk's call records say who was called."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from asterisk import CallRecord, Pbx
from phone import plugged_in
from running import Centre, Desk, until
from sharing import another_project, centre_at
from turkish_list import Made, make

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

ISTANBUL = ZoneInfo("Europe/Istanbul")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(pbx: Pbx, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Centre]:
    async with centre_at(pbx.address, tmp_path_factory.mktemp("list")) as opened:
        yield opened


async def send(centre: Centre, campaign: str, content: bytes, name: str = "liste.csv", key: str | None = None) -> Any:
    form = {"campaign": campaign}
    return await centre.admin.browser.send("POST", "/lists", form=form, file=(name, content), key=key or uuid4().hex)


async def done(centre: Centre, wanted: str) -> dict[str, Any]:
    async def judged() -> dict[str, Any] | None:
        found = await centre.admin.get(f"/lists/{wanted}")
        return found if found["state"] in ("done", "failed") else None

    return await until(judged, 60)


async def all_rows(centre: Centre, wanted: str) -> list[dict[str, Any]]:
    rows, cursor = [], 0
    while cursor is not None:
        page = await centre.admin.get(f"/lists/{wanted}/rows?limit=500&cursor={cursor}")
        rows += page["items"]
        cursor = page["next_cursor"]
    return rows


async def counts_of(centre: Centre, campaign: str) -> dict[str, int]:
    return (await centre.admin.get(f"/campaigns/{campaign}/status"))["counts"]


def digits(number: str) -> str:
    """As Asterisk's records have it."""
    return "90" + number.replace(" ", "")[1:]


def dialed(pbx: Pbx, number: str) -> list[CallRecord]:
    return [call for call in pbx.calls() if call.number == digits(number)]


# ---------------------------------------------------------------- the file


@pytest.fixture(scope="module")
def made() -> Made:
    return make(3000)


async def test_a_real_list_gets_a_verdict_for_every_row(centre: Centre, made: Made):
    campaign = await centre.campaign("cold")

    answer = await send(centre, campaign, made.content)
    listed = await done(centre, answer.body["id"])
    rows = await all_rows(centre, listed["id"])

    expected = {"total": 3000, "rows": 3000, "accepted": made.accepted, "duplicate": made.duplicate}
    assert listed["counts"] | expected == listed["counts"]
    assert listed["mapping"]["encoding"].lower().replace("-", "") in ("cp1254", "windows1254")
    assert [row["row"] for row in rows] == list(range(2, 3002))
    verdicts = Counter(row["verdict"] for row in rows)
    assert verdicts == {"accepted": made.accepted, "duplicate": made.duplicate, "refused": made.refused}
    assert all(row["code"] and row["message"] for row in rows if row["verdict"] != "accepted")
    assert not re.search(r"\d{6}", "".join(row["number_masked"] for row in rows))
    assert (await counts_of(centre, campaign))["callable"] == made.accepted


async def test_the_same_key_gives_the_same_list_and_takes_no_row_twice(centre: Centre, made: Made):
    campaign, key = await centre.campaign("cold"), uuid4().hex

    first, again = await asyncio.gather(*(send(centre, campaign, made.content, key=key) for _ in range(2)))
    await done(centre, first.body["id"])
    later = await send(centre, campaign, made.content, key=key)
    other = await send(centre, campaign, made.content + b"x;y;0532 100 50 01;;;\r\n", key=key)

    assert {first.status, again.status, later.status} == {202}
    assert first.body["id"] == again.body["id"] == later.body["id"]
    assert (other.status, other.body["code"]) == (409, "idempotency_key_reused")
    assert (await counts_of(centre, campaign))["callable"] == made.accepted
    assert len(await centre.admin.get(f"/lists?campaign={campaign}")) == 1


async def test_hostile_files_are_taken_whole_or_refused_with_what_to_do(centre: Centre, material: Path):
    germany = await another_project(centre, country="DE", zone="Europe/Berlin")
    campaign = await germany.campaign("cold")
    kept = 0
    for file in sorted((material / "hostile-uploads").iterdir()):
        answer = await send(centre, campaign, file.read_bytes(), file.name)
        if answer.status == 202:
            kept += 1
            listed = await done(centre, answer.body["id"])
            counts = listed["counts"]
            assert listed["state"] == "done", file.name
            assert counts["accepted"] + counts["duplicate"] + counts["refused"] == counts["total"] > 0, file.name
        else:
            assert answer.status == 422, (file.name, answer)
            assert {"code", "title", "detail", "status"} <= answer.body.keys(), file.name
            assert len(answer.body["detail"].split()) >= 5, (file.name, answer.body["detail"])

    lists = await centre.admin.get(f"/lists?campaign={campaign}")
    accepted = sum(each["counts"]["accepted"] for each in lists)
    assert len(lists) == kept
    assert (await counts_of(centre, campaign))["callable"] == accepted
    assert list((centre.service.folder / "uploads").iterdir()) == []
    assert (await centre.admin.get("/system"))["dialing"]


# ---------------------------------------------------------------- who is called, and when


async def test_a_barred_number_is_never_dialed(pbx: Pbx, centre: Centre):
    barred_first, barred_later, free = "0532 200 04 01", "0532 200 04 02", "0532 200 04 03"
    own = await another_project(centre)
    campaign = await own.campaign("warm")
    await own.admin.post(f"/projects/{own.project}/dnc", {"number": barred_first})
    listed = await own.upload(campaign, [barred_first, barred_later, free])
    await own.admin.post(f"/projects/{own.project}/dnc", {"number": barred_later})

    async with plugged_in("1001", pbx.address):
        operator = await own.operator("1001")
        await operator.ready()
        await own.start(campaign)
        await pbx.record(digits(free), within=15)
        await until(lambda: _none_open(own, campaign), 15)
        await operator.close()

    rows = await all_rows(own, listed["id"])
    assert (rows[0]["verdict"], rows[0]["code"]) == ("refused", "on_do_not_call")
    assert (await counts_of(own, campaign))["dnc"] == 1
    assert dialed(pbx, barred_first) == dialed(pbx, barred_later) == []


async def _none_open(centre: Centre, campaign: str) -> bool:
    counts = await counts_of(centre, campaign)
    return counts.get("dnc") == 1 and not counts["callable"]


async def test_outside_the_hours_nothing_is_dialed_and_the_status_says_when_it_opens(pbx: Pbx, centre: Centre):
    number, in_two_days = "0532 200 04 11", datetime.now(ISTANBUL).date() + timedelta(days=2)
    opens = datetime.combine(in_two_days, time(9), ISTANBUL)
    own = await another_project(centre)
    campaign = await own.campaign("warm", hours={DAYS[in_two_days.weekday()]: [["09:00", "20:00"]]})
    await own.upload(campaign, [number])

    async with plugged_in("1002", pbx.address):
        operator = await own.operator("1002")
        await operator.ready()
        await own.start(campaign)
        await until(lambda: _opens_later(own, campaign), 15)
        await asyncio.sleep(3)
        status = await own.admin.get(f"/campaigns/{campaign}/status")
        dialed_outside = dialed(pbx, number)

        await _change(own, campaign, hours={day: [["00:00", "24:00"]] for day in DAYS})
        await pbx.record(digits(number), within=15)
        await operator.close()

    assert dialed_outside == []
    assert datetime.fromisoformat(status["next_at"]) == opens
    assert status["reason"]["code"] == "outside_hours"
    assert datetime.fromisoformat(status["reason"]["values"]["opens"]) == opens


async def _opens_later(centre: Centre, campaign: str) -> bool:
    return (await centre.admin.get(f"/campaigns/{campaign}/status"))["next_at"] is not None


async def _change(centre: Centre, campaign: str, **values: Any) -> None:
    url = centre.service.url
    headers = {"Cookie": centre.admin.browser.cookie, "Origin": url, "X-Ahize": "1", "If-Match": "*"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.patch(f"{url}/api/v1/campaigns/{campaign}", json=values, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_a_busy_number_is_dialed_again_after_its_delay_and_no_oftener(pbx: Pbx, centre: Centre):
    number, delay_s = "0532 200 04 21", 3
    own = await another_project(centre)
    campaign = await own.campaign("warm", retry={"max_tries": 5, "busy": {"delay_s": delay_s, "tries": 2}})
    await own.upload(campaign, [number])

    async with plugged_in("1003", pbx.address):
        operator = await own.operator("1003")
        watcher = await Desk.open(own.service.url, await own.person("watch-retry", "supervisor"))
        await operator.ready()
        await own.start(campaign)
        first = await watcher.told("ahize.attempt.ended.v1", 1)
        second = await watcher.told("ahize.attempt.ended.v1", 2)
        await asyncio.sleep(delay_s + 2)
        await operator.close()
        await watcher.close()

    assert {first["data"]["outcome"], second["data"]["outcome"]} == {"busy"}
    assert datetime.fromisoformat(second["time"]) - datetime.fromisoformat(first["time"]) >= timedelta(seconds=delay_s)
    assert len(dialed(pbx, number)) == 2
    assert (await counts_of(own, campaign))["done"] == 1


async def test_hot_overtakes_warm_and_warm_overtakes_cold(pbx: Pbx, centre: Centre):
    own = await another_project(centre)
    campaigns = {each: await own.campaign(each) for each in ("cold", "warm", "hot")}
    await own.upload(campaigns["cold"], ["0532 540 04 31"])
    await own.upload(campaigns["warm"], ["0532 540 04 32", "0532 540 04 33"])

    async with plugged_in("1004", pbx.address):
        operator = await own.operator("1004")
        for each in campaigns.values():
            await own.start(each)
        await operator.ready()
        order = [await served(operator, 1, lambda: own.upload(campaigns["hot"], ["0532 540 04 34"]))]
        order += [await served(operator, n) for n in (2, 3, 4)]
        await operator.close()

    assert order == ["warm", "hot", "warm", "cold"]


async def served(operator: Desk, n: int, meanwhile: Any = None) -> str:
    """Take the n-th call, end it, say its result; gives whose it was. `meanwhile`: done while they talk."""
    pop = await operator.pop(n, within=20)
    if meanwhile is not None:
        await meanwhile()
    await operator.door.post(f"/calls/{pop['call']}/hangup")
    await operator.state("wrap_up")
    await operator.dispose(pop["call"], "success")
    return pop["campaign"]["temperature"]
