"""The abandonment budget: how many calls may still go wrong. Pure."""

from math import exp, floor, lgamma, log

from dialer.shapes import BudgetCounts

QUANTILE = 0.95
_TINY = 1e-9


def worst_likely(calls: int, chance: float, quantile: float = QUANTILE) -> int:
    """The upper quantile of abandoned calls among `calls` in flight, each abandoned with `chance` (binomial)."""
    if calls <= 0 or chance <= _TINY:
        return 0
    if chance >= 1 - _TINY:
        return calls
    reached = 0.0
    for k in range(calls + 1):
        reached += _binomial(calls, k, chance)
        if reached >= quantile:
            return k
    return calls


def _binomial(n: int, k: int, p: float) -> float:
    choose = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(choose + k * log(p) + (n - k) * log(1 - p))


def with_mistakes(counts: BudgetCounts, error: float) -> BudgetCounts:
    """The counts with the people who were probably taken for machines, as live answers that were abandoned.

    `error`: the share of people whom the detector takes for machines, who then are missing among the live ones.
    """
    mistaken = min(counts.machines, counts.live * error / (1 - error))
    return BudgetCounts(counts.live + mistaken, counts.abandoned + mistaken, counts.machines)


def allowance(counts: BudgetCounts, limit: float, forecast: float) -> int:
    """How many more abandoned calls the window bears. `limit`: a share; `forecast`: live answers surely to come.

    Below zero: the budget is overdrawn.
    """
    return floor(limit * (counts.live + forecast) - counts.abandoned + _TINY)


def fits(counts: BudgetCounts, limit: float, forecast: float, worst: int) -> bool:
    """Whether the worst likely outcome of all calls in flight stays within the limit."""
    return worst <= max(0, allowance(counts, limit, forecast))


def share_now(counts: BudgetCounts, limit: float, expected: float) -> float:
    """The abandonment rate to aim at over the next `expected` live answers, so that the window ends at `limit`."""
    ahead = max(15.0, expected)
    wanted = (limit * (counts.live + ahead) - counts.abandoned) / ahead
    return min(2.2 * limit, max(0.0, wanted))
