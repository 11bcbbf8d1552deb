"""Whole days on the virtual clock: predictive keeps the limit and is worth it; invariants hold throughout."""

import asyncio
import random

import pytest
from simulated_day import Day, Watch, work_a_day
from small_centre import BANK, DID, TAXI, Centre, campaign, numbers, predictive, virtual

from dialer.facts import AttemptEnded, CallConnected, CallEnded, CallStarted
from dialer.memory import Retry
from dialer.memory_lines import FarEnd, people
from dialer.operator import State as Day_
from dialer.outcomes import FLAGS, Outcome
from dialer.shapes import AttemptKind, BudgetCounts, Detection, Detector, OperatorId

HOURS = 5.0


def shown(name: str, day: Day) -> None:
    print(
        f"{name}: utilisation {day.utilisation:.1%}, abandoned {day.abandonment:.2%} of {day.live} live answers, "
        f"{day.placed} calls placed, {day.cpu_s:.0f} s of CPU"
    )


@pytest.mark.parametrize(("operators", "gain"), [(10, 0.10)])
def test_predictive_keeps_the_limit_over_a_day_and_beats_progressive(operators: int, gain: float) -> None:
    settings = {"wrap_up_s": 60.0, "max_lines": 400}
    one = work_a_day(campaign(**settings), operators=operators, hours=1.0, far=people(7, answer=0.25))
    ahead = work_a_day(predictive(**settings), operators=operators, hours=HOURS, far=people(7, answer=0.25))
    shown(f"progressive, {operators} operators", one)
    shown(f"predictive,  {operators} operators", ahead)

    assert one.abandoned == 0
    assert ahead.abandonment <= 0.03
    assert ahead.utilisation > one.utilisation + gain


def test_stricter_limit_is_kept_too() -> None:
    strict = predictive(wrap_up_s=60.0, max_lines=400, abandonment_limit=0.01)

    day = work_a_day(strict, operators=12, hours=2.0, far=people(3, answer=0.3))
    shown("predictive at 1 %", day)

    assert day.abandonment <= 0.011


def test_the_limit_is_kept_where_machines_are_told_from_people() -> None:
    told = Detector(Detection.HANG_UP, error=0.01)
    cold = predictive(wrap_up_s=60.0, max_lines=400, connect_s=4.0, detector=told)

    day = work_a_day(cold, operators=10, hours=3.0, far=people(7, answer=0.25, machines=0.2))
    shown("predictive, with machines", day)

    assert day.abandonment <= 0.03
    assert day.utilisation > 0.5


@virtual
async def test_invariants_hold_through_a_wild_hour() -> None:
    """Calls in and out, people of all kinds, operators who come, go and lose their phones, a trunk that fails."""
    hot, warm = campaign("hot", wrap_up_s=15.0), campaign("warm", wrap_up_s=15.0, project=TAXI)
    cold = predictive("cold", wrap_up_s=15.0, max_lines=200)
    dice = random.Random(11)
    before = BudgetCounts(500, 0)
    async with Centre(
        hot, warm, cold, far=wild(11), channels=200, retry=Retry(default_s=300.0), before=before
    ) as centre:
        watch = Watch(centre, 11)
        centre.journal.on_fact = watch.hear
        for one, count, first in ((hot, 40, 1), (warm, 200, 1000), (cold, 3000, 2000)):
            centre.leads.add(one, numbers(count, first))
        operators = await centre.staff(8)
        for _ in range(1800):
            await asyncio.sleep(2)
            disturb(centre, operators, dice)
            hold(centre)
        assert await centre.engine.drain(400)
        await centre.engine.stop()

    assert centre.lines.legs == {}
    judge(centre)


def wild(seed: int):
    """Busy, silent, refusing, late, short and long: by chance."""
    dice, crowd = random.Random(seed), people(seed, answer=0.35, talk_s=40.0)
    odd = (
        FarEnd(status=404, after_s=0.3),
        FarEnd(status=503, after_s=0.3),
        FarEnd(status=603, after_s=2.0),
        FarEnd(status=0, after_s=32.0, rings_after_s=None),
        FarEnd(after_s=1e6, late=True),
        FarEnd(after_s=4.0, talk_s=0.5),
        FarEnd(after_s=4.0, talk_s=2.01),
    )

    def far(number: str) -> FarEnd:
        return dice.choice(odd) if dice.random() < 0.2 else crowd(number)

    return far


