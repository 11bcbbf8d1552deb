import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from kit import virtual
from kit.virtual import Stuck, VirtualClock

START = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


def test_a_day_passes_in_a_moment():
    async def work():
        clock = VirtualClock()
        await asyncio.sleep(24 * 3600)
        return clock.now(), clock.monotonic()

    began = time.monotonic()
    now, passed = virtual.run(work(), START)

    assert now == START + timedelta(days=1)
    assert passed == pytest.approx(24 * 3600)
    assert time.monotonic() - began < 1


@pytest.mark.timeout(20)
def test_short_timers_fire_also_after_years():
    async def work():
        await asyncio.sleep(10 * 365 * 86_400)
        for n in range(500):
            await asyncio.sleep(0.1 / (n % 7 + 1))

    virtual.run(work())


def test_timers_fire_in_their_order_at_their_time():
    async def work():
        clock, seen = VirtualClock(), []

        async def at(seconds):
            await asyncio.sleep(seconds)
            seen.append((seconds, clock.monotonic()))

        await asyncio.gather(*(at(seconds) for seconds in (3.0, 0.02, 60.0, 1.5)))
        return seen

    seen = virtual.run(work(), START)

    assert [planned for planned, _ in seen] == [0.02, 1.5, 3.0, 60.0]
    assert all(at == pytest.approx(planned, abs=1e-5) for planned, at in seen)


def test_time_stands_still_while_there_is_something_to_do():
    async def work():
        clock = VirtualClock()
        for _ in range(1000):
            await asyncio.sleep(0)
        return clock.monotonic()

    assert virtual.run(work()) == 0


def test_timeouts_work_on_virtual_time():
    async def work():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 30)
        return asyncio.get_running_loop().time()

    assert virtual.run(work()) == pytest.approx(30)


def test_waiting_for_what_never_comes_is_said():
    async def work():
        await asyncio.Event().wait()

    with pytest.raises(Stuck):
        virtual.run(work())


def test_two_runs_are_the_same():
    async def work():
        seen = []

        async def worker(n):
            for step in range(20):
                await asyncio.sleep(0.1 + n / 7)
                seen.append((n, step, asyncio.get_running_loop().time()))

        await asyncio.gather(*(worker(n) for n in range(5)))
        return seen

    assert virtual.run(work()) == virtual.run(work())


def test_a_clock_can_begin_elsewhere():
    async def work():
        await asyncio.sleep(5)
        clock = VirtualClock(START)
        await asyncio.sleep(1)
        return clock.now()

    assert virtual.run(work()) == START + timedelta(seconds=1)
