import itertools
from collections import Counter
from pathlib import Path

import pytest

import practice.sounds
from media.detector import Detector, Heard, Tuning
from media.g711 import SILENCE, decode
from media.sound import load
from practice.people import Habits, Kind, Span, caller, draw

SOUNDS = Path(practice.sounds.__file__).parent


@pytest.mark.parametrize(
    ("number", "kind", "ring_s", "status"),
    [
        ("+905321000001", Kind.HUMAN, 0, 200),
        ("+905321005001", Kind.HUMAN, 5, 200),
        ("905321103001", Kind.LEAVER, 0, 200),
        ("+905321200001", Kind.MACHINE, 2, 200),
        ("+905321407001", Kind.SILENT, 7, 200),
        ("+905321500001", Kind.MUTE, 0, 200),
        ("+905322003001", Kind.REFUSES, 3, 486),
        ("+905322100001", Kind.NO_ANSWER, 0, 0),
        ("+905322205001", Kind.REFUSES, 0, 503),
        ("+905322300001", Kind.REFUSES, 0, 404),
        ("+905322400001", Kind.REFUSES, 0, 603),
        ("+905322504001", Kind.REFUSES, 4, 480),
        ("+905322900001", Kind.NO_SIGN, 0, 0),
        ("+905327700001", Kind.REFUSES, 0, 404),
        ("112", Kind.REFUSES, 0, 404),
    ],
)
def test_the_last_seven_digits_say_what_a_number_does(number, kind, ring_s, status):
    who = draw(number, seed=1)

    assert (who.kind, who.ring_s, who.status) == (kind, ring_s, status)


def test_parameters_say_how_long_leavers_and_machines_stay():
    assert [draw(f"+90532{tail}", 1).stay_s for tail in ("1100001", "1107001", "1200001", "1209001")] == [5, 7, 20, 9]


def test_the_same_seed_draws_the_same_person_and_another_seed_another():
    assert draw("+905321000001", 7) == draw("+905321000001", 7)
    assert draw("+905321000001", 7) != draw("+905321000001", 8)
    assert draw("+905321000001", 7).talk_s != draw("+905321000002", 7).talk_s


def test_what_is_drawn_lies_within_the_habits():
    habits = Habits(talk=Span(3, 4), patience=Span(5, 6), mix_ring=Span(0.5, 1))

    people = [draw(f"+90532990{n:04d}", 3, habits) for n in range(0, 30)]

    assert all(3 <= p.talk_s <= 4 and 5 <= p.patience_s <= 6 and 0.5 <= p.ring_s <= 1 for p in people)
    assert len({p.talk_s for p in people}) == 30


def test_a_mix_is_spread_like_that_of_the_test_pbx():
    people = [draw(f"+905329900{n:03d}", 1) for n in range(1000)]

    kinds = Counter((p.kind, p.status) for p in people)

    assert kinds == {
        (Kind.HUMAN, 200): 300,
        (Kind.NO_ANSWER, 0): 250,
        (Kind.MACHINE, 200): 200,
        (Kind.REFUSES, 486): 100,
        (Kind.REFUSES, 404): 50,
        (Kind.REFUSES, 503): 50,
        (Kind.FAX, 200): 50,
    }


def test_turkish_numbers_speak_turkish_and_callers_are_people():
    assert [draw(n, 1).language for n in ("+905321000001", "905321000001", "+12021000001")] == ["tr", "tr", "en"]
    assert caller("+905322100001", 1).kind is Kind.HUMAN


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (("hello_tr",), Heard.HUMAN),
        (("hello_en",), Heard.HUMAN),
        (("machine", "machine_beep"), Heard.MACHINE),
        (("machine_beep",), Heard.BEEP),
        (("fax",), Heard.FAX),
    ],
)
def test_a_detector_hears_what_they_are(said: tuple[str, ...], heard: Heard):
    detector = Detector(Tuning())
    sounds = [load(SOUNDS / f"{name}.wav").frames["PCMA"] for name in said]

    for n, frame in enumerate(itertools.chain([SILENCE["PCMA"]] * 20, *sounds, [SILENCE["PCMA"]] * 150)):
        detector.hear(decode(frame, "PCMA"), n * 0.02)

    assert detector.verdict is not None
    assert detector.verdict.heard is heard