def disturb(centre: Centre, operators: list[OperatorId], dice: random.Random) -> None:
    chance = dice.random()
    someone = dice.choice(operators)
    view = centre.engine.operator(someone)
    assert view is not None
    if chance < 0.04:
        centre.lines.offer("pbx", f"+90555{dice.randrange(10**7):07}", DID, talk_s=dice.choice([3.0, 60.0]))
    elif chance < 0.06 and view.state != "offline":
        centre.engine._operators.set_not_ready(someone, None)
    elif chance < 0.10 and view.state != "offline":
        centre.engine._operators.set_ready(someone)
    elif chance < 0.11:
        centre.engine._operators.sign_off(someone)
    elif chance < 0.13 and view.state == "offline":
        centre.engine._tasks.spawn(back_to_work(centre, someone, view.extension), "test")
    elif chance < 0.14:
        legs = [leg for leg in centre.lines.legs.values() if leg.number == view.extension and leg.state == "up"]
        for leg in legs:
            centre.lines.hang_up_far(leg.id, "rtp_timeout")
    elif chance < 0.142:
        centre.lines.move_trunk("pbx", up=False, reason="no_answer")
    elif chance < 0.16:
        centre.lines.move_trunk("pbx", up=True, reason="registered")


async def back_to_work(centre: Centre, operator: OperatorId, extension: str) -> None:
    await centre.engine.sign_in(operator, extension)
    await centre.engine.set_ready(operator)


def hold(centre: Centre) -> None:
    """What must be true at every moment."""
    floor = centre.engine._floor
    legs = centre.lines.legs
    for seat in floor.seats.values():
        call = floor.calls.get(seat.day.call) if seat.day.call is not None else None
        assert (seat.day.call is not None) == (seat.day.state in (Day_.RESERVED, Day_.TALKING, Day_.WRAP_UP))
        if seat.day.state in (Day_.RESERVED, Day_.TALKING):
            assert call is not None, f"{seat.day.state} without a call"
            assert call.operator == seat.id
        if seat.day.state is Day_.TALKING:
            assert call is not None
            assert seat.leg is not None
            assert legs[seat.leg].joined == call.leg
        elif seat.leg is not None and seat.leg in legs:
            assert legs[seat.leg].joined is None, "silent between calls"
    leads = [c.lead.id for c in floor.calls.values() if c.lead is not None]
    assert len(leads) == len(set(leads)), "two live calls for one lead"
    numbers_live = [leg.number for leg in legs.values() if leg.attempt is not None and leg.state != "over"]
    assert len(numbers_live) == len(set(numbers_live)), "one number dialed twice at once"


def judge(centre: Centre) -> None:
    """What must be true of the journal in the end."""
    attempts = centre.leads.attempts
    assert all(a.ended is not None for a in attempts.values())
    ended = centre.facts(AttemptEnded)
    assert len({f.attempt for f in ended}) == len(ended), "one end for each attempt"
    started, over = centre.facts(CallStarted), centre.facts(CallEnded)
    assert sorted(f.call for f in started) == sorted(f.call for f in over), "one end for each call"
    place = {f.call: n for n, f in enumerate(centre.journal.facts) if isinstance(f, CallEnded)}
    late = [f for n, f in enumerate(centre.journal.facts) if isinstance(f, CallConnected) and n > place[f.call]]
    assert late == [], "nothing of a call follows its end"
    tries: dict[str, int] = {}
    for fact in ended:
        if fact.kind is AttemptKind.CALL and FLAGS[fact.outcome].counts and fact.lead is not None:
            tries[fact.lead] = tries.get(fact.lead, 0) + 1
    assert all(n <= 3 for n in tries.values())
    seen = {f.outcome for f in ended}
    assert {Outcome.CONNECTED, Outcome.ABANDONED, Outcome.NO_ANSWER, Outcome.TRUNK_BUSY, Outcome.CANCELLED} <= seen
    assert {BANK, TAXI} == {f.project for f in started}
