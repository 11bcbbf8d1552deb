import asyncio

from kit.bus import InprocBus


async def test_a_hint_wakes_all_that_wait_on_its_topic():
    bus = InprocBus()
    waiting = [asyncio.ensure_future(bus.wait("a", 1)) for _ in range(3)]
    other = asyncio.ensure_future(bus.wait("b", 0.05))
    await asyncio.sleep(0)

    bus.hint("a")

    assert await asyncio.gather(*waiting) == [True] * 3
    assert await other is False


async def test_an_ear_hears_a_hint_that_came_while_it_was_busy_once():
    bus = InprocBus()

    with bus.listen("a") as ear:
        bus.hint("a")
        bus.hint("a")

        assert await ear.wait(0.01) is True
        assert await ear.wait(0.01) is False


async def test_nothing_is_kept_of_those_who_left():
    bus = InprocBus()

    await bus.wait("a", 0)
    bus.hint("a")

    assert not bus._ears
