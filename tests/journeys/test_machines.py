"""Machines are told from people, and talks are recorded, through the real doors; the exchange's log is the judge."""

from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from running import NUMBER, Centre, Desk, Service, until

from cli.demo import exchange
from practice import log as exchange_log

pytestmark = pytest.mark.timeout(120)

MACHINE, FAX, PERSON = "0532 120 04 01", "0532 400 04 02", "0532 100 04 03"


async def test_only_the_person_reaches_the_operator_and_is_recorded(tmp_path: Path):
    log = tmp_path / "exchange.jsonl"
    async with exchange.running(log, 1, NUMBER, 0.0) as far:
        service = Service(tmp_path / "service", ("127.0.0.1", far.port), secret=exchange.SECRET)
        try:
            await service.start()
            await one_after_the_other(service)
        finally:
            await service.stop()

    answered = [line["number"] for line in exchange_log.read(log) if line["event"] == "answered"]
    assert sum(number.startswith("90532") or number.startswith("+90532") for number in answered) == 3


async def one_after_the_other(service: Service) -> None:
    """A machine, a fax and a person are called; the operator gets the person alone."""
    centre = await Centre.open(service)
    operator, supervisor = await centre.operator("1001"), await centre.watcher()
    await centre.trunk_up()
    campaign = await centre.campaign("warm", detection="hang_up", connect_s=3.7, record=True, wrap_up_s=5)
    await centre.upload(campaign, [MACHINE, FAX, PERSON])
    await operator.ready()
    await centre.start(campaign)

    pop = await operator.pop(within=60)
    await until(lambda: ended(service, 3), 60)

    assert await outcomes(service) == ["connected", "fax", "machine"]
    kept = await until(lambda: kept_of(supervisor, pop["call"]), 20)
    assert kept["operator"] == operator.user
    call = await supervisor.door.get(f"/calls/{pop['call']}")
    assert call["quality"]["mos"] > 1
    await operator.close()
    await supervisor.close()


async def kept_of(supervisor: Desk, call: str) -> dict[str, Any] | None:
    """The call's one recording, once it is whole."""
    (found,) = await supervisor.door.get(f"/calls/{call}/recordings")
    return found if found["state"] == "kept" else None


async def outcomes(service: Service) -> list[str]:
    query = "select outcome from attempt where kind = 'call' and outcome is not null order by outcome"
    async with aiosqlite.connect(service.folder / "ahize.db") as db, db.execute(query) as rows:
        return [row[0] async for row in rows]


async def ended(service: Service, count: int) -> bool:
    return len(await outcomes(service)) == count
