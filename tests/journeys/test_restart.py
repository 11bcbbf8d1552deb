"""F1, F2: the service dies without a word. Nothing is dialed twice or stays in progress; Asterisk is the judge."""

import asyncio

import aiosqlite
import pytest
from asterisk import Pbx
from phone import Phone
from running import Centre, Desk, Service, channels_of, heard, until

from media.g711 import loudness

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]

RINGS, TALKS, RECORDED = "0532 210 01 31", "0532 540 01 32", "0532 500 00 33"


async def killed_and_back(service: Service, centre: Centre, operator: Desk) -> Desk:
    """Kill the service, start it again on the same data, and sign the operator in again."""
    await service.kill()
    await operator.disconnect()
    await service.start()
    fresh = Centre(service, centre.admin.at(service.url), centre.project)
    await fresh.trunk_up()
    return await Desk.again(operator, service.url)


async def attempts(service: Service) -> list[tuple[str, str, str | None]]:
    """Kind, state and outcome of every attempt in the base."""
    query = "select kind, state, outcome from attempt order by started_at"
    async with aiosqlite.connect(service.folder / "ahize.db") as db, db.execute(query) as rows:
        return [(row[0], row[1], row[2]) async for row in rows]


def dialed(pbx: Pbx, number: str) -> int:
    """How often Asterisk saw `number` called."""
    return sum(call.number == number for call in pbx.calls())


async def test_killed_while_it_rings(pbx: Pbx, service: Service, centre: Centre, phone: Phone):
    operator = await centre.operator("1001")
    campaign = await centre.campaign("warm")
    await centre.upload(campaign, [RINGS])
    await operator.ready()
    await centre.start(campaign)
    await until(lambda: channels_of(pbx, "905322100131"))

    desk = await killed_and_back(service, centre, operator)
    await pbx.until_quiet(20)
    await desk.ready()

    await asyncio.sleep(3)
    assert (dialed(pbx, "905322100131"), await channels_of(pbx, "905322100131")) == (1, 0)
    assert ("call", "ended", "lost") in await attempts(service)
    await desk.close()


async def test_a_recording_can_be_heard_up_to_the_kill(pbx: Pbx, service: Service, centre: Centre, phone: Phone):
    operator, supervisor = await centre.operator("1001"), await centre.watcher()
    campaign = await centre.campaign("warm", record=True)
    await centre.upload(campaign, [RECORDED])
    await operator.ready()
    await centre.start(campaign)
    pop = await operator.pop()
    before = await until(lambda: recorded(service, 3), 30)

    await supervisor.disconnect()
    desk = await killed_and_back(service, centre, operator)
    await pbx.until_quiet(20)

    door = supervisor.door.at(service.url)
    (shown,) = await door.get(f"/calls/{pop['call']}/recordings")
    assert (shown["state"], shown["reason"]) == ("shortened", "service_died")
    assert shown["seconds"] >= before
    law, sound = await heard(door, f"/recordings/{shown['id']}")
    assert len(sound) == round(shown["seconds"] * 16000)
    assert all(loudness(side, law) > 300 for side in (sound[0::2], sound[1::2])), "the echo is on both sides"
    await desk.close()


async def recorded(service: Service, least: int) -> int:
    """Whole seconds in the files of recordings, once there are so many; until then 0."""
    seconds = sum(file.stat().st_size // 16024 for file in service.folder.glob("recordings/*/*.ahr"))
    return seconds if seconds >= least else 0


async def test_killed_while_they_talk(pbx: Pbx, service: Service, centre: Centre, phone: Phone):
    operator = await centre.operator("1001")
    campaign = await centre.campaign("warm")
    await centre.upload(campaign, [TALKS])
    await operator.ready()
    await centre.start(campaign)
    pop = await operator.pop()

    desk = await killed_and_back(service, centre, operator)
    await pbx.until_quiet(20)

    snapshot = await desk.door.get("/desk")
    assert snapshot["operator"]["state"] == "offline"
    assert snapshot["call"] is None
    call = await desk.door.get(f"/calls/{pop['call']}")
    assert call["end_reason"]["code"] == "lost"
    assert dialed(pbx, "905325400132") == 1
    assert {state for _, state, _ in await attempts(service)} == {"ended"}
    await desk.dispose(pop["call"], "cut_off")
    await desk.close()
