"""Campaigns through the doors: presets, versions, what is missing to start."""

from typing import Any

import pytest
from doors import Doors
from fastapi import FastAPI
from httpx import AsyncClient, Response
from small_campaign import Setting, number_of
from sqlalchemy import select

from campaigns.campaigns.schemas import Measures
from identity.roles.rights import Role
from kit.event import event
from media.detector import Tuning

API = "/api/v1"
OURS = "+902121112233"


@pytest.fixture
async def manager(doors: Doors, setting: Setting) -> AsyncClient:
    return await doors.new(Role.MANAGER, setting.project)


async def create(manager: AsyncClient, setting: Setting, **values: Any) -> Response:
    body = {"project": setting.project, "name": "Yaz", "temperature": "warm", **values}
    return await manager.post(f"{API}/campaigns", json=body)


async def new(manager: AsyncClient, setting: Setting, **values: Any) -> tuple[str, dict[str, Any]]:
    answer = await create(manager, setting, **values)
    assert answer.status_code == 201, answer.text
    return f"{API}/campaigns/{answer.json()['id']}", answer.json()


async def test_a_draft_is_as_usual_for_its_temperature(manager: AsyncClient, setting: Setting):
    expected = {"cold": ("predictive", 0), "warm": ("progressive", 5), "hot": ("progressive", 10)}

    for temperature, (mode, priority) in expected.items():
        _, made = await new(manager, setting, temperature=temperature)
        assert (made["mode"], made["priority"], made["state"], made["trunks"]) == (mode, priority, "draft", [])
        assert made["retry"]["max_tries"] == 6
        assert made["hours"]["sun"] == []


async def test_a_change_needs_the_version_that_was_loaded(manager: AsyncClient, setting: Setting):
    path, made = await new(manager, setting)
    tag = (await manager.get(path)).headers["etag"]

    first = await manager.patch(path, json={"name": "Güz"}, headers={"If-Match": tag})
    stale = await manager.patch(path, json={"name": "Kış"}, headers={"If-Match": tag})
    none = await manager.patch(path, json={"name": "Kış"})
    odd = await manager.patch(path, json={"name": "Kış"}, headers={"If-Match": "x"})

    assert (first.status_code, first.json()["version"], first.headers["etag"]) == (200, 2, '"2"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert (none.status_code, odd.status_code) == (428, 412)
    assert (await manager.get(path)).json() == {**made, "name": "Güz", "version": 2}


async def test_start_says_all_that_is_missing(manager: AsyncClient, setting: Setting):
    path, _ = await new(manager, setting, temperature="cold", hours={}, trunks=["pbx", "nowhere"])

    answer = await manager.post(f"{path}/start")

    assert (answer.status_code, answer.json()["code"]) == (422, "campaign_incomplete")
    assert {each["field"] for each in answer.json()["errors"]} == {"caller_id", "hours", "message", "trunks"}
    assert (await manager.get(path)).json()["state"] == "draft"


async def test_a_complete_campaign_starts_and_pauses_and_the_engine_is_told(
    manager: AsyncClient, setting: Setting, app: FastAPI
):
    path, made = await new(manager, setting, temperature="cold", caller_id="+902121000000", message="sorry")

    started = await manager.post(f"{path}/start")
    twice = await manager.post(f"{path}/start")
    paused = await manager.post(f"{path}/pause")

    assert (started.json()["state"], paused.json()["state"]) == ("running", "paused")
    assert (twice.status_code, twice.json()["code"]) == (409, "wrong_state")
    assert app.state.engine.refreshed == 2
    async with setting.db.read() as conn:
        changed = select(event).where(event.c.subject == made["id"]).order_by(event.c.position)
        told = (await conn.execute(changed)).all()
    assert [each.type for each in told] == ["ahize.campaign.changed.v1"] * 3
    assert [each.body["state"] for each in told] == ["draft", "running", "paused"]


async def test_a_running_campaign_cannot_lose_what_it_needs(manager: AsyncClient, setting: Setting):
    path, _ = await new(manager, setting, caller_id="+902121000000")
    await manager.post(f"{path}/start")

    for wrong in ({"caller_id": None}, {"mode": "predictive"}, {"hours": {}}):
        answer = await manager.patch(path, json=wrong, headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["code"]) == (422, "campaign_incomplete")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"hours": {"mon": [["9", "20:00"]]}}, "09:00"),
    ({"hours": {"monday": []}}, "no day"),
    ({"retry": {}}, "max_tries is a whole number"),
    ({"retry": {"max_tries": 3, "bussy": {"delay_s": 60, "tries": 1}}}, "no outcome"),
    ({"retry": {"max_tries": 3, "connected": {"delay_s": 60, "tries": 1}}}, "no outcome"),
    ({"retry": {"max_tries": 3, "trunk_busy": {"delay_s": 60, "tries": 1}}}, "no outcome"),
    ({"retry": {"max_tries": 3, "busy": {"delay_s": 0, "tries": 1}}}, "busy.delay_s is the wait in seconds"),
    ({"retry": {"max_tries": 3, "busy": {"delay_s": 60, "tries": True}}}, "busy.tries is a whole number"),
    ({"retry": {"max_tries": 3, "busy": 60}}, "busy needs delay_s and tries"),
    ({"ring_s": 5}, "15"),
    ({"abandonment_limit": 0.5}, "0.2"),
    ({"mode": "blaster"}, "predictive"),
    ({"caller_id": "+90\r\nX: 1"}, "pattern"),
    ({"script": "a\u0000b"}, "control characters"),
    ({"priority": 10**30}, "100"),
]


