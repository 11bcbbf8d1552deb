"""OUT: a list goes in at one end, a person is on the line at the other. Asterisk's call records are the judge."""

import pytest
from asterisk import Pbx
from phone import Phone
from running import Centre

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(90)]

ECHO = "0532 500 01 01"


async def test_an_uploaded_list_becomes_a_screen_pop(pbx: Pbx, centre: Centre, phone: Phone):
    operator = await centre.operator("1001")
    campaign = await centre.campaign("warm")
    listed = await centre.upload(campaign, [ECHO, "0532 500 01 01", "12", "yok"])
    await operator.ready()

    await centre.start(campaign)
    pop = await operator.pop()

    assert listed["counts"] | {"accepted": 1, "duplicate": 1, "refused": 2} == listed["counts"]
    assert pop["campaign"]["temperature"] == "warm"
    assert pop["person"]["name"] == "Örnek Kişi 1"
    assert pop["script"] == "Merhaba Örnek Kişi 1, Muğla için arıyorum."
    assert "5000101" not in str(pop)
    await phone.hears()

    await operator.door.post(f"/calls/{pop['call']}/hangup")
    await operator.state("wrap_up")
    await operator.dispose(pop["call"], "success")
    await operator.state("ready")
    record = await pbx.record("905325000101")
    assert record.outcome == "ANSWERED"
    assert len([call for call in pbx.calls() if call.number == "905325000101"]) == 1


@pytest.mark.parametrize(
    ("number", "outcome", "status"),
    [
        ("0532 200 01 11", "busy", 486),
        ("0532 220 01 12", "trunk_busy", 503),
        ("0532 230 01 13", "unknown_number", 404),
        ("0532 240 01 14", "declined", 603),
        ("0532 250 01 15", "unavailable", 480),
    ],
)
async def test_what_the_far_end_says_becomes_the_outcome(
    pbx: Pbx, centre: Centre, phone: Phone, number: str, outcome: str, status: int
):
    operator = await centre.operator("1001")
    supervisor = await centre.watcher()
    campaign = await centre.campaign("warm")
    await centre.upload(campaign, [number])
    await operator.ready()

    await centre.start(campaign)
    ended = await supervisor.told("ahize.attempt.ended.v1")

    assert (ended["data"]["outcome"], ended["data"]["status"]) == (outcome, status)
    record = await pbx.record("90" + number.replace(" ", "")[1:])
    assert record.outcome != "ANSWERED"
