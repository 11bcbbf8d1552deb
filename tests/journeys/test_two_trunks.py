"""F13, F14: one of two trunks answers 503, or dies, in the middle. Calls go on by the other, and none is doubled."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from running import Centre, Desk, Service, until
from sharing import centre_at

from practice.config import Config, Phones
from practice.exchange import Exchange
from practice.log import CallLog
from sip.server_call import ServerCall

pytestmark = pytest.mark.timeout(150)

SECRET = "secret"
BUSY = [f"0532 200 00 {n:02d}" for n in range(60)]
"""Numbers that are busy at once, so that many calls are over soon."""


class Provider(Exchange):
    """An exchange that can break: then it answers 503 to whatever is to be called."""

    def __init__(self, rtp: tuple[int, int]) -> None:
        super().__init__(
            Config(port=0, rtp=rtp, accounts={"dialer": SECRET}, phones=Phones(count=2), challenge=False), CallLog(None)
        )
        self.broken = False
        self.busy: list[str] = []
        self.faults: list[str] = []

    def on_offered(self, call: ServerCall) -> None:
        if call.called.startswith("+"):
            (self.faults if self.broken else self.busy).append(call.called)
        if self.broken:
            call.refuse(503)
        else:
            super().on_offered(call)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


@asynccontextmanager
async def providers() -> AsyncIterator[tuple[Provider, Provider]]:
    both = Provider((24000, 24199)), Provider((24200, 24399))
    for one in both:
        await one.start()
    try:
        yield both
    finally:
        for one in both:
            await one.stop()


def trunk(name: str, at: Provider, **values: Any) -> dict[str, Any]:
    login = {"username": "dialer", "password": SECRET}
    return {"name": name, "host": "127.0.0.1", "port": at.port, "calls_per_second": 20, **login, **values}


@asynccontextmanager
async def at_work(first: Provider, second: Provider, folder: Path, transport: str) -> AsyncIterator[tuple[Centre, str]]:
    """Two operators work a list of busy people by both trunks, twice as much by the second."""
    trunks = [trunk("first", first), trunk("second", second, weight=2, transport=transport)]
    async with centre_at(("127.0.0.1", first.port), folder, trunks=trunks) as centre:
        desks: list[Desk] = [await centre.operator(f"100{n}") for n in (1, 2)]
        campaign = await centre.campaign("warm")
        await centre.upload(campaign, BUSY)
        for desk in desks:
            await desk.ready()
        await centre.start(campaign)
        yield centre, campaign
        for desk in desks:
            await desk.close()


async def called(first: Provider, second: Provider, count: int, within: float = 40.0) -> None:
    async with asyncio.timeout(within):
        while len(first.busy) + len(second.busy) < count:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("transport", "how"), [("udp", "trunk_resting"), ("tcp", "trunk_down")])
async def test_calls_go_on_by_the_other_trunk_and_none_is_doubled(tmp_path: Path, transport: str, how: str):
    async with (
        providers() as (first, second),
        at_work(first, second, tmp_path, transport) as (centre, campaign),
    ):
        await called(first, second, 24)
        shares = len(first.busy), len(second.busy)
        if how == "trunk_resting":
            second.broken = True
        else:
            await second.stop()
        await called(first, second, len(BUSY))

        async def passed_over() -> list[dict[str, Any]]:
            return (await centre.admin.get(f"/campaigns/{campaign}/status"))["pace"]["passed_over"]

        (why,) = await until(passed_over)
        assert (why["code"], why["values"]["trunk"]) == (how, "second")

        async def all_over() -> bool:
            status = await centre.admin.get(f"/campaigns/{campaign}/status")
            return status["counts"].get("open") == len(BUSY) and status["counts"]["callable"] == 0

        await until(all_over)

    assert shares[1] == pytest.approx(2 * shares[0], abs=3)
    assert set(Counter(first.busy + second.busy).values()) == {1}, "a number was called twice"
    attempts = await attempts_of(centre.service)
    tries = Counter(lead for lead, _, _, outcome, _ in attempts if outcome == "busy")
    assert set(tries.values()) == {1}
    assert len(tries) == len(BUSY)
    faults = [(lead, no) for lead, no, by, outcome, _ in attempts if outcome in ("trunk_busy", "no_trunk")]
    assert all(no == 1 for _, no in faults)
    assert all(by == "first" for lead, no, by, _, _ in attempts if no == 2)
    assert {counted for *_, counted in attempts} == {1}, "a fault of the line is no try of the lead"
    if how == "trunk_resting":
        assert 8 <= len(second.faults) <= 12, "the breaker stops it"
        assert len(faults) == len(second.faults)


async def attempts_of(service: Service) -> list[tuple[str, int, str, str, int]]:
    """Lead, number, trunk and outcome of every attempt to a customer, and the tries that its lead has used."""
    wanted = (
        "SELECT a.lead, a.no, a.trunk, a.outcome, l.tries FROM attempt a JOIN lead l ON l.id = a.lead "
        "ORDER BY a.started_at"
    )
    async with aiosqlite.connect(service.folder / "ahize.db") as db:
        return [tuple(row) for row in await db.execute_fetchall(wanted)]
