"""Calling hours in the customer's zone: table tests, with changes of clocks and zones off the hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.rules.hours import DAYS, is_open, next_open, week_of

NINE_TO_EIGHT = week_of({day: [["09:00", "20:00"]] for day in DAYS})
WEEKDAYS = week_of({day: [["10:00", "13:00"], ["14:00", "20:00"]] for day in DAYS[:5]})
ALWAYS = week_of({day: [["00:00", "24:00"]] for day in DAYS})
NEVER = week_of({})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("week", "zones", "at", "expected"),
    [
        # Istanbul is UTC+3 all year
        (NINE_TO_EIGHT, ["Europe/Istanbul"], "2026-06-01T05:59:59", False),
        (NINE_TO_EIGHT, ["Europe/Istanbul"], "2026-06-01T06:00:00", True),
        (NINE_TO_EIGHT, ["Europe/Istanbul"], "2026-06-01T16:59:59", True),
        (NINE_TO_EIGHT, ["Europe/Istanbul"], "2026-06-01T17:00:00", False),
        # lunch, and a Saturday
        (WEEKDAYS, ["Europe/Istanbul"], "2026-06-01T10:30:00", False),
        (WEEKDAYS, ["Europe/Istanbul"], "2026-06-06T09:00:00", False),
        # the same moment before and after summer time in Berlin
        (NINE_TO_EIGHT, ["Europe/Berlin"], "2026-03-28T07:30:00", False),
        (NINE_TO_EIGHT, ["Europe/Berlin"], "2026-03-29T07:30:00", True),
        # zones off the hour: India +5:30, Nepal +5:45, Chatham +12:45
        (NINE_TO_EIGHT, ["Asia/Kolkata"], "2026-06-01T03:29:00", False),
        (NINE_TO_EIGHT, ["Asia/Kolkata"], "2026-06-01T03:30:00", True),
        (NINE_TO_EIGHT, ["Asia/Kathmandu"], "2026-06-01T03:15:00", True),
        (NINE_TO_EIGHT, ["Pacific/Chatham"], "2026-05-31T20:14:00", False),
        (NINE_TO_EIGHT, ["Pacific/Chatham"], "2026-05-31T20:15:00", True),
        # several zones: only what is open in all of them
        (NINE_TO_EIGHT, ["America/New_York", "America/Los_Angeles"], "2026-06-01T14:00:00", False),
        (NINE_TO_EIGHT, ["America/New_York", "America/Los_Angeles"], "2026-06-01T16:30:00", True),
        # nobody knows where: there is no moment between nine and eight everywhere in the world
        (NINE_TO_EIGHT, [], "2026-06-01T12:00:00", False),
        (ALWAYS, [], "2026-06-01T12:00:00", True),
        (NEVER, ["Europe/Istanbul"], "2026-06-01T12:00:00", False),
    ],
)
def test_open_is_judged_by_the_customers_clock(week, zones, at, expected):
    assert is_open(week, zones, utc(at)) is expected


@pytest.mark.parametrize(
    ("week", "zones", "at", "expected"),
    [
        (NINE_TO_EIGHT, ["Europe/Istanbul"], "2026-06-01T10:00:00", "2026-06-01T10:00:00"),
        (NINE_TO_EIGHT, ["Europe/Istanbul"], "2026-06-01T17:00:00", "2026-06-02T06:00:00"),
        (WEEKDAYS, ["Europe/Istanbul"], "2026-06-05T17:00:00", "2026-06-08T07:00:00"),
        (WEEKDAYS, ["Europe/Istanbul"], "2026-06-01T10:10:00", "2026-06-01T11:00:00"),
        (NINE_TO_EIGHT, ["America/New_York", "America/Los_Angeles"], "2026-06-01T14:00:00", "2026-06-01T16:00:00"),
        (NINE_TO_EIGHT, ["Europe/Berlin"], "2026-03-28T20:00:00", "2026-03-29T07:00:00"),
        (NINE_TO_EIGHT, ["Europe/Berlin"], "2026-10-24T20:00:00", "2026-10-25T08:00:00"),
        (NINE_TO_EIGHT, ["Asia/Kathmandu"], "2026-06-01T20:00:00", "2026-06-02T03:15:00"),
        # 02:30 does not exist in Berlin on that day: the clocks go from 02:00 to 03:00, which is past it
        (week_of({"sun": [["02:30", "05:00"]]}), ["Europe/Berlin"], "2026-03-29T00:00:00", "2026-03-29T01:00:00"),
        # 02:30 comes twice on that day: the second one opens again after the clocks went back
        (week_of({"sun": [["02:30", "03:00"]]}), ["Europe/Berlin"], "2026-10-25T00:00:00", "2026-10-25T00:30:00"),
        (week_of({"sun": [["02:30", "03:00"]]}), ["Europe/Berlin"], "2026-10-25T01:05:00", "2026-10-25T01:30:00"),
        # Lord Howe changes its clocks by half an hour, at 02:00 to 01:30: a window that was over is open again
        (week_of({"sun": [["01:00", "01:45"]]}), ["Australia/Lord_Howe"], "2026-04-04T14:50:00", "2026-04-04T15:00:00"),
        (NINE_TO_EIGHT, [], "2026-06-01T12:00:00", None),
        (NEVER, ["Europe/Istanbul"], "2026-06-01T12:00:00", None),
    ],
)
def test_the_next_moment_is_the_first_that_is_open_everywhere(week, zones, at, expected):
    assert next_open(week, zones, utc(at)) == (None if expected is None else utc(expected))


ODD_ZONES = (
    *("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("America/St_Johns", "Pacific/Apia", "Africa/Cairo"),
)


@pytest.mark.parametrize("zone", ODD_ZONES)
@pytest.mark.parametrize("start", ["2026-03-27T00:00:00", "2026-04-03T00:00:00", "2026-10-24T00:00:00"])
def test_the_next_moment_agrees_with_asking_every_quarter_of_an_hour(zone: str, start: str):
    week = week_of({"sat": [["01:15", "02:30"]], "sun": [["01:30", "03:15"], ["23:00", "24:00"]]})
    at = utc(start)

    for _ in range(24):
        expected = at
        while not is_open(week, [zone], expected):
            expected += timedelta(minutes=15)
        assert next_open(week, [zone], at) == expected, at.astimezone(ZoneInfo(zone))
        at += timedelta(hours=3)


@pytest.mark.parametrize(
    ("hours", "word"),
    [
        ({"funday": []}, "funday"),
        ({"mon": [["9:00", "20:00"]]}, "09:00"),
        ({"mon": [["09:00", "25:00"]]}, "24:00"),
        ({"mon": [["09:60", "12:00"]]}, "24:00"),
        ({"mon": [["20:00", "09:00"]]}, "two windows"),
        ({"mon": [["09:00"]]}, "two times"),
        ({"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}, "overlap"),
    ],
)
def test_wrong_hours_are_refused_in_plain_words(hours, word: str):
    with pytest.raises(ValueError, match=word):
        week_of(hours)
