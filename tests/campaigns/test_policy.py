"""What may be dialed, without a database: one table a rule."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.rules import policy
from campaigns.rules.hours import DAYS, week_of
from dialer.shapes import AttemptKind

NOON = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
NIGHT = datetime(2026, 6, 1, 21, 0, tzinfo=UTC)
CAMPAIGN = policy.Campaign(True, week_of({day: [["09:00", "20:00"]] for day in DAYS}), 3, frozenset({"TR"}))
CALL = policy.Question(
    AttemptKind.CALL,
    "+905321005001",
    NOON,
    re.compile("10[0-9]{2}"),
    CAMPAIGN,
    policy.Lead(("Europe/Istanbul",), 0),
)


def code(question: policy.Question) -> str | None:
    verdict = policy.judge(question)
    assert verdict.allowed is (verdict.reason is None)
    return None if verdict.reason is None else verdict.reason.code


def test_an_ordinary_call_is_allowed():
    assert code(CALL) is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("905321005001", "number_malformed"),
        ("+90532100500a", "number_malformed"),
        ("+905321005001\r\nX: y", "number_malformed"),
        ("+90532100500100000", "number_malformed"),
        ("sip:+905321005001@evil", "number_malformed"),
        ("+٩٠٥٣٢١٠٠٥٠٠١", "number_malformed"),
        ("112", "emergency_or_short"),
        ("155", "emergency_or_short"),
        ("+112", "emergency_or_short"),
        ("+90112", "emergency_or_short"),
        ("+900000000000", "number_invalid"),
        ("+909001234567", "premium"),
        ("+19005550100", "premium"),
        ("+447012345678", "premium"),
        ("+881612345678", "satellite"),
        ("+8821612345", "satellite"),
        ("+883510000000", "satellite"),
        ("+979123456789", "satellite"),
        ("+870773111632", "satellite"),
        ("+18765550100", "country_not_allowed"),
        ("+493012345678", "country_not_allowed"),
        ("+74951234567", "country_not_allowed"),
    ],
)
def test_numbers_that_are_never_called(number: str, expected: str):
    verdict = policy.judge(replace(CALL, number=number))

    assert verdict.reason is not None
    assert verdict.reason.code == expected
    assert verdict.next_at is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1001", None),
        ("1100", "not_an_extension"),
        ("+905321005001", "not_an_extension"),
        ("112", "not_an_extension"),
        ("10 01", "number_malformed"),
    ],
)
def test_a_leg_goes_to_a_configured_extension_only(number: str, expected: str | None):
    assert code(policy.Question(AttemptKind.LEG, number, NIGHT, CALL.extensions)) == expected


@pytest.mark.parametrize(
    ("listed", "expected", "again"),
    [
        ([policy.Listed(None)], "on_do_not_call", None),
        ([policy.Listed(NOON + timedelta(days=1))], "on_do_not_call", NOON + timedelta(days=1)),
        ([policy.Listed(NOON + timedelta(days=1)), policy.Listed(None)], "on_do_not_call", None),
        ([policy.Listed(NOON - timedelta(days=1))], None, None),
    ],
)
def test_do_not_call_holds_until_its_end(listed, expected, again):
    verdict = policy.judge(replace(CALL, listed=listed))

    assert (verdict.reason.code if verdict.reason else None) == expected
    assert verdict.next_at == again


def test_a_campaign_that_rests_dials_nothing_but_closes_no_lead():
    verdict = policy.judge(replace(CALL, campaign=replace(CAMPAIGN, running=False)))

    assert verdict.reason is not None
    assert verdict.reason.code == "campaign_not_running"
    assert verdict.next_at is not None


def test_calls_need_a_campaign_and_a_lead_of_it():
    assert code(replace(CALL, campaign=None)) == "no_campaign"
    assert code(replace(CALL, lead=None)) == "lead_unknown"


def test_tries_are_limited():
    assert code(replace(CALL, lead=policy.Lead(("Europe/Istanbul",), 2))) is None
    assert code(replace(CALL, lead=policy.Lead(("Europe/Istanbul",), 3))) == "tries_used"
    assert code(replace(CALL, lead=policy.Lead(("Europe/Istanbul",), 3, promised=True))) is None


def test_outside_of_hours_it_says_when_they_begin():
    verdict = policy.judge(replace(CALL, now=NIGHT))

    assert verdict.reason is not None
    assert verdict.reason.code == "outside_hours"
    assert verdict.next_at == datetime(2026, 6, 2, 6, 0, tzinfo=UTC)


def test_a_number_that_is_never_within_hours_is_given_up():
    verdict = policy.judge(replace(CALL, lead=policy.Lead((), 0)))

    assert verdict.reason is not None
    assert (verdict.reason.code, verdict.next_at) == ("never_open", None)


def test_a_number_rests_after_a_lost_call():
    until = NOON + timedelta(seconds=40)

    verdict = policy.judge(replace(CALL, rests_until=until))

    assert verdict.reason is not None
    assert (verdict.reason.code, verdict.next_at) == ("number_resting", until)
    assert code(replace(CALL, rests_until=NOON)) is None


def test_what_refuses_for_ever_is_said_before_what_refuses_for_now():
    assert code(replace(CALL, now=NIGHT, listed=[policy.Listed(None)])) == "on_do_not_call"
