"""A simulated working day: operators who talk, wrap up and go on; customers by chance."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from small_centre import Centre, numbers

from dialer.facts import CallEnded, Fact, OperatorChanged
from dialer.memory import Retry
from dialer.memory_lines import FarEnd, people
from dialer.shapes import Campaign, OperatorId
from kit.virtual import run


@dataclass(frozen=True)
class Day:
    """Figures of a day. Shares are of 1; `worst_cpu_ms` is the slowest round of decisions."""

    utilisation: float
    live: int
    abandoned: int
    placed: int
    cpu_s: float

    @property
    def abandonment(self) -> float:
        return self.abandoned / self.live if self.live else 0.0


class Watch:
    """Adds up what operators do, from the facts alone, and gives each call its disposition."""

    def __init__(self, centre: Centre, seed: int) -> None:
        self.centre, self.dice = centre, random.Random(seed)
        self.since: dict[OperatorId, tuple[str, float]] = {}
        self.spent: dict[str, float] = {}

    def hear(self, fact: Fact) -> None:
        if not isinstance(fact, OperatorChanged):
            return
        now = self.centre.clock.monotonic()
        before, since = self.since.get(fact.operator, ("offline", now))
        self.spent[before] = self.spent.get(before, 0.0) + now - since
        self.since[fact.operator] = (str(fact.state), now)
        if fact.state == "wrap_up" and fact.call is not None:
            wrap_up = self.dice.lognormvariate(0.0, 0.6) * 9.0
            self.centre.engine._floor.later(wrap_up, self._dispose, fact.operator, fact.call)

    def _dispose(self, operator: OperatorId, call: object) -> None:
        self.centre.engine._operators.disposed(operator, call)  # type: ignore[arg-type]

    @property
    def utilisation(self) -> float:
        """Talk to talk and waiting (ready or reserved)."""
        talk = self.spent.get("talking", 0.0)
        idle = self.spent.get("ready", 0.0) + self.spent.get("reserved", 0.0)
        return talk / (talk + idle) if talk else 0.0


def work_a_day(
    campaign: Campaign,
    *,
    operators: int,
    hours: float,
    far: Callable[[str], FarEnd] | None = None,
    seed: int = 1,
) -> Day:
    """A day of one campaign with an endless list."""

    async def day() -> Day:
        import asyncio

        began = time.process_time()
        centre = Centre(
            campaign, far=far or people(seed, answer=0.25), channels=500, delay_s=0.002, retry=Retry(default_s=1e6)
        )
        watch = Watch(centre, seed)
        centre.journal.on_fact = watch.hear
        centre.leads.add(campaign, numbers(int(operators * hours * 300)))
        async with centre:
            await centre.staff(operators)
            await asyncio.sleep(hours * 3600)
            status = centre.engine.campaign_status(campaign.id)
            placed = len(centre.customers())
        assert len(centre.facts(CallEnded)) >= status.abandoned
        return Day(watch.utilisation, status.live, status.abandoned, placed, time.process_time() - began)

    return run(day())
