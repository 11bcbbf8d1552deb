"""T6: what a hostile list carries in its names and numbers never reaches SIP. Asterisk's own capture is the judge."""

import re
from pathlib import Path

import pytest
from asterisk import Pbx
from phone import Phone
from running import Centre, until
from sharing import another_project

from kit.phones import DIALABLE

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]

FILE = "sip_header_injection.csv"
FOREIGN = (
    *("X-Evil", "UDP evil", "evil@example", "premium", "sip:x>", "%0d%0a", "Replaces", "tag=x", "tag=1,"),
    *("Anna", "\u202e", "\u2028", "é" * 4, "a" * 40),
)
INVITE = re.compile(rb"INVITE (\S+) SIP/2\.0\r\n(.*?)\r\n\r\n", re.DOTALL)
USER = re.compile(rb"sips?:([^@>\s]*)@")


async def test_a_hostile_list_is_dialed_and_nothing_of_it_is_in_the_packets(
    pbx: Pbx, centre: Centre, phone: Phone, material: Path, tmp_path: Path
):
    germany = await another_project(centre, country="DE", zone="Europe/Berlin")
    campaign = await germany.campaign("warm")
    content = (material / "hostile-uploads" / FILE).read_bytes()
    listed = await germany.admin.upload(campaign, FILE, content)
    operator = await germany.operator("1001")
    await operator.ready()

    capture = tmp_path / "seen.pcap"
    await pbx.command(f"pjsip set logger pcap {capture}")
    await pbx.command("pjsip set logger on")
    await germany.start(campaign)
    await until(lambda: _finished(germany, campaign), 60)
    await pbx.command("pjsip set logger off")
    await operator.close()
    seen = capture.read_bytes()

    invited = INVITE.findall(seen)
    called = {user.decode() for uri, _ in invited for user in USER.findall(uri) if user.startswith((b"+49", b"49"))}
    assert listed["counts"]["accepted"] == len(called) == 14
    users = {user.decode() for uri, fields in invited for user in USER.findall(uri + b"\r\n" + fields)}
    assert [user for user in users if not DIALABLE.fullmatch(user) and user != "ahize"] == []
    assert [mark for mark in FOREIGN if mark.encode() in seen] == []


async def _finished(centre: Centre, campaign: str) -> bool:
    counts = (await centre.admin.get(f"/campaigns/{campaign}/status"))["counts"]
    return counts.get("done", 0) == 14


async def test_settings_that_would_reach_sip_are_refused_at_the_door(centre: Centre):
    draft = {"project": centre.project, "name": "Örnek", "temperature": "warm"}
    person = {"login": "evil", "name": "Örnek"}
    for number in ("+90212\r\nX-Evil: 1", "+90212\n", '"<sip:1@x>', "1001\x00", "1" * 70_000, "1;tag=x"):
        answers = [
            await centre.admin.browser.send("POST", "/campaigns", draft | {"caller_id": number}),
            await centre.admin.browser.send("POST", "/users", person | {"extension": number}),
            await centre.admin.browser.send("POST", "/projects", {"name": "Örnek 2", "inbound_numbers": [number]}),
        ]
        assert [answer.status for answer in answers] == [422, 422, 422], number[:30]
