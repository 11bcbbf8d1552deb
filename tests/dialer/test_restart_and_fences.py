"""After the engine died, and when another engine took over."""

import asyncio
import itertools

import pytest
from small_centre import Centre, campaign, numbers, virtual

from dialer.facts import AttemptEnded, CallEnded, CallStarted
from dialer.memory import MemoryJournal
from dialer.memory_lines import ANSWERS, RINGS_ON, FarEnd, MemoryLines
from dialer.outcomes import Outcome
from dialer.shapes import AttemptKind


async def die(centre: Centre) -> None:
    """The process is gone: nothing more is said to anybody; the store stays as it is."""
    await centre.engine._tasks.close()
    centre.lines.listen(lambda event: None)
    far = centre.lines._far
    centre.lines = MemoryLines(far, (centre.trunk,))
    centre.journal = MemoryJournal(centre.leads)


@pytest.mark.parametrize(("far", "answered"), [(RINGS_ON, False), (FarEnd(after_s=1.0), True)])
@virtual
async def test_attempts_alive_at_death_are_ended_on_the_line_and_lost(far: FarEnd, answered: bool) -> None:
    cold = campaign()
    async with Centre(cold, far=far) as centre:
        (lead,) = centre.leads.add(cold, numbers(1))
        await centre.staff(1)
        await centre.until(centre.customers)
        await asyncio.sleep(3)
        await die(centre)

        centre.engine = centre.make_engine()
        await centre.engine.start()
        await asyncio.sleep(30)

        lost = centre.facts(AttemptEnded)
        assert sorted((f.kind, f.outcome) for f in lost) == [
            (AttemptKind.CALL, Outcome.LOST),
            (AttemptKind.LEG, Outcome.LOST),
        ]
        assert sorted(a for _, a in centre.lines.ended_lost) == sorted([answered, True])
        assert all(a.ended is not None for a in centre.leads.attempts.values())
        assert all(dialog.to_tag is not None for dialog, _ in centre.lines.ended_lost)
        assert centre.customers() == []
        assert centre.leads.leads[lead.id].lead.tries == 1


@virtual
async def test_nothing_is_dialed_twice_over_a_death_at_any_moment() -> None:
    for moment in itertools.chain(range(0, 40, 3), (45, 60, 90)):
        await _die_after(moment / 10)


async def _die_after(seconds: float) -> None:
    cold = campaign()
    async with Centre(cold, far=FarEnd(after_s=2.0, talk_s=2.0), delay_s=0.03) as centre:
        centre.leads.add(cold, numbers(8))
        await centre.staff(2)
        await asyncio.sleep(seconds)
        before = centre.customers()
        await die(centre)

        centre.engine = centre.make_engine()
        await centre.engine.start()
        await centre.staff(2)
        await asyncio.sleep(120)

        dialed = before + centre.customers()
        assert len(dialed) == len(set(dialed)), f"dialed twice after a death at {seconds} s"


@virtual
async def test_overtaken_campaign_ends_its_calls_and_writes_nothing() -> None:
    cold, warm = campaign("cold"), campaign("warm")
    async with Centre(cold, warm, far=ANSWERS) as centre:
        centre.leads.add(cold, numbers(1))
        centre.leads.add(warm, numbers(1, first=500))
        operators = await centre.staff(2)
        await centre.until(lambda: len(centre.facts(CallStarted)) == 2)
        of_cold = centre.facts(CallStarted, campaign=cold.id)[0]

        await centre.leads.take("campaign:cold")
        centre.lines.hang_up_far(centre.lines.leg_to(numbers(1)[0]).id)
        await asyncio.sleep(1)

        assert centre.reason("cold") == "overtaken"
        assert centre.facts(CallEnded, call=of_cold.call) == []
        assert centre.facts(AttemptEnded, campaign=cold.id) == []
        assert sorted(centre.state(op) for op in operators) == ["talking", "wrap_up"]
        assert centre.reason("warm") != "overtaken"


@virtual
async def test_overtaken_engine_hangs_everything_up() -> None:
    cold = campaign()
    async with Centre(cold, far=ANSWERS) as centre:
        centre.leads.add(cold, numbers(2))
        await centre.staff(3)
        await centre.until(lambda: len(centre.facts(CallStarted)) == 2)

        await centre.leads.take("engine")
        await centre.leads.take("campaign:cold")
        centre.lines.hang_up_far(centre.lines.leg_to("1003").id)
        await asyncio.sleep(2)

        assert centre.engine.overtaken
        assert centre.lines.legs == {}


@virtual
async def test_begin_refused_sends_nothing_and_frees_the_operator() -> None:
    cold = campaign()
    async with Centre(cold, far=ANSWERS) as centre:
        (operator,) = await centre.staff(1)
        reserve = centre.leads.reserve

        async def reserve_and_lose(*args: object) -> object:
            leads = await reserve(*args)  # type: ignore[arg-type]
            if leads:
                await centre.leads.take("campaign:cold")
            return leads

        centre.leads.reserve = reserve_and_lose  # type: ignore[method-assign,assignment]
        centre.leads.add(cold, numbers(1))
        centre.engine.refresh()
        await asyncio.sleep(5)

        assert centre.customers() == []
        assert centre.state(operator) == "ready"
