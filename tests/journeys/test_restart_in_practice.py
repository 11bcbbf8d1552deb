"""F1, F2: the service is killed again and again while it rings and while they talk; the exchange's log is the judge."""

from collections import Counter
from pathlib import Path

import aiosqlite
import pytest
from running import NUMBER, Centre, Desk, Service, until

from cli.demo import exchange
from practice import log as exchange_log

pytestmark = pytest.mark.timeout(150)

KILLS = 3
OPERATORS = 3


async def test_killed_at_any_moment_nothing_is_dialed_twice_and_nothing_stays(tmp_path: Path):
    log = tmp_path / "exchange.jsonl"
    async with exchange.running(log, OPERATORS, NUMBER, 0.0) as far:
        service = Service(tmp_path / "service", ("127.0.0.1", far.port), secret=exchange.SECRET)
        try:
            await service.start()
            await shift(service, log)
        finally:
            await service.stop()

    seen = exchange_log.read(log)
    numbers = Counter(line["number"] for line in seen if line["event"] == "invite" and line["kind"] == "customer")
    assert set(numbers.values()) == {1}, "a number was dialed twice"
    assert await states(service) == {"ended"}


async def shift(service: Service, log: Path) -> None:
    """Operators work a list of people who talk and people who are not there; the service is killed in the middle."""
    centre = await Centre.open(service)
    desks = [await centre.operator(f"100{n}") for n in range(1, OPERATORS + 1)]
    campaign = await centre.campaign("warm", wrap_up_s=1)
    numbers = [number for pair in zip(talks(20), rings(20), strict=True) for number in pair]
    await centre.upload(campaign, numbers)
    await centre.start(campaign)
    for n in range(KILLS):
        centre, desks = await worked_and_killed(service, centre, desks, calls=n + 2, log=log)
    await until(lambda: quiet(log), 40)


def rings(count: int) -> list[str]:
    """Numbers that ring and are never answered."""
    return [f"0532 210 03 {n:02d}" for n in range(count)]


def talks(count: int) -> list[str]:
    """Numbers of people who answer at once and talk."""
    return [f"0532 100 03 {n:02d}" for n in range(count)]


async def worked_and_killed(
    service: Service, centre: Centre, desks: list[Desk], calls: int, log: Path
) -> tuple[Centre, list[Desk]]:
    """Let everybody work until so many calls more are on the way, kill the service in the middle, start it again."""
    await centre.trunk_up()
    for desk in desks:
        await desk.ready()
    before = invites(log)
    await until(lambda: more(log, before + calls), 30)
    await service.kill()
    for desk in desks:
        await desk.disconnect()
    await service.start()
    back = [await Desk.again(desk, service.url) for desk in desks]
    return Centre(service, centre.admin.at(service.url), centre.project), back


def invites(log: Path) -> int:
    return sum(line["event"] == "invite" and line["kind"] == "customer" for line in exchange_log.read(log))


async def more(log: Path, wanted: int) -> bool:
    return invites(log) >= wanted


async def quiet(log: Path) -> bool:
    """Whether every call that the exchange saw has ended there."""
    lines = [line for line in exchange_log.read(log) if "call_id" in line and line["event"] != "register"]
    ended = {line["call_id"] for line in lines if line["event"] in ("ended", "cancelled", "refused")}
    return {line["call_id"] for line in lines} == ended


async def states(service: Service) -> set[str]:
    """The states of all attempts in the base."""
    async with aiosqlite.connect(service.folder / "ahize.db") as db, db.execute("select state from attempt") as rows:
        return {row[0] async for row in rows}
