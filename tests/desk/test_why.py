from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.calls.why import TEXTS, Code, Contact, Situation, why
from desk.calls.words import OUTCOMES, Text, moment
from dialer.facts import Direction
from dialer.outcomes import Outcome
from dialer.shapes import Temperature

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ISTANBUL = ZoneInfo("Europe/Istanbul")
INTERESTED = Text(tr="İlgileniyor", en="Interested")


def situation(direction=Direction.OUT, temperature=None, *, known=True, details_at=None, history=()):
    return Situation(direction, temperature, known, NOW, ISTANBUL, details_at, history)


def out(outcome, hours_ago=1.0, **more):
    return Contact(NOW - timedelta(hours=hours_ago), Direction.OUT, outcome, **more)


TALKED = out(Outcome.CONNECTED, label=INTERESTED)
MISSED = out(Outcome.NO_ANSWER)
PROMISED = out(Outcome.CONNECTED, callback_at=NOW - timedelta(minutes=1))
LONG_AGO = out(Outcome.NO_ANSWER, hours_ago=24 * 8)

COLD, WARM, HOT = Temperature.COLD, Temperature.WARM, Temperature.HOT
IN = Direction.IN


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (situation(temperature=COLD), Code.COLD_FIRST),
        (situation(temperature=COLD, history=[MISSED]), Code.COLD_RETRY),
        (situation(temperature=COLD, history=[MISSED, TALKED]), Code.COLD_AGAIN),
        (situation(temperature=WARM), Code.WARM_FIRST),
        (situation(temperature=WARM, history=[TALKED]), Code.WARM_LAST),
        (situation(temperature=HOT, details_at=NOW), Code.HOT_DETAILS),
        (situation(temperature=HOT, details_at=NOW, history=[TALKED]), Code.HOT_DETAILS),
        (situation(temperature=HOT, details_at=NOW, history=[PROMISED]), Code.CALLBACK_PROMISED),
        (situation(temperature=COLD, history=[MISSED, PROMISED]), Code.CALLBACK_PROMISED),
        (situation(temperature=COLD, history=[TALKED, PROMISED]), Code.COLD_AGAIN),
        (situation(IN, known=False), Code.UNKNOWN_CALLER),
        (situation(IN), Code.CALLS_US),
        (situation(IN, history=[TALKED]), Code.CALLS_US_AGAIN),
        (situation(IN, history=[MISSED]), Code.RETURNED_MISSED_CALL),
        (situation(IN, history=[MISSED, TALKED]), Code.RETURNED_MISSED_CALL),
        (situation(IN, history=[LONG_AGO]), Code.CALLS_US),
    ],
)
def test_the_newest_evidence_decides_why(given, code):
    assert why(given).code is code


def test_a_returned_missed_call_says_when_we_rang_in_the_projects_time():
    said = why(situation(IN, history=[MISSED]))

    assert said.text == Text(
        tr="Cevapsız aramamıza dönüyor: bugün 14:00 aradık", en="Returns our missed call: we rang them today 14:00"
    )
    assert said.values == {"at": "2026-03-10T11:00:00+00:00"}


def test_warm_says_what_happened_last():
    assert why(situation(temperature=WARM, history=[TALKED])).text.en == (
        "Former customer, last spoken today 14:00: Interested"
    )


def test_every_code_and_outcome_has_its_words():
    assert set(TEXTS) == set(Code)
    assert set(OUTCOMES) == set(Outcome)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW, Text("bugün 15:00", "today 15:00")),
        (NOW - timedelta(days=1), Text("dün 15:00", "yesterday 15:00")),
        (NOW + timedelta(days=1), Text("yarın 15:00", "tomorrow 15:00")),
        (NOW + timedelta(hours=9, minutes=5), Text("yarın 00:05", "tomorrow 00:05")),
        (NOW - timedelta(days=9), Text("1 Mart 15:00", "1 March 15:00")),
        (NOW - timedelta(days=365), Text("10 Mart 2025 15:00", "10 March 2025 15:00")),
    ],
)
def test_moments_are_said_as_one_says_them(at, said):
    assert moment(at, NOW, ISTANBUL) == said
