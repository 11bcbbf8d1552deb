"""Thousands of calls while everything fails now and then; afterwards nothing is left of them."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

from small_centre import BANK, DID, TAXI, Centre, campaign, numbers, predictive, virtual
from structlog.testing import capture_logs

from dialer.facts import AttemptEnded, CallEnded, CallStarted, EndedBy
from dialer.memory import Retry
from dialer.memory_lines import BUSY, RINGS_ON, SILENT, FarEnd, is_phone
from dialer.operator import State
from dialer.shapes import BudgetCounts, Campaign, OperatorId
from kit.errors import Conflict, Forbidden

OPERATORS = 30
MINUTES = 20


@virtual
async def test_thousands_of_calls_leave_nothing_behind() -> None:
    hot, warm = campaign("hot", wrap_up_s=4.0), campaign("warm", wrap_up_s=4.0, project=TAXI)
    cold = predictive("cold", wrap_up_s=4.0, max_lines=100)
    dice = random.Random(18)
    centre = Centre(
        hot,
        warm,
        cold,
        far=lambda number: customer(dice),
        channels=150,
        retry=Retry(default_s=400.0, trunk_s=200.0),
        before=BudgetCounts(2000, 0),
    )
    phones(centre, dice)
    with capture_logs():
        await work(centre, ((hot, 300, 1), (warm, 900, 5000), (cold, 9000, 10000)), dice)


async def work(centre: Centre, lists: tuple[tuple[Campaign, int, int], ...], dice: random.Random) -> None:
    async with centre:
        for one, count, first in lists:
            centre.leads.add(one, numbers(count, first))
        operators = await centre.staff(OPERATORS)
        troubles(centre, dice)
        for _ in range(MINUTES * 60):
            await asyncio.sleep(1)
            disturb(centre, operators, dice)
            hold(centre)
        centre.journal.failure = None
        calm(centre)
        assert await centre.engine.drain(400)
        await asyncio.sleep(120)
        empty(centre)
        assert len(centre.customers()) > 2000


def customer(dice: random.Random) -> FarEnd:
    """Somebody who answers, or one of all the ways not to."""
    fate = dice.random()
    if fate < 0.45:
        return FarEnd(after_s=dice.uniform(1.0, 20.0), talk_s=dice.choice([0.3, 1.99, 2.01, 5.0, 15.0, 40.0]))
    odd = (
        *(BUSY, BUSY, BUSY, BUSY, RINGS_ON),
        SILENT,
        FarEnd(status=503, after_s=0.3, rings_after_s=None),
        FarEnd(status=404, after_s=0.1, rings_after_s=None),
        FarEnd(after_s=1e6, late=True),
        FarEnd(after_s=1e6, late=True, talk_s=1.0),
        FarEnd(after_s=25.0, talk_s=3.0),  # answers at the very ring limit
        FarEnd(after_s=0.0, rings_after_s=None, talk_s=0.0),
    )
    return dice.choice(odd)


def phones(centre: Centre, dice: random.Random) -> None:
    """Operators' phones that are busy, silent or die after a while."""
    chosen = centre.lines._far

    def far(number: str) -> FarEnd:
        if not is_phone(number):
            return chosen(number)
        fate = dice.random()
        if fate < 0.1:
            return dice.choice([BUSY, SILENT, RINGS_ON, FarEnd(after_s=1e6, late=True)])
        return FarEnd(after_s=0.2, rings_after_s=0.1, talk_s=dice.choice([30.0, 200.0, 1000.0, None]))

    centre.lines._far = far


def troubles(centre: Centre, dice: random.Random) -> None:
    """Store, rules and line raise now and then."""
    for owner, name, chance in (
        (centre.leads, "begin", 0.01),
        (centre.leads, "release", 0.05),
        (centre.leads, "reserve", 0.01),
        (centre.rules, "may_dial", 0.01),
        (centre.lines, "dial", 0.004),
        (centre.lines, "join", 0.003),
        (centre.lines, "hang_up", 0.003),
        (centre.lines, "cancel", 0.003),
    ):
        setattr(owner, name, failing(getattr(owner, name), chance, dice))


