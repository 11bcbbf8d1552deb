import pytest

from identity.errors import WaitBeforeSignIn
from identity.login import backoff
from identity.login.backoff import Patience
from kit.clock import ManualClock
from kit.db import Database


def test_free_tries_cost_nothing_then_the_wait_doubles_to_its_limit():
    patience = Patience(free=3, longest_s=60)

    assert [patience.wait_s(count) for count in range(1, 12)] == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert patience.wait_s(10_000) == 60


async def test_wait_is_over_when_its_time_is(db: Database, clock: ManualClock):
    patience = Patience(free=1, longest_s=60)
    who = b"w" * 32

    async def one_try() -> None:
        await db.write(lambda tx: backoff.admit(tx, who, patience, clock.now()))

    await one_try()
    await one_try()
    with pytest.raises(WaitBeforeSignIn) as refused:
        await one_try()
    assert refused.value.values["retry_after_s"] == 1

    clock.advance(1)
    await one_try()
    clock.advance(1)
    with pytest.raises(WaitBeforeSignIn):
        await one_try()


async def test_tries_are_forgotten_after_a_while(db: Database, clock: ManualClock):
    patience = Patience(free=1, longest_s=60)
    for _ in range(2):
        await db.write(lambda tx: backoff.admit(tx, b"w" * 32, patience, clock.now()))

    clock.advance(backoff.FORGET_AFTER.total_seconds() + 1)

    for _ in range(2):
        await db.write(lambda tx: backoff.admit(tx, b"w" * 32, patience, clock.now()))
