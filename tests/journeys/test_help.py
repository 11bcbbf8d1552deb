"""HELP, and a call handed to a more competent colleague: operator and supervisor while a customer talks."""

import pytest
from asterisk import Pbx
from phone import Phone, plugged_in
from running import NUMBER, Centre, Desk, until

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]

CALLER = "+905325550101"


async def talking(pbx: Pbx, centre: Centre) -> tuple[Desk, str]:
    """An operator with a caller who sends back what is said to him."""
    operator = await centre.operator("1001")
    await operator.ready()
    await pbx.call_in(NUMBER, CALLER, "echo")
    return operator, (await operator.pop())["call"]


async def test_a_supervisor_listens_whispers_and_leaves_and_the_trail_says_so(pbx: Pbx, centre: Centre, phone: Phone):
    operator, call = await talking(pbx, centre)
    async with plugged_in("1009", pbx.address) as ear:
        boss = await Desk.open(centre.service.url, await centre.person("boss", "supervisor", "1009"))

        await boss.door.put(f"/calls/{call}/monitoring", {"mode": "listen"})
        began = await boss.told("ahize.call.monitored.v1")
        await ear.hears()
        await boss.door.put(f"/calls/{call}/monitoring", {"mode": "whisper"})
        await boss.told("ahize.call.monitored.v1", 2)
        assert (await boss.door.get("/desk"))["listening"] == {"call": call, "mode": "whisper", "begun": True}
        await operator.door.post(f"/calls/{call}/hangup")
        ended = await boss.told("ahize.call.monitoring_ended.v1")

    assert ended["data"]["from"] == began["time"]
    lines = (await centre.admin.get("/audit?limit=50"))["items"]
    heard = [(line["action"], line["actor"], line["subject"], line["detail"].get("mode")) for line in lines]
    assert [each for each in reversed(heard) if each[0].startswith("call.monitor")] == [
        ("call.monitored", boss.user, call, "listen"),
        ("call.monitored", boss.user, call, "whisper"),
        ("call.monitoring_ended", boss.user, call, None),
    ]
    assert not [event for event in operator.events if "monitor" in event["type"]], "the project does not say so"
    await boss.close()


async def test_an_operator_is_told_of_a_supervisor_where_the_project_says_so(pbx: Pbx, centre: Centre, phone: Phone):
    shown = await centre.admin.browser.send("PATCH", f"/projects/{centre.project}", {"monitoring_shown": True})
    assert shown.body["monitoring_shown"]
    operator, call = await talking(pbx, centre)
    async with plugged_in("1009", pbx.address):
        boss = await Desk.open(centre.service.url, await centre.person("boss", "supervisor", "1009"))

        await boss.door.put(f"/calls/{call}/monitoring", {"mode": "listen"})

        assert (await operator.told("ahize.call.monitored.v1"))["data"]["supervisor"] == boss.user
        await boss.close()


async def test_a_customer_is_held_and_handed_to_a_colleague_after_a_word(pbx: Pbx, centre: Centre, phone: Phone):
    operator, call = await talking(pbx, centre)
    async with plugged_in("1002", pbx.address) as second:
        colleague = await centre.operator("1002")
        await colleague.ready()

        await operator.door.post(f"/calls/{call}/hold")
        await operator.told("ahize.call.held.v1")
        assert (await operator.door.get("/desk"))["talk"]["held"]
        await operator.door.post(f"/calls/{call}/resume")
        await operator.told("ahize.call.resumed.v1")
        await operator.door.post(f"/calls/{call}/transfer", {"operator": colleague.user, "warm": True})
        await colleague.state("reserved")
        await second.hears()
        await operator.door.post(f"/calls/{call}/transfer/complete")

        assert (await colleague.pop())["call"] == call
        assert (await operator.told("ahize.call.transferred.v1"))["data"]["to"] == colleague.user
        await operator.state("wrap_up")
        await second.hears()
        await colleague.door.post(f"/calls/{call}/hangup")
        await colleague.told("ahize.call.ended.v1")
        shown = await until(lambda: centre.admin.get(f"/calls/{call}"))
        assert shown["hold_s"] > 0
        assert shown["operator"] == colleague.user
