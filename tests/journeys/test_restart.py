"""F1, F2: the service dies without a word. Nothing is dialed twice or stays in progress; Asterisk is the judge."""

import asyncio

import aiosqlite
import pytest
from asterisk import Pbx
from phone import Phone
from running import Centre, Desk, Service, channels_of, until

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]

RINGS, TALKS = "0532 210 01 31", "0532 540 01 32"


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
