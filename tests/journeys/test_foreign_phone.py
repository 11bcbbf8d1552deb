"""A phone whose SIP and RTP others wrote (pyVoIP) as the operator's and as the customer's, through Asterisk."""

import asyncio
import importlib.util
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asterisk import Pbx
from phone import plugged_in
from running import Centre, channels_of, until
from sharing import another_project, centre_at

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(importlib.util.find_spec("pyVoIP") is None, reason="no pyVoIP: install the group foreign"),
]

ECHO = "0532 500 05 01"
OUR_NUMBER = "9001"


class ForeignPhone:
    """What `pyvoip_phone.py` tells, and its ears for commands."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._told: list[dict[str, Any]] = []

    async def tells(self, event: str, within: float = 15.0, **values: Any) -> dict[str, Any]:
        """Wait for the next `event`; what came before it is forgotten."""
        assert self._process.stdout is not None
        async with asyncio.timeout(within):
            while True:
                line = await self._process.stdout.readline()
                assert line, f"the phone ended before {event}: {self._told}"
                self._told.append(json.loads(line))
                if self._told[-1]["event"] == event:
                    return self._told[-1]

    async def do(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        await self._process.stdin.drain()


@asynccontextmanager
async def foreign_phone(pbx: Pbx, extension: str) -> AsyncIterator[ForeignPhone]:
    """A pyVoIP phone that is registered while the block runs."""
    program = str(Path(__file__).with_name("pyvoip_phone.py"))
    arguments = (program, pbx.host, str(pbx.port), extension, f"phone-{extension}")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    phone = ForeignPhone(process)
    try:
        await phone.tells("registered")
        yield phone
        await phone.do("stop")
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 5)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
            await process.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(pbx: Pbx, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Centre]:
    async with centre_at(pbx.address, tmp_path_factory.mktemp("foreign")) as opened:
        yield opened


async def test_it_is_an_operators_phone_for_a_shift(pbx: Pbx, centre: Centre):
    own = await another_project(centre)
    campaign = await own.campaign("warm")
    await own.upload(campaign, [ECHO])
    async with foreign_phone(pbx, "1002") as phone:
        operator = await own.operator("1002")
        await operator.door.put("/desk/state", {"state": "ready"})
        await phone.tells("answered")
        await operator.state("ready")

        await own.start(campaign)
        pop = await operator.pop()
        heard = await phone.tells("sound")  # its own tone, back from the customer's end

        await operator.door.post(f"/calls/{pop['call']}/hangup")
        await operator.state("wrap_up")
        assert await channels_of(pbx, "905325000501") == 0
        assert await channels_of(pbx, "PJSIP/1002") > 0
        await operator.dispose(pop["call"], "success")
        await operator.state("ready")
        await operator.door.put("/desk/state", {"state": "offline"})
        await phone.tells("ended")
        await operator.close()

    assert heard["frames"] > 0
    assert (await pbx.record("905325000501")).outcome == "ANSWERED"


async def test_its_hanging_up_takes_the_operator_off_and_keeps_the_customer(pbx: Pbx, centre: Centre):
    own = await another_project(centre)
    campaign = await own.campaign("warm")
    await own.upload(campaign, ["0532 540 05 02"])
    async with foreign_phone(pbx, "1003") as phone:
        operator = await own.operator("1003")
        await operator.door.put("/desk/state", {"state": "ready"})
        await operator.state("ready")
        await own.start(campaign)
        await operator.pop()
        await phone.tells("sound")

        await phone.do("hangup")
        told = await operator.state("offline")

    assert told["data"]["reason"]["code"] == "phone_lost"
    assert await channels_of(pbx, "905325400502") > 0
    async with plugged_in("1003", pbx.address) as other:
        await operator.ready()
        await operator.pop(2)
        await other.hears()
        await operator.close()


async def test_it_calls_the_centre_and_speaks_with_an_operator(pbx: Pbx, centre: Centre):
    own = await another_project(centre, inbound_numbers=[OUR_NUMBER])
    async with foreign_phone(pbx, "1004") as caller, plugged_in("1005", pbx.address) as phone:
        operator = await own.operator("1005")
        await operator.ready()

        await caller.do(f"call {OUR_NUMBER}")
        await caller.tells("answered")
        pop = await operator.pop()
        await caller.tells("sound")
        await phone.hears()
        await caller.do("hangup")
        ended = await operator.told("ahize.call.ended.v1")
        await until(lambda: _gone(pbx), 5)
        await operator.close()

    assert pop["direction"] == "in"
    assert ended["data"]["by"] == "customer"


async def _gone(pbx: Pbx) -> bool:
    return not await channels_of(pbx, "PJSIP/1004")
