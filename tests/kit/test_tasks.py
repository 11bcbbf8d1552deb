import asyncio

import pytest

from kit.tasks import CRASHES, Tasks


async def test_a_crash_is_counted_and_takes_no_other_task_with_it():
    before = CRASHES.labels("bad")._value.get()
    done = asyncio.Event()

    async def bad():
        raise ValueError

    async def good():
        await asyncio.sleep(0.01)
        done.set()

    async with Tasks() as tasks:
        tasks.spawn(bad(), "bad")
        tasks.spawn(good(), "good")
        await asyncio.wait_for(done.wait(), 1)

    assert CRASHES.labels("bad")._value.get() == before + 1


async def test_leaving_cancels_and_awaits_all():
    ended = []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    async with Tasks() as tasks:
        tasks.spawn(forever(), "one")
        tasks.spawn(forever(), "two")
        await asyncio.sleep(0)

    assert ended == [True, True]
    assert len(tasks) == 0


async def test_nothing_is_spawned_after_the_end():
    async with Tasks() as tasks:
        pass

    async def work():
        pass

    with pytest.raises(RuntimeError, match="late"):
        tasks.spawn(work(), "late")


async def test_a_task_may_end_its_owner():
    tasks = Tasks()
    closed = asyncio.Event()

    async def end():
        await tasks.close()
        closed.set()

    tasks.spawn(end(), "end")

    await asyncio.wait_for(closed.wait(), 1)
