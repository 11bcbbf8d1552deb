"""IN: a customer calls the service's number and reaches somebody."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
from asterisk import Pbx
from phone import Phone
from running import NUMBER, Centre, channels_of, heard, until

from cli.demo.centre import Door
from media.g711 import loudness

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(90)]

CALLER = "+905325550101"


async def test_a_caller_is_greeted_and_joined_to_a_ready_operator(pbx: Pbx, centre: Centre, phone: Phone):
    operator = await centre.operator("1001")
    await operator.ready()

    await pbx.call_in(NUMBER, CALLER, "echo")
    pop = await operator.pop()

    assert pop["direction"] == "in"
    assert "0101" not in pop["person"]["number_masked"]
    await phone.hears()

    await operator.door.post(f"/calls/{pop['call']}/hangup")
    await operator.dispose(pop["call"], "success")
    await operator.state("ready")
    assert await channels_of(pbx, CALLER[1:]) == 0


async def test_a_caller_is_recorded_and_can_be_heard_while_the_call_is_on_and_after_it(
    pbx: Pbx, centre: Centre, phone: Phone
):
    wanted = f"/projects/{centre.project}"
    assert (await centre.admin.browser.send("PATCH", wanted, {"record_incoming": True})).fine
    operator, supervisor = await centre.operator("1001"), await centre.watcher()
    await operator.ready()

    await pbx.call_in(NUMBER, CALLER, "talker")
    pop = await operator.pop()
    (shown,) = await until(lambda: supervisor.door.get(f"/calls/{pop['call']}/recordings"))
    law, so_far = await until(lambda: heard_for(supervisor.door, f"/recordings/{shown['id']}", 3), 30)
    await operator.door.post(f"/calls/{pop['call']}/hangup")
    (line,) = await until(lambda: ended(supervisor.door), 20)

    (kept,) = line["recordings"]
    law, sound = await heard(supervisor.door, f"/recordings/{kept['id']}")
    assert (line["id"], line["direction"], line["outcome"], kept["state"]) == (pop["call"], "in", "connected", "kept")
    assert line["quality"]["mos"] > 2.0
    assert len(sound) == round(kept["seconds"] * 16000)
    assert sound.startswith(so_far)
    assert all(loudness(side, law) > 300 for side in (so_far[0::2], so_far[1::2])), "both speak"


async def heard_for(door: Door, path: str, seconds: int) -> tuple[str, bytes] | None:
    """What can be heard of a call that is on, once it is so much."""
    with suppress(KeyError):  # nothing yet
        law, sound = await heard(door, path)
        return (law, sound) if len(sound) >= seconds * 16000 else None
    return None


async def ended(door: Door) -> list[dict[str, Any]]:
    """The calls with a recording, once all of them are over."""
    found = (await door.get("/calls?recorded=true"))["items"]
    return found if all(each["ended_at"] and each["recordings"][0]["state"] == "kept" for each in found) else []


async def test_a_caller_waits_until_an_operator_is_ready(pbx: Pbx, centre: Centre, phone: Phone):
    operator = await centre.operator("1001")
    watcher = await centre.watcher()

    await pbx.call_in(NUMBER, CALLER, "silent")
    await watcher.told("ahize.call.queued.v1")
    await operator.ready()

    assert (await operator.pop())["direction"] == "in"


async def test_a_caller_who_gives_up_is_not_joined(pbx: Pbx, centre: Centre, phone: Phone):
    watcher = await centre.watcher()

    await pbx.call_in(NUMBER, CALLER, "hangup-2")
    ended = await watcher.told("ahize.call.ended.v1")

    assert ended["data"]["by"] == "customer"


async def test_a_customer_whom_we_rang_is_known_when_calling_back(pbx: Pbx, centre: Centre, phone: Phone):
    operator = await centre.operator("1001")
    watcher = await centre.watcher()
    campaign = await centre.campaign("warm")
    await centre.upload(campaign, ["0532 200 01 21"])
    await operator.ready()
    await centre.start(campaign)
    await watcher.told("ahize.attempt.ended.v1")

    await pbx.call_in(NUMBER, "+905322000121", "silent")
    pop = await operator.pop()

    assert pop["person"]["name"] == "Örnek Kişi 1"
    assert pop["campaign"]["id"] == campaign
    assert pop["why"]["code"] == "returned_missed_call"


async def test_a_number_that_is_not_ours_is_refused(pbx: Pbx, centre: Centre):
    await pbx.call_in("+902129999999", CALLER, "silent")

    await until(lambda: refused(centre, 404))
    await pbx.until_quiet(10)


async def refused(centre: Centre, status: int) -> bool:
    """Whether the service counts exactly one incoming call refused with `status`."""
    async with httpx.AsyncClient(trust_env=False) as program:
        metrics = (await program.get(f"{centre.service.url}/metrics")).text
    return f'incoming_refused_total{{status="{status}"}} 1.0' in metrics