async def test_wrong_settings_are_refused_in_plain_words(manager: AsyncClient, setting: Setting):
    for wrong, words in WRONG:
        answer = await create(manager, setting, **wrong)
        assert answer.status_code == 422
        assert words in answer.text, wrong


async def test_the_status_counts_leads_and_says_why_it_does_not_dial(manager: AsyncClient, setting: Setting):
    await setting.add(*(number_of(i) for i in range(3)))
    await setting.reserve(1)
    path = f"{API}/campaigns/{setting.campaign}"

    running = (await manager.get(f"{path}/status")).json()
    await manager.post(f"{path}/pause")
    paused = (await manager.get(f"{path}/status")).json()

    assert running["counts"] == {"open": 2, "reserved": 1, "callable": 2}
    assert running["reason"]["code"] == "starting"
    assert (paused["reason"]["code"], paused["reason"]["values"]) == ("campaign_not_running", {"state": "paused"})
    assert paused["reason"]["message"] == "The campaign is paused; start it when it shall dial."


async def test_new_hours_reach_leads_that_waited(manager: AsyncClient, setting: Setting):
    await setting.add(number_of(1))
    await setting.set_leads(waits_for="outside_hours", next_at=setting.clock.now().replace(year=2027))

    body = {"hours": {"mon": [["00:00", "24:00"]]}}
    answer = await manager.patch(f"{API}/campaigns/{setting.campaign}", json=body, headers={"If-Match": "*"})

    assert answer.status_code == 200
    assert len(await setting.reserve()) == 1


async def test_foreign_campaigns_are_not_there(doors: Doors, setting: Setting):
    stranger = await doors.new(Role.MANAGER, await setting.new_project())
    path = f"{API}/campaigns/{setting.campaign}"

    answers = [
        await stranger.get(path),
        await stranger.patch(path, json={"name": "x"}, headers={"If-Match": "*"}),
        await stranger.post(f"{path}/start"),
        await stranger.get(f"{path}/status"),
        await stranger.get(f"{API}/campaigns", params={"project": setting.project}),
        await create(stranger, setting),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6
    assert (await stranger.get(f"{API}/campaigns")).json() == []


async def test_a_campaign_tells_no_machines_from_people_and_records_nothing_unless_told_to(
    manager: AsyncClient, setting: Setting
):
    _, made = await new(manager, setting, temperature="cold")

    assert (made["detection"], made["detector"]) == ("off", {})
    assert (made["record"], made["without_recording"]) == (False, "go_on")


async def test_the_detector_is_the_campaigns_and_reaches_the_engine(manager: AsyncClient, setting: Setting):
    measures = {"phrase_s": 2.4, "words": 6, "error": 0.01}
    path, _ = await new(manager, setting, detection="hang_up", detector=measures, caller_id=OURS, connect_s=4)
    await manager.post(f"{path}/start")

    (detector,) = [each.detector for each in await setting.leads.campaigns() if each.detector.detection != "off"]

    assert (detector.measures, detector.error) == ({"phrase_s": 2.4, "words": 6}, 0.01)
    assert Tuning(**detector.measures).phrase_s == 2.4


async def test_measures_that_the_detector_does_not_have_are_refused(manager: AsyncClient, setting: Setting):
    unknown = await create(manager, setting, detector={"patience_s": 1.0})
    wild = await create(manager, setting, detector={"total_s": 100})

    assert (unknown.status_code, wild.status_code) == (422, 422)


async def test_a_message_for_machines_has_to_be_named_before_the_start(manager: AsyncClient, setting: Setting):
    path, _ = await new(manager, setting, detection="message", caller_id=OURS, connect_s=4)

    refused = await manager.post(f"{path}/start")

    assert [error["field"] for error in refused.json()["errors"]] == ["message"]


async def test_the_connect_limit_must_leave_the_detector_its_time(manager: AsyncClient, setting: Setting):
    usual, _ = await new(manager, setting, detection="hang_up", caller_id=OURS)
    hasty, _ = await new(manager, setting, detection="hang_up", caller_id=OURS, detector={"total_s": 1.5})

    refused, started = await manager.post(f"{usual}/start"), await manager.post(f"{hasty}/start")

    assert [error["field"] for error in refused.json()["errors"]] == ["connect_s"]
    assert "3.7 seconds" in refused.json()["errors"][0]["message"]
    assert started.status_code == 200


def test_every_measure_of_the_detector_can_be_set():
    assert set(Measures.__annotations__) - {"error"} == set(Tuning.__dataclass_fields__)
