"""Calls over a line that loses, doubles and reorders packets both ways: both sides hold the same end of each."""

import asyncio
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from asterisk import Pbx
from imagined_net import A, B, Net
from listening import ANSWER, Ear, dial

from bench import agreement, sipp
from bench.agreement import Caller
from bench.lossy import LossyLine
from kit import virtual
from sip.client_call import ClientCall
from sip.listener import Account

CALLS = 60


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """SIPp's port and its log; skips where it is not installed."""
    if shutil.which("sipp") is None:
        pytest.skip("no SIPp: install sip-tester (Debian)")
    log = tmp_path / "answering.log"
    with sipp.uas(log) as port:
        yield port, log


async def test_every_call_ends_as_sipp_has_it_in_its_log(answering: tuple[int, Path]) -> None:
    port, log = answering
    line = LossyLine(seed=4475)

    fates = await agreement.over(line, Caller((sipp.HOST, port)), [f"+90532{at:07d}" for at in range(CALLS)])

    assert line.counts["lost"] > 0
    assert line.counts["held"] > 0
    assert len(fates) == CALLS
    assert agreement.disagreements(fates, log) == []


@pytest.mark.asterisk
async def test_every_call_ends_as_asterisk_has_it_in_its_records(pbx: Pbx) -> None:
    before = len(pbx.calls())
    caller = Caller(pbx.address, Account("trunk", pbx.host, pbx.port, "dialer", "dialer-secret", "pbx.test"))
    caller.is_cancelled = agreement.takes_back
    line = LossyLine(seed=3261)

    fates = await agreement.over(line, caller, agreement.mixed(CALLS))
    await pbx.until_quiet(within=60)

    assert line.counts["lost"] > 0
    assert {fate.status for fate in fates} >= {0, 486, 404, 487}
    assert agreement.disagreements_with_records(fates, pbx.calls()[before:]) == []


def test_with_a_fifth_of_all_packets_lost_no_call_is_stuck_on_either_side() -> None:
    net, near, far, dice = Net(), Ear(), Ear(), random.Random(1)
    net.lose = lambda sender, message: dice.random() < 0.2
    far.on_offer = lambda call: (call.ring(), call.answer(ANSWER))

    async def work() -> None:
        caller, called = await net.agent(A, near), await net.agent(B, far)
        calls: list[ClientCall] = []
        for _ in range(300):
            calls.append(dial(caller, (B, 5060)))
            await asyncio.sleep(0.1)
        await asyncio.sleep(40)
        for call in calls:
            call.hang_up()
        await asyncio.sleep(200)
        for agent in (caller, called):
            assert agent.counts.errors == 0
            assert (len(agent.transactions), len(agent.core), len(agent.timers)) == (0, 0, 0)

    virtual.run(work())

    assert len(near.of("answered")) > 290
    assert sorted(map(id, ended(near))) == sorted({id(call) for call in ended(near)})
    assert len(ended(near)) == 300
    assert {id(call) for call in ended(far)} == {id(entry[1]) for entry in far.of("offered")}
    assert len(ended(far)) == len(far.of("offered"))


def ended(ear: Ear) -> list[object]:
    return [entry[1] for entry in ear.of("failed", "ended")]
