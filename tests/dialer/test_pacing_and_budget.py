"""How many calls now, and why: pure functions, by tables and by chance."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer import budget, pacing
from dialer.estimates import PRIOR_RATE, Durations, Observed
from dialer.pacing import Snapshot, decide
from dialer.shapes import BudgetCounts, Estimates, Mode

TEN = Snapshot(
    Mode.PREDICTIVE,
    ready=3,
    team=10,
    lines=7,
    max_lines=60,
    room=60,
    freeing=(0.15,) * 7,
    rate=0.25,
    counts=BudgetCounts(400, 8),
    hourly=280.0,
)


@pytest.mark.parametrize(
    ("changes", "calls", "reason"),
    [
        ({}, 3, "one_per_operator"),
        ({"ready": 0}, 0, "no_operator_ready"),
        ({"team": 0, "ready": 0}, 0, "no_operators"),
        ({"room": 2}, 2, "one_per_operator"),
        ({"room": 0}, 0, "trunk_full"),
        ({"max_lines": 7}, 0, "max_lines"),
        ({"max_lines": 8}, 1, "one_per_operator"),
        ({"waiting": 2}, 1, "one_per_operator"),
        ({"flights": (0.3, 0.3, 0.3, 0.3)}, 1, "one_per_operator"),
    ],
)
def test_progressive_places_one_call_per_free_operator(changes: dict[str, object], calls: int, reason: str) -> None:
    pace = decide(replace(TEN, mode=Mode.PROGRESSIVE, **changes))  # type: ignore[arg-type]

    assert (pace.calls, pace.reason.code, pace.reserve) == (calls, reason, True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"team": 2, "ready": 2}, "small_team"),
        ({"has_message": False}, "message_missing"),
        ({"counts": BudgetCounts(400, 20)}, "budget_short"),
        ({"counts": BudgetCounts(0, 9)}, "budget_short"),
    ],
)
def test_predictive_falls_back_to_progressive_and_says_why(changes: dict[str, object], reason: str) -> None:
    pace = decide(replace(TEN, **changes))  # type: ignore[arg-type]

    assert pace.reserve
    assert pace.reason.code == reason
    assert pace.calls <= TEN.ready


def test_predictive_dials_ahead_of_operators() -> None:
    pace = decide(TEN)

    assert not pace.reserve
    assert pace.calls > TEN.ready


def test_predictive_waits_while_enough_is_in_flight() -> None:
    pace = decide(replace(TEN, ready=1, flights=(0.3,) * 12))

    assert (pace.calls, pace.reason.code) == (0, "enough_in_flight")


def test_predictive_waits_for_an_operator_when_nothing_is_in_flight() -> None:
    pace = decide(replace(TEN, ready=0, flights=(), freeing=()))

    assert (pace.calls, pace.reason.code) == (0, "no_operator_ready")


def test_worse_budget_dials_less() -> None:
    calls = [decide(replace(TEN, counts=BudgetCounts(400, n))).calls for n in range(0, 14)]

    assert calls == sorted(calls, reverse=True)
    assert calls[0] > calls[-1]


snapshots = st.builds(
    Snapshot,
    mode=st.sampled_from(Mode),
    ready=st.integers(0, 30),
    team=st.integers(0, 60),
    lines=st.integers(0, 100),
    max_lines=st.integers(0, 100),
    room=st.integers(0, 100),
    freeing=st.lists(st.floats(0, 1), max_size=40).map(tuple),
    flights=st.lists(st.floats(0, 1), max_size=80).map(tuple),
    waiting=st.integers(0, 10),
    rate=st.floats(0.001, 0.999),
    limit=st.sampled_from([0.01, 0.03, 0.05]),
    counts=st.builds(BudgetCounts, live=st.integers(0, 5000), abandoned=st.integers(0, 300)),
    hourly=st.floats(0, 5000),
    has_message=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(snapshots)
def test_whatever_the_moment_the_pace_stays_within_its_bounds(now: Snapshot) -> None:
    pace = decide(now)

    assert 0 <= pace.calls <= max(0, min(now.room, now.max_lines - now.lines))
    assert pace.reason.code
    if pace.reserve:
        assert pace.calls <= now.ready
    else:
        sure = max(0, now.ready - now.waiting - len(now.flights))
        within = budget.worst_likely(len(now.flights) + pace.calls, 0.0)
        assert pace.calls <= sure or budget.fits(now.counts, now.limit, now.hourly, within)


def test_worst_likely_is_the_binomial_quantile() -> None:
    assert budget.worst_likely(0, 0.5) == 0
    assert budget.worst_likely(10, 0.0) == 0
    assert budget.worst_likely(10, 1.0) == 10
    assert budget.worst_likely(20, 0.1) == 4  # P(X <= 3) = 0.867, P(X <= 4) = 0.957
    assert budget.worst_likely(100, 0.03) == 6  # P(X <= 5) = 0.919, P(X <= 6) = 0.969


@pytest.mark.parametrize(
    ("live", "abandoned", "forecast", "left"), [(1000, 10, 0, 20), (1000, 30, 0, 0), (0, 0, 140, 4), (0, 1, 0, -1)]
)
def test_allowance_is_what_the_limit_leaves(live: int, abandoned: int, forecast: float, left: int) -> None:
    assert budget.allowance(BudgetCounts(live, abandoned), 0.03, forecast) == left


def test_share_to_aim_at_falls_as_the_budget_is_spent() -> None:
    shares = [budget.share_now(BudgetCounts(1000, n), 0.03, 300) for n in range(0, 60, 5)]

    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(0.066)
    assert shares[-1] == 0


def test_answer_rate_starts_careful_and_learns() -> None:
    seen = Observed()
    assert seen.rate == pytest.approx(PRIOR_RATE)
    for n in range(800):
        seen.ended(live=n % 5 == 0)

    assert seen.rate == pytest.approx(0.2, abs=0.02)


def test_history_is_where_a_restart_begins() -> None:
    seen = Observed(Estimates(dialed=1000, live=150, talk_s=120.0, wrap_up_s=20.0, ring_s=8.0))

    assert seen.rate == pytest.approx(0.158, abs=0.005)
    assert (seen.talk.mean, seen.ring.mean) == (120.0, 8.0)


def test_call_that_has_rung_long_is_less_likely_to_be_answered() -> None:
    chances = [Observed().chance(age) for age in (0, 5, 10, 20, 40)]

    assert chances == sorted(chances, reverse=True)
    assert chances[0] == pytest.approx(PRIOR_RATE)


def test_end_of_a_talk_is_judged_by_those_that_lasted_as_long() -> None:
    talks = Durations(90.0)
    for n in range(200):
        talks.add(30.0 if n % 2 else 300.0)

    assert talks.over_within(25.0, 10.0) == pytest.approx(0.49, abs=0.03)
    assert talks.over_within(100.0, 10.0) < 0.05
    assert talks.over_within(295.0, 10.0) > 0.9
    assert talks.mean == pytest.approx(163, abs=3)


def test_sum_of_chances_is_exact_when_few_and_close_when_many() -> None:
    few, many = (0.3,) * 40, (0.3,) * 80
    exact = pacing._shortage(14, pacing._Sum(()), pacing._Sum(few))
    rough = pacing._shortage(28, pacing._Sum(()), pacing._Sum(many))

    assert exact == pytest.approx(0.297, abs=0.01)
    assert rough == pytest.approx(0.19, abs=0.02)
