"""Calls over a line that loses, doubles and reorders packets both ways: both sides hold the same end of each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from asterisk import Pbx

from bench import agreement, sipp
from bench.agreement import Caller
from bench.lossy import LossyLine
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
