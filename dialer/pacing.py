"""How many calls a campaign places now, and why. Pure: a snapshot in, a pace out.

Progressive: one call for each ready operator, who is reserved first. Predictive: another call as long as
the chance that its answer finds no operator is small enough, and as long as the worst likely outcome of
all calls in flight fits into what is left of the abandonment budget. Without budget, with a tiny team or
without a message for people who cannot be connected, predictive falls back to progressive.
"""

from dataclasses import dataclass, field
from math import ceil, erfc, sqrt

from dialer import budget
from dialer.shapes import BudgetCounts, Mode, Reason

SMALL_TEAM = 3
"""Operators at work below which dialing ahead cannot win anything worth its risk."""
AIM = 0.85
"""The share of the limit that is aimed at; the rest is for bad luck."""
_BOLDNESS = 2.5
_BOLDEST = 0.35
_EXACT = 60


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a decision may look at.

    ready: operators free for this campaign. freeing: for each busy one, the chance that he is free when a call
    placed now would be answered. flights: for each unanswered call that needs one of these operators, the chance
    that a person still answers. waiting: people who answered and have no operator yet. lines: this campaign's
    calls of any kind. room: calls that its trunks bear now.
    """

    mode: Mode
    ready: int
    team: int
    lines: int
    max_lines: int
    room: int
    freeing: tuple[float, ...] = ()
    flights: tuple[float, ...] = ()
    waiting: int = 0
    rate: float = 0.4
    limit: float = 0.03
    counts: BudgetCounts = field(default=BudgetCounts(0, 0))
    hourly: float = 0.0  # live answers that the team can take in an hour
    has_message: bool = True


@dataclass(frozen=True, slots=True)
class Pace:
    """`reserve`: each call needs an operator reserved for it before it is placed."""

    calls: int
    reason: Reason
    reserve: bool


def decide(now: Snapshot) -> Pace:
    """How many calls now. Reasons: see `progressive` and `predictive`, and those of a full line."""
    full = _full(now)
    if full is not None:
        return Pace(0, full, now.mode is Mode.PROGRESSIVE)
    if now.mode is Mode.PROGRESSIVE:
        return progressive(now, None)
    unable = _why_not_predictive(now)
    return progressive(now, unable) if unable is not None else predictive(now)


def _full(now: Snapshot) -> Reason | None:
    if now.room <= 0:
        return Reason("trunk_full")
    if now.lines >= now.max_lines:
        return Reason("max_lines", {"limit": now.max_lines})
    return Reason("no_operators") if now.team == 0 else None


def _why_not_predictive(now: Snapshot) -> Reason | None:
    if not now.has_message:
        return Reason("message_missing")
    if now.team < SMALL_TEAM:
        return Reason("small_team", {"team": now.team, "least": SMALL_TEAM})
    if budget.allowance(now.counts, AIM * now.limit, _forecast(now)) < 1:
        return Reason("budget_short", {"live": now.counts.live, "abandoned": now.counts.abandoned})
    return None


def _space(now: Snapshot) -> int:
    return min(now.room, now.max_lines - now.lines)


def _sure(now: Snapshot) -> int:
    """Operators whom no call in flight may need."""
    return max(0, now.ready - now.waiting - ceil(sum(now.flights)))


def progressive(now: Snapshot, instead: Reason | None) -> Pace:
    """One call per free operator. `instead`: why the campaign is not dialing ahead, if it should."""
    calls = min(_sure(now), _space(now))
    if calls > 0:
        return Pace(calls, instead or Reason("one_per_operator"), True)
    return Pace(0, instead or Reason("no_operator_ready"), True)


def predictive(now: Snapshot) -> Pace:
    """As many calls as chance and budget allow, at least one for each operator without a call in flight."""
    spare = max(0, now.ready - now.waiting - len(now.flights))
    least = min(spare, _space(now))
    boldness = _boldness(now)
    free, taken = _Sum(now.freeing), _Sum(now.flights)
    calls, risk = 0, 0.0
    while calls < _space(now):
        short = _shortage(now.ready - now.waiting, free, taken)
        if calls >= least and (short > boldness or not _worst_fits(now, calls + 1, max(risk, short))):
            break
        calls, risk = calls + 1, max(risk, short)
        taken.add(now.rate)
    return _verdict(now, calls)


def _verdict(now: Snapshot, calls: int) -> Pace:
    if calls > 0:
        return Pace(calls, Reason("dialing_ahead"), False)
    if not now.flights:
        return Pace(0, Reason("no_operator_ready"), False)
    return Pace(0, Reason("enough_in_flight", {"calls": len(now.flights)}), False)


def _forecast(now: Snapshot) -> float:
    """Live answers of the next hour, carefully: a third of what the team could take."""
    return now.hourly / 3


def _boldness(now: Snapshot) -> float:
    """The greatest chance of finding no operator that one more call may run."""
    share = budget.share_now(now.counts, AIM * now.limit, now.hourly)
    return min(_BOLDEST, _BOLDNESS * share)


def _worst_fits(now: Snapshot, more: int, short: float) -> bool:
    calls = len(now.flights) + more
    answered = (sum(now.flights) + more * now.rate) / calls
    worst = budget.worst_likely(calls, answered * short)
    return budget.fits(now.counts, now.limit, _forecast(now), worst)


class _Sum:
    """The law of a sum of independent chances: exact while they are few, else mean and variance."""

    def __init__(self, chances: tuple[float, ...]) -> None:
        self.mean = self.variance = 0.0
        self.law: list[float] = [1.0]
        for chance in chances:
            self.add(chance)

    def add(self, chance: float) -> None:
        self.mean += chance
        self.variance += chance * (1 - chance)
        if len(self.law) > _EXACT:
            return
        longer = [p * (1 - chance) for p in self.law]
        longer.append(0.0)
        for k, p in enumerate(self.law):
            longer[k + 1] += p * chance
        self.law = longer


def _shortage(ready: int, free: _Sum, taken: _Sum) -> float:
    """The chance that the answers before this one take every operator: taken - free >= ready."""
    if len(free.law) > _EXACT or len(taken.law) > _EXACT:
        spread = sqrt(max(1e-6, taken.variance + free.variance))
        return 0.5 * erfc((ready - 0.5 - taken.mean + free.mean) / spread / sqrt(2))
    short = 0.0
    tail = [0.0] * (len(taken.law) + 1)
    for k in range(len(taken.law) - 1, -1, -1):
        tail[k] = tail[k + 1] + taken.law[k]
    for freed, chance in enumerate(free.law):
        need = ready + freed
        short += chance * (1.0 if need <= 0 else tail[need] if need < len(tail) else 0.0)
    return short


def hourly(team: int, talk_s: float, wrap_up_s: float) -> float:
    """Live answers that a team can take in an hour when it hardly waits."""
    return team * 3600.0 / max(20.0, talk_s + wrap_up_s + 10.0)