def failing(works: Callable[..., Any], chance: float, dice: random.Random) -> Callable[..., Any]:
    """Raises by `chance`; for one leg or lead only once, so that whoever tries again gets through."""
    failed: set[object] = set()

    def sometimes(*args: Any, **named: Any) -> Any:
        if dice.random() < chance and args[0] not in failed:
            failed.add(args[0])
            raise OSError("made to fail")
        return works(*args, **named)

    return sometimes


def calm(centre: Centre) -> None:
    for owner in (centre.leads, centre.rules, centre.lines):
        for name in ("begin", "release", "reserve", "may_dial", "dial", "join", "hang_up", "cancel"):
            vars(owner).pop(name, None)


def disturb(centre: Centre, operators: list[OperatorId], dice: random.Random) -> None:
    """One second of a bad day."""
    engine = centre.engine
    someone = dice.choice(operators)
    view = engine.operator(someone)
    if dice.random() < 0.08:
        centre.lines.offer("pbx", f"+90555{dice.randrange(10**7):07}", DID, talk_s=dice.choice([0.5, 4.0, 60.0]))
    if dice.random() < 0.05 and (waiting := [leg for leg in centre.lines.legs.values() if leg.id.startswith("in-")]):
        centre.lines.hang_up_far(dice.choice(waiting).id)
    centre.journal.failure = OSError("disk full") if dice.random() < 0.01 else None
    assert view is not None
    doings: tuple[Callable[[], Any], ...] = (
        lambda: engine.set_ready(someone),
        lambda: engine.set_not_ready(someone),
        lambda: engine.sign_off(someone),
        lambda: engine.hang_up(view.call, someone),
        lambda: engine.disposed(view.call, someone),
        lambda: engine.disposed(view.call, someone),
    )
    if view.state == "offline" or dice.random() < 0.1:
        engine._tasks.spawn(quietly(sign_in(centre, someone, view.extension)), "test")
    elif dice.random() < 0.6:
        engine._tasks.spawn(quietly(dice.choice(doings)()), "test")


async def sign_in(centre: Centre, operator: OperatorId, extension: str) -> None:
    await centre.engine.sign_in(operator, extension)
    await centre.engine.set_ready(operator)


async def quietly(work: Any) -> None:
    """What the engine refuses is the operator's bad luck."""
    try:
        await work
    except (Conflict, Forbidden, OSError):
        return


def hold(centre: Centre) -> None:
    """Nobody talks or is reserved without a call, and no number is called twice at once (I1, I6)."""
    floor = centre.engine._floor
    for seat in floor.seats.values():
        assert (seat.day.call is not None) == (seat.day.state in (State.RESERVED, State.TALKING, State.WRAP_UP))
        if seat.day.state in (State.RESERVED, State.TALKING):
            assert seat.day.call is not None
            assert floor.calls[seat.day.call].operator == seat.id
        assert (seat.leg is None) == (seat.day.state is State.OFFLINE)
    ours = [leg.number for leg in centre.lines.legs.values() if leg.attempt is not None]
    assert len(ours) == len(set(ours))


def empty(centre: Centre) -> None:
    """All tables are empty but the seats; no attempt lives, no lead is held, each call has one end."""
    engine, floor = centre.engine, centre.engine._floor
    assert floor.calls == {}
    assert floor.by_leg == {}
    assert len(floor.queue) == 0
    assert engine._incoming._offered == set()
    assert set(floor.phones) == {seat.leg for seat in floor.seats.values() if seat.leg is not None}
    left = [leg for leg in centre.lines.legs.values() if leg.id not in floor.phones]
    assert left == []
    assert {seat.day.state for seat in floor.seats.values()} <= {State.OFFLINE, State.NOT_READY, State.READY}
    live = [a for a in centre.leads.attempts.values() if a.ended is None]
    assert {a.start.number for a in live} == {seat.extension for seat in floor.seats.values() if seat.leg is not None}
    assert {lead.state for lead in centre.leads.leads.values()} <= {"open", "done", "closed"}
    ended = centre.facts(AttemptEnded)
    assert len({fact.attempt for fact in ended}) == len(ended)
    started, over = centre.facts(CallStarted), centre.facts(CallEnded)
    assert sorted(fact.call for fact in started) == sorted(fact.call for fact in over)
    assert {BANK, TAXI} == {fact.project for fact in started}
    assert EndedBy.CUSTOMER in {fact.by for fact in over}
