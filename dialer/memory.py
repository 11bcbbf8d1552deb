"""The ports in memory: the same engine runs on them in tests and in the simulator.

Everything is kept in plain dicts and lists that a test may read. `MemoryLines` is in `dialer.memory_lines`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dialer.facts import AttemptAnswered, AttemptEnded, AttemptRinging, Fact
from dialer.outcomes import FLAGS, Outcome
from dialer.shapes import (
    AttemptId,
    AttemptKind,
    AttemptStart,
    BudgetCounts,
    Caller,
    Campaign,
    CampaignId,
    DialogRef,
    DialRequest,
    Estimates,
    Lead,
    LeadCounts,
    LeadId,
    LostAttempt,
    OperatorId,
    PersonId,
    ProjectId,
    Reason,
    RecordedCall,
    Verdict,
)


@dataclass(slots=True)
class StoredLead:
    """A lead as the store in memory keeps it. `state`: open, reserved, dialing, done, closed."""

    lead: Lead
    state: str = "open"
    next_at: datetime | None = None
    reason: Reason | None = None
    outcomes: list[Outcome] = field(default_factory=list[Outcome])


@dataclass(slots=True)
class StoredAttempt:
    start: AttemptStart
    dialog: DialogRef
    answered: bool = False
    ended: AttemptEnded | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """When a lead is tried again after an outcome, in seconds; `max_tries` counted tries end it."""

    delays: Mapping[Outcome, float] = field(default_factory=dict[Outcome, float])
    default_s: float = 3600.0
    trunk_s: float = 60.0
    max_tries: int = 3

    def after(self, outcome: Outcome, tries: int) -> float | None:
        """Seconds to the next try; None: there is none."""
        flags = FLAGS[outcome]
        if not flags.counts:
            return self.trunk_s if flags.trunk else 0.0
        if flags.reached or outcome is Outcome.UNKNOWN_NUMBER or tries >= self.max_tries:
            return None
        return self.delays.get(outcome, self.default_s)


class MemoryLeads:
    """Campaigns, leads and attempts. `delay_s` is what each commit takes."""

    def __init__(self, campaigns: Sequence[Campaign] = (), *, retry: Retry | None = None, delay_s: float = 0.0) -> None:
        self.running: dict[CampaignId, Campaign] = {c.id: c for c in campaigns}
        self.leads: dict[LeadId, StoredLead] = {}
        self.attempts: dict[AttemptId, StoredAttempt] = {}
        self.fences: dict[str, int] = {}
        self.retry = retry or Retry()
        self.delay_s = delay_s
        self._open: dict[CampaignId, dict[LeadId, None]] = {}
        self._live: set[str] = set()

    def add(self, campaign: Campaign, numbers: Sequence[str]) -> list[Lead]:
        """New leads of a campaign, to be dialed in this order."""
        made: list[Lead] = []
        for number in numbers:
            key = f"{campaign.id}-{len(self.leads)}"
            lead = Lead(LeadId(key), campaign.id, campaign.project, PersonId(f"p-{key}"), number, 0)
            self.leads[lead.id] = StoredLead(lead)
            self._open.setdefault(campaign.id, {})[lead.id] = None
            made.append(lead)
        return made

    async def campaigns(self) -> Sequence[Campaign]:
        return list(self.running.values())

    async def take(self, resource: str) -> int:
        self.fences[resource] = self.fences.get(resource, 0) + 1
        return self.fences[resource]

    async def reserve(self, campaign: CampaignId, n: int, fence: int, now: datetime) -> Sequence[Lead]:
        await asyncio.sleep(self.delay_s)
        if not self.owns(campaign, fence):
            return []
        found: list[Lead] = []
        for lead_id in self._open.get(campaign, {}):
            stored = self.leads[lead_id]
            if len(found) < n and (stored.next_at is None or stored.next_at <= now):
                found.append(stored.lead)
                stored.state = "reserved"
            if len(found) == n:
                break
        for lead in found:
            del self._open[campaign][lead.id]
        return found

    async def release(self, lead: LeadId, fence: int, not_before: datetime | None, reason: Reason | None) -> None:
        stored = self.leads[lead]
        if not self.owns(stored.lead.campaign, fence) or stored.state != "reserved":
            return
        stored.reason = reason
        if not_before is None and reason is not None:
            stored.state = "closed"
            return
        self._reopen(stored, not_before)

    async def begin(self, start: AttemptStart) -> bool:
        await asyncio.sleep(self.delay_s)
        resource = "engine" if start.campaign is None else f"campaign:{start.campaign}"
        if self.fences.get(resource) != start.fence or start.number in self._live:
            return False
        if start.follows is not None:
            if not self._redirect(start, start.follows):
                return False
        elif start.lead is not None and self.leads[start.lead].state != "reserved":
            return False
        self.attempts[start.id] = StoredAttempt(start, start.dialog)
        self._live.add(start.number)
        if start.lead is not None:
            self.leads[start.lead].state = "dialing"
        return True

    def _redirect(self, start: AttemptStart, follows: AttemptId) -> bool:
        """End the redirected attempt; its lead stays taken. False: it is over already."""
        stored = self.attempts[follows]
        if stored.ended is not None:
            return False
        first = stored.start
        stored.ended = AttemptEnded(
            follows, start.fence, first.kind, Outcome.REDIRECTED, 0, 0.0, 0.0, start.at, lead=first.lead
        )
        self._live.discard(first.number)
        return True

    async def unfinished(self) -> Sequence[LostAttempt]:
        return [self._lost(a) for a in self.attempts.values() if a.ended is None]

    async def waiting(self, campaign: CampaignId, now: datetime) -> LeadCounts:
        mine = [self.leads[i] for i in self._open.get(campaign, {})]
        later = [s.next_at for s in mine if s.next_at is not None and s.next_at > now]
        return LeadCounts(len(mine) - len(later), len(later), min(later, default=None))

    # ------------------------------------------------------------ used by the journal's twin

    def owns(self, campaign: CampaignId, fence: int) -> bool:
        return self.fences.get(f"campaign:{campaign}") == fence

    def accepts(self, attempt: AttemptId, fence: int) -> bool:
        """Whether facts of this attempt may still be written under this fence."""
        known = self.attempts.get(attempt)
        if known is None:
            return False
        start = known.start
        if start.campaign is None:
            return self.fences.get("engine") == fence
        return self.owns(start.campaign, fence)

    def end(self, fact: AttemptEnded, now: datetime) -> None:
        """Close an attempt and give its lead the next moment."""
        stored = self.attempts[fact.attempt]
        stored.ended = fact
        self._live.discard(stored.start.number)
        lead = self.leads.get(stored.start.lead) if stored.start.lead is not None else None
        if lead is None:
            return
        lead.outcomes.append(fact.outcome)
        if fact.keeps_lead:
            lead.state = "reserved"
            return
        if FLAGS[fact.outcome].counts:
            lead.lead = replace(lead.lead, tries=lead.lead.tries + 1)
        delay = self.retry.after(fact.outcome, lead.lead.tries)
        if delay is None:
            lead.state = "done"
        else:
            self._reopen(lead, now + timedelta(seconds=delay) if delay > 0 else None)

    def _reopen(self, stored: StoredLead, next_at: datetime | None) -> None:
        stored.state, stored.next_at = "open", next_at
        self._open.setdefault(stored.lead.campaign, {})[stored.lead.id] = None

    def _lost(self, attempt: StoredAttempt) -> LostAttempt:
        start = attempt.start
        return LostAttempt(
            start.id,
            start.kind,
            attempt.dialog,
            attempt.answered,
            start.fence,
            lead=start.lead,
            campaign=start.campaign,
            project=start.project,
        )


class MemoryJournal:
    """Keeps facts with their times and applies those of attempts to the leads. `on_fact` hears each."""

    def __init__(self, leads: MemoryLeads, on_fact: Callable[[Fact], None] | None = None) -> None:
        self.leads = leads
        self.facts: list[Fact] = []
        self.on_fact = on_fact
        self.failure: Exception | None = None

    async def record(self, *facts: Fact) -> bool:
        await asyncio.sleep(self.leads.delay_s)
        if self.failure is not None:
            raise self.failure
        fenced = (AttemptRinging, AttemptAnswered, AttemptEnded)
        if not all(self.leads.accepts(f.attempt, f.fence) for f in facts if isinstance(f, fenced)):
            return False
        for fact in facts:
            self._apply(fact)
        return True

    def _apply(self, fact: Fact) -> None:
        self.facts.append(fact)
        if isinstance(fact, AttemptRinging | AttemptAnswered):
            stored = self.leads.attempts[fact.attempt]
            stored.dialog, stored.answered = fact.dialog, isinstance(fact, AttemptAnswered)
        elif isinstance(fact, AttemptEnded):
            self.leads.end(fact, fact.at)
        if self.on_fact is not None:
            self.on_fact(fact)


class MemoryRules:
    """Allows everything that `verdict` does not refuse."""

    def __init__(self, verdict: Callable[[DialRequest, datetime], Verdict] | None = None) -> None:
        self.verdict = verdict
        self.asked: list[DialRequest] = []

    async def may_dial(self, request: DialRequest, now: datetime) -> Verdict:
        self.asked.append(request)
        return self.verdict(request, now) if self.verdict is not None else Verdict(True)


class MemoryLedger:
    """Counts the attempts that have ended, on top of what stood there `before`."""

    def __init__(self, leads: MemoryLeads, before: Mapping[CampaignId, BudgetCounts] | None = None) -> None:
        self._leads = leads
        self.before = dict(before or {})

    async def counts(self, campaign: CampaignId, now: datetime) -> BudgetCounts:
        start = self.before.get(campaign, BudgetCounts(0, 0))
        ended = [a.ended for a in self._leads.attempts.values() if a.ended is not None]
        flags = [FLAGS[fact.outcome] for fact in ended if fact.campaign == campaign]
        return BudgetCounts(
            start.live + sum(f.human for f in flags),
            start.abandoned + sum(f.abandoned for f in flags),
            start.machines + sum(f.machine for f in flags),
        )


@dataclass(slots=True)
class MemoryHistory:
    before: dict[CampaignId, Estimates] = field(default_factory=dict[CampaignId, Estimates])

    async def estimates(self, campaign: CampaignId, now: datetime) -> Estimates:
        return self.before.get(campaign, Estimates(0, 0, None, None, None))


@dataclass(slots=True)
class MemoryQualifications:
    """`everyone`: the projects of operators who are not named."""

    everyone: frozenset[ProjectId] = frozenset()
    named: dict[OperatorId, frozenset[ProjectId]] = field(default_factory=dict[OperatorId, "frozenset[ProjectId]"])

    async def projects(self, operator: OperatorId) -> frozenset[ProjectId]:
        return self.named.get(operator, self.everyone)


@dataclass(slots=True)
class MemoryCallers:
    """Callers by the number called."""

    by_called: dict[str, Caller] = field(default_factory=dict[str, Caller])

    async def identify(self, number: str | None, called: str) -> Caller:
        return self.by_called.get(called, Caller(None))


@dataclass(slots=True)
class MemorySink:
    """One recording as a test may read it."""

    call: RecordedCall
    law: str = ""
    pieces: list[bytes] = field(default_factory=list[bytes])
    finished: bool = False

    def begin(self, law: str) -> None:
        self.law = law

    def write(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def finish(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.finished = True


@dataclass(slots=True)
class MemoryRecordings:
    """Keeps all there is to keep; `reason` is the trouble."""

    made: list[MemorySink] = field(default_factory=list[MemorySink])
    reason: Reason | None = None

    def open(self, call: RecordedCall) -> MemorySink:
        self.made.append(MemorySink(call))
        return self.made[-1]

    def trouble(self) -> Reason | None:
        return self.reason


def is_call(attempt: StoredAttempt) -> bool:
    """A customer's call, not an operator's phone."""
    return attempt.start.kind is AttemptKind.CALL
