"""P12, G14: 1,000 calls with 5 % of all packets lost each way, 1 % doubled, 2 % overtaken: who agrees on their ends.

The judges are SIPp's log, where every call is answered, and a real Asterisk's call records, where half are: the rest
are busy, unknown, or taken back by us while ringing. A call that is not in the log exactly once is a disagreement;
Asterisk may have two records of a call whose answers were all lost (`agreement.disagreements_with_records`).
"""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import agreement, sipp
from bench.agreement import Caller, Fate
from bench.figures import Figure
from bench.lossy import LossyLine
from cli.demo.report import percentile
from sip.listener import Account
from tests import asterisk

CALLS = 1000
SEED = 5


def measure() -> Iterator[Figure]:
    yield from _figures("SIPp", *_against_sipp())
    with asterisk.server() as pbx:
        if pbx is None:
            raise RuntimeError(asterisk.MISSING)
        yield from _figures("Asterisk", *_against_asterisk(pbx))


def _against_sipp() -> tuple[list[Fate], list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "answering.log"
        with sipp.uas(log) as port:
            numbers = [f"+90532{at:07d}" for at in range(CALLS)]
            fates = asyncio.run(agreement.over(LossyLine(SEED), Caller((sipp.HOST, port)), numbers))
        return fates, agreement.disagreements(fates, log)


def _against_asterisk(pbx: asterisk.Pbx) -> tuple[list[Fate], list[str]]:
    fates = asyncio.run(_at_asterisk(pbx))
    return fates, agreement.disagreements_with_records(fates, pbx.calls())


async def _at_asterisk(pbx: asterisk.Pbx) -> list[Fate]:
    account = Account("trunk", pbx.host, pbx.port, "dialer", "dialer-secret", "pbx.test")
    caller = Caller(pbx.address, account)
    caller.is_cancelled = agreement.takes_back
    fates = await agreement.over(LossyLine(SEED), caller, agreement.mixed(CALLS))
    await pbx.until_quiet(within=60)
    return fates


def _figures(judge: str, fates: list[Fate], wrong: list[str]) -> Iterator[Figure]:
    for line in wrong[:10]:
        print(f"  {line}")
    agreed = 100 * (1 - len(wrong) / len(fates))
    took = percentile(sorted(fate.set_up_s for fate in fates if fate.answered), 0.99) or 0.0
    yield Figure("P12", f"calls whose end {judge} holds too; {len(fates)} calls", (agreed,), "%", "≥ 99.9 %")
    yield Figure("P12", f"set-up of answered calls, p99, at {judge}", (took,), "s", "≤ 4 s")
