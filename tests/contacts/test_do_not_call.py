"""Do-not-call lists at their two levels, on both stores."""

from datetime import timedelta

import pytest

from contacts import sealing
from contacts.dnc import service
from kit import ids
from kit.clock import ManualClock
from kit.db import Database
from kit.errors import NotFound
from kit.seal import Seal

NUMBER = "+905321005001"
HERE, THERE = ids.new(), ids.new()


class Bars:
    """Bars numbers and asks whether one is barred."""

    def __init__(self, db: Database, seal: Seal, clock: ManualClock) -> None:
        self.db, self.clock = db, clock
        self.sealed = seal.seal(NUMBER, sealing.NUMBER)
        self.digest = sealing.number_digest(seal, NUMBER)

    async def bar(self, project: str | None, for_s: float | None = None) -> str:
        until = None if for_s is None else self.clock.now() + timedelta(seconds=for_s)
        return await self.db.write(
            lambda tx: service.add(
                tx,
                project=project,
                number_sealed=self.sealed,
                number_digest=self.digest,
                source="test",
                at=self.clock.now(),
                until=until,
            )
        )

    async def stands(self, project: str) -> bool:
        async with self.db.read() as conn:
            return bool(await service.standing(conn, project, [self.digest, bytes(32)], self.clock.now()))

    async def entries(self, project: str) -> int:
        async with self.db.read() as conn:
            return len(await service.listed(conn, project, None, 100))


@pytest.fixture
def bars(database: Database, seal: Seal, clock: ManualClock) -> Bars:
    return Bars(database, seal, clock)


async def test_an_entry_of_a_project_holds_there_alone(bars: Bars):
    await bars.bar(HERE)

    assert await bars.stands(HERE)
    assert not await bars.stands(THERE)


async def test_an_entry_without_project_holds_everywhere(bars: Bars):
    await bars.bar(None)

    assert await bars.stands(HERE)
    assert await bars.stands(THERE)


async def test_an_entry_ends_at_its_time(bars: Bars):
    await bars.bar(HERE, for_s=60)
    assert await bars.stands(HERE)

    bars.clock.advance(60)

    assert not await bars.stands(HERE)


async def test_a_number_is_listed_once_at_each_level(bars: Bars):
    await bars.bar(HERE)
    await bars.bar(HERE, for_s=5)
    await bars.bar(None)
    await bars.bar(None)

    assert await bars.entries(HERE) == 2
    assert await bars.entries(THERE) == 1


async def test_what_is_removed_is_gone_and_cannot_be_removed_again(bars: Bars):
    entry = await bars.bar(HERE)
    await bars.db.write(lambda tx: service.remove(tx, entry))

    assert not await bars.stands(HERE)
    with pytest.raises(NotFound):
        await bars.db.write(lambda tx: service.remove(tx, entry))
