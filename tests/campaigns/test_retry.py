"""What becomes of a lead after each outcome, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.campaigns.presets import PRESETS
from campaigns.rules.retry import LeadState, future, rest_s, retry_of
from dialer.outcomes import FLAGS, Outcome

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
RULES = retry_of({"max_tries": 4, "busy": {"delay_s": 600, "tries": 2}, "lost": {"delay_s": 10, "tries": 3}})


@pytest.mark.parametrize(
    ("outcome", "tries", "same", "state", "delay_s", "waits_for"),
    [
        (Outcome.BUSY, 1, 1, LeadState.OPEN, 600, "busy"),
        (Outcome.BUSY, 2, 2, LeadState.DONE, None, "busy"),
        (Outcome.BUSY, 4, 1, LeadState.DONE, None, "tries_used"),
        (Outcome.NO_ANSWER, 1, 1, LeadState.DONE, None, "no_answer"),
        (Outcome.UNKNOWN_NUMBER, 1, 1, LeadState.DONE, None, "unknown_number"),
        (Outcome.CONNECTED, 1, 1, LeadState.DONE, None, "connected"),
        (Outcome.LOST, 1, 1, LeadState.OPEN, 25 + 32, "lost"),
        (Outcome.TRUNK_BUSY, 0, 9, LeadState.OPEN, 60, "trunk_busy"),
        (Outcome.TRUNK_REFUSED, 0, 1, LeadState.OPEN, 60, "trunk_refused"),
        (Outcome.NO_TRUNK, 0, 1, LeadState.OPEN, 60, "no_trunk"),
        (Outcome.CANCELLED, 0, 1, LeadState.OPEN, 60, "cancelled"),
    ],
)
def test_the_outcome_decides(outcome, tries, same, state, delay_s, waits_for):
    found = future(outcome, RULES, tries, same, NOW, ring_s=25)

    assert (found.state, found.waits_for) == (state, waits_for)
    assert found.next_at == (None if delay_s is None else NOW + timedelta(seconds=delay_s))


@pytest.mark.parametrize("temperature", PRESETS)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_future_under_every_preset(temperature, outcome: Outcome):
    found = future(outcome, retry_of(PRESETS[temperature]["retry"]), 1, 1, NOW, 25)

    assert found.next_at is None or found.next_at > NOW
    assert FLAGS[outcome].counts or found.state is LeadState.OPEN


def test_only_a_lost_call_may_still_be_ringing():
    assert {outcome for outcome in Outcome if rest_s(outcome, 25)} == {Outcome.LOST}
