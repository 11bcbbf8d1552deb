"""The loop of the campaigns: hot before warm before cold, at every tick and whenever something came free."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

from dialer import pacing
from dialer.calls import Calls
from dialer.estimates import Observed
from dialer.facts import CampaignPaced
from dialer.floor import Floor, Run, Seat, owner_of
from dialer.operator import State
from dialer.operators import Operators
from dialer.placing import Placing
from dialer.shapes import BudgetCounts, Campaign, Lead, LeadCounts, Reason, Temperature
from dialer.snapshots import seats_of, snapshot
from dialer.taping import unrecorded
from dialer.ways import Ways, closed, read_trunks
from kit import log, metrics

_log = log.get("dialer.dialing")
DECISION = metrics.histogram("pacing_seconds", "One pacing decision")
TROUBLE = metrics.counter("campaign_trouble", "Rounds of a campaign that ended with an error")

_ORDER = {Temperature.HOT: 0, Temperature.WARM: 1, Temperature.COLD: 2}
_REST_S = {Temperature.HOT: 0.5, Temperature.WARM: 2.0, Temperature.COLD: 5.0}
"""How long a list that had nothing to dial is left alone."""
_GAP_S = 0.02
_REQUALIFY_S = 60.0


class Dialing:
    """Decides, again and again, how many calls each campaign places."""

    def __init__(self, floor: Floor, operators: Operators, calls: Calls) -> None:
        self._floor = floor
        self._operators = operators
        self._placing = Placing(floor, operators, calls)
        self._refresh_at = self._requalify_at = 0.0

    def refresh(self) -> None:
        """Campaigns, leads or rights have changed: look again at once."""
        self._refresh_at = self._requalify_at = 0.0
        for run in self._floor.runs.values():
            run.rests_until = 0.0
        self._floor.wake.set()

    async def run(self) -> None:
        """Round after round; a task of the engine."""
        while True:
            await self.round()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._floor.settings.tick_s):
                    await self._floor.wake.wait()
                await asyncio.sleep(_GAP_S)
            self._floor.wake.clear()

    async def round(self) -> None:
        """One look at every campaign; the trouble of one is not another's."""
        await self._guarded(self._refresh())
        for run in sorted(self._floor.runs.values(), key=_rank):
            if run.running:
                await self._guarded(self._turn(run))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            TROUBLE.inc()
            _log.exception("a round of a campaign failed; the next one comes")

    # ------------------------------------------------------------ which campaigns

    async def _refresh(self) -> None:
        now = self._floor.monotonic()
        if now < self._refresh_at:
            return
        self._refresh_at = now + self._floor.settings.refresh_s
        if now >= self._requalify_at:
            self._requalify_at = now + _REQUALIFY_S
            await self._operators.requalify()
        wanted = {c.id: c for c in await self._floor.ports.leads.campaigns()}
        for campaign in wanted.values():
            await self.take(campaign)
        for run in list(self._floor.runs.values()):
            if run.campaign.id not in wanted:
                self._leave(run)

    async def take(self, campaign: Campaign) -> None:
        """Own a campaign, or learn its new settings. A campaign that was overtaken is left to its new owner."""
        run = self._floor.runs.get(campaign.id)
        if run is None:
            self._floor.runs[campaign.id] = await self._new(campaign)
            return
        run.campaign = campaign
        run.running = not run.overtaken
        if self._floor.monotonic() - run.counted_at > self._floor.settings.recount_s:
            await self._recount(run)

    async def _new(self, campaign: Campaign) -> Run:
        ports, now = self._floor.ports, self._floor.now()
        fence = await ports.leads.take(owner_of(campaign.id))
        counts = await ports.ledger.counts(campaign.id, now)
        observed = Observed(await ports.history.estimates(campaign.id, now))
        return Run(campaign, fence, observed, counts, self._floor.monotonic())

    async def _recount(self, run: Run) -> None:
        """The window moves on: read it again, and add the calls whose fate the store cannot know yet."""
        run.counted_at = self._floor.monotonic()
        await self._floor.recorder.flush()
        stored = await self._floor.ports.ledger.counts(run.campaign.id, self._floor.now())
        open_calls = [c for c in self._floor.lines_of(run.campaign.id) if c.counted]
        abandoned = sum(c.life.undelivered for c in open_calls)
        run.counts = BudgetCounts(stored.live + len(open_calls), stored.abandoned + abandoned, stored.machines)

    def _leave(self, run: Run) -> None:
        run.running = False
        self._say(run, Reason("not_running"))
        if next(self._floor.lines_of(run.campaign.id), None) is None:
            del self._floor.runs[run.campaign.id]

    # ------------------------------------------------------------ one campaign

    async def _turn(self, run: Run) -> None:
        blocked = self._blocked(run)
        if blocked is not None:
            run.pace = pacing.Pace(0, blocked, True)
            self._say(run, blocked)
            return
        with DECISION.time():
            pace = pacing.decide(snapshot(self._floor, run))
        run.pace = pace
        if pace.calls == 0:
            self._say(run, pace.reason)
            return
        await self._place(run, pace)

    def _blocked(self, run: Run) -> Reason | None:
        """Why nothing may be dialed, whatever the pace."""
        floor = self._floor
        read_trunks(floor)
        if run.overtaken:
            return Reason("overtaken")
        if floor.draining:
            return Reason("draining")
        stuck = floor.recorder.stuck or unrecorded(floor, run)
        if stuck is not None:
            return stuck
        shut = closed(floor, run.campaign)
        if shut is not None:
            return shut
        return run.rest_reason if floor.monotonic() < run.rests_until else None

    async def _place(self, run: Run, pace: pacing.Pace) -> None:
        now = self._floor.now()
        run.refused = None
        leads = await self._floor.ports.leads.reserve(run.campaign.id, pace.calls, run.fence, now)
        if not leads:
            await self._rest(run, now)
            return
        self._say(run, pace.reason)
        read_trunks(self._floor)
        ways = Ways(self._floor, run.campaign)
        seats = self._free_seats(run) if pace.reserve else []
        for lead in leads:
            trunk = ways.take() if seats or not pace.reserve else None
            if trunk is None:
                self._give_back(run, lead)
            else:
                self._placing.place(run, lead, seats.pop(0) if pace.reserve else None, trunk)

    def _give_back(self, run: Run, lead: Lead) -> None:
        """Somebody else got the operator, or the channel, while the lead was being reserved."""
        self._floor.tasks.spawn(self._placing.give_back(run, lead), "give_back")

    def _free_seats(self, run: Run) -> list[Seat]:
        ready = [s for s in seats_of(self._floor, run) if s.day.state is State.READY]
        return sorted(ready, key=lambda s: (s.day.since, s.id))

    async def _rest(self, run: Run, now: datetime) -> None:
        """The list gave nothing: say why, and ask again a little later."""
        counts = await self._floor.ports.leads.waiting(run.campaign.id, now)
        reason = _empty(counts)
        run.rests_until = self._floor.monotonic() + _REST_S[run.campaign.temperature]
        run.rest_reason = reason
        self._say(run, reason)

    def _say(self, run: Run, reason: Reason) -> None:
        """Keep the reason; the journal hears of it when it is another one."""
        changed = reason.code != run.reason.code
        run.reason = reason
        if changed and not run.overtaken:
            fact = CampaignPaced(run.campaign.id, run.campaign.project, reason, self._floor.now())
            self._floor.recorder.put(fact)


def _rank(run: Run) -> tuple[int, int, str]:
    return _ORDER[run.campaign.temperature], -run.campaign.priority, run.campaign.id


def _empty(counts: LeadCounts) -> Reason:
    if counts.callable == 0 and counts.later == 0:
        return Reason("list_finished")
    if counts.next_at is None:
        return Reason("no_lead_now", {"later": counts.later})
    opens = counts.next_at.isoformat()
    if counts.callable == 0 and counts.waits_for == "outside_hours":
        return Reason("outside_hours", {"later": counts.later, "opens": opens})
    return Reason("no_lead_now", {"later": counts.later, "next_at": opens})
