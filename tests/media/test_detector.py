"""Who answered is told by sound: on the given clips (synthetic voices) and on signals made here."""

import csv
import os
import random
import wave
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from media.detector import Detector, Heard, Tuning
from media.speech import FRAME_S

FRAME_BYTES = 320
NOBODY = {Heard.MACHINE, Heard.FAX, Heard.SIT, Heard.BEEP}


def tone(hz: float, seconds: float, level: float = 0.3) -> bytes:
    at = np.arange(round(seconds * 8000)) / 8000
    return (level * 32767 * np.sin(2 * np.pi * hz * at)).astype(np.int16).tobytes()


def voice(seconds: float, level: float = 0.3) -> bytes:
    """Something with a voice's many harmonics whose pitch wanders."""
    at = np.arange(round(seconds * 8000)) / 8000
    turn = 2 * np.pi * np.cumsum(120 + 25 * np.sin(9 * at)) / 8000
    wave_ = sum(np.sin(n * turn) / 7 for n in range(1, 15))
    return (level * 32767 * wave_ * (0.6 + 0.4 * np.sin(20 * at))).astype(np.int16).tobytes()


def silence(seconds: float) -> bytes:
    return bytes(2 * round(seconds * 8000))


def judge(sound: bytes, lost: frozenset[int] = frozenset(), tuning: Tuning | None = None) -> Detector:
    """A detector that heard all of a sound but the lost frames."""
    detector = Detector(tuning or Tuning())
    for n in range(len(sound) // FRAME_BYTES):
        if n not in lost:
            detector.hear(sound[n * FRAME_BYTES : (n + 1) * FRAME_BYTES], n * FRAME_S)
    return detector


def heard(sound: bytes, tuning: Tuning | None = None) -> Heard | None:
    verdict = judge(sound, tuning=tuning).verdict
    return verdict.heard if verdict is not None else None


def test_a_short_greeting_and_a_wait_are_a_person():
    assert heard(silence(0.5) + voice(0.5) + silence(1.0)) is Heard.HUMAN


def test_sentences_that_go_on_after_a_break_are_a_machine_and_the_message_may_begin_when_its_beep_is_over():
    greeting = silence(0.3) + voice(0.9) + silence(0.4) + voice(1.5)

    detector = judge(greeting + silence(0.5) + tone(850, 0.4) + silence(0.3))

    assert detector.verdict is not None
    assert (detector.verdict.heard, detector.verdict.reason) == (Heard.MACHINE, "read_sentences")
    assert detector.beep_ended_at == pytest.approx(4.0, abs=0.06)


def test_one_long_phrase_is_a_machine():
    assert heard(voice(3.6)) is Heard.MACHINE


@pytest.mark.parametrize("phrases", [voice(2.3), voice(0.9) + silence(0.3) + voice(0.9)])
def test_who_reads_out_a_greeting_and_then_waits_is_a_person(phrases: bytes):
    detector = judge(silence(0.2) + phrases + silence(1.0))

    assert detector.verdict is not None
    assert (detector.verdict.heard, detector.verdict.reason) == (Heard.HUMAN, "waits_after_phrases")


def test_who_still_speaks_in_phrases_at_the_deadline_is_a_machine():
    detector = judge(silence(0.2) + voice(2.3) + silence(0.6) + voice(2.0))

    assert detector.verdict is not None
    assert (detector.verdict.heard, detector.verdict.at_s) == (Heard.MACHINE, pytest.approx(3.5, abs=0.03))


@pytest.mark.parametrize("hz", [1100, 2100])
def test_a_fax_tone_is_a_fax(hz: float):
    assert heard(silence(0.4) + tone(hz, 0.5) + silence(1)) is Heard.FAX


def test_three_rising_tones_are_the_network():
    assert heard(tone(950, 0.33) + tone(1400, 0.33) + tone(1800, 0.33)) is Heard.SIT


def test_a_tone_in_place_of_a_voice_is_nobody():
    assert heard(tone(425, 1.5)) is Heard.BEEP


def test_a_short_greeting_with_a_beep_behind_it_is_a_machine():
    detector = judge(silence(0.2) + voice(1.0) + silence(0.4) + tone(1000, 0.3) + silence(0.5))

    assert detector.verdict is not None
    assert (detector.verdict.heard, detector.verdict.reason) == (Heard.MACHINE, "beep_after_greeting")
    assert detector.beep_ended_at == pytest.approx(1.9, abs=0.06)


def test_a_beep_and_nothing_more_is_a_machine_that_records_already():
    detector = judge(silence(0.3) + tone(1000, 0.3) + silence(2.0))

    assert detector.verdict is not None
    assert (detector.verdict.heard, detector.verdict.reason) == (Heard.BEEP, "beep_then_silence")
    assert detector.beep_ended_at == pytest.approx(0.6, abs=0.06)


def test_nothing_at_all_is_silence_and_is_said_before_the_deadline():
    detector = judge(silence(3.5))

    assert detector.verdict is not None
    assert (detector.verdict.heard, detector.verdict.at_s) == (Heard.SILENCE, pytest.approx(2.5, abs=0.03))


def test_what_is_undecided_at_the_deadline_is_a_person():
    detector = judge(silence(1.0) + voice(1.0), tuning=Tuning(total_s=1.5))

    assert detector.verdict is not None
    assert (detector.verdict.heard, detector.verdict.reason) == (Heard.HUMAN, "undecided")


def test_a_far_end_that_sends_nothing_while_silent_is_judged_by_time_alone():
    detector = judge(silence(0.2) + voice(0.5))
    assert detector.verdict is None

    detector.wait(1.6)

    assert detector.verdict is not None
    assert detector.verdict.heard is Heard.HUMAN


def test_the_measures_are_the_campaigns():
    answer = silence(0.2) + voice(1.2) + silence(1)

    assert heard(answer) is Heard.HUMAN
    assert heard(answer, Tuning(phrase_s=1.0, total_s=2.0)) is Heard.MACHINE
    assert heard(answer, Tuning(phrase_s=1.0, after_phrases_s=0.5, total_s=2.0)) is Heard.HUMAN


# ---------------------------------------------------------------- the given clips


@pytest.fixture(scope="module")
def clips() -> list[tuple[str, str, bytes]]:
    """Name, label and samples of each clip."""
    folder = os.environ.get("TEST_MATERIAL")
    if folder is None:
        pytest.skip("TEST_MATERIAL names no folder: the detector is not measured on clips of answers")
    return list(_read(Path(folder) / "amd"))


def _read(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    with (folder / "labels.csv").open(encoding="utf-8") as labels:
        for row in csv.DictReader(labels):
            with wave.open(str(folder / row["file"])) as file:
                yield row["file"], row["label"], file.readframes(file.getnframes())


def test_on_synthetic_clips_few_people_are_lost_and_most_machines_found(clips: list[tuple[str, str, bytes]]):
    table = Counter[tuple[str, str]]()
    slowest = 0.0
    for _, label, sound in clips:
        verdict = judge(sound).verdict
        assert verdict is not None
        table[label, verdict.heard.value] += 1
        slowest = max(slowest, verdict.at_s)

    for (label, said), count in sorted(table.items()):
        print(f"synthetic: {label:9} heard as {said:8} {count:3}")
    people = sum(n for (label, _), n in table.items() if label == "human")
    machines = sum(n for (label, _), n in table.items() if label == "machine")
    mistaken = sum(n for (label, said), n in table.items() if label == "human" and said in NOBODY)
    assert mistaken <= 0.03 * people
    assert table["machine", "machine"] >= 0.85 * machines
    assert slowest <= 3.5


def test_the_beep_after_a_machine_is_found_when_it_is_over(clips: list[tuple[str, str, bytes]]):
    machines = [sound for name, label, sound in clips if label == "machine" and "059" not in name]

    found = [judge(sound) for sound in machines]

    judged = [d for d in found if d.verdict is not None and d.verdict.heard is Heard.MACHINE]
    assert all(d.beep_ended_at is not None for d in judged)


def test_five_packets_of_a_hundred_lost_change_few_verdicts(clips: list[tuple[str, str, bytes]]):
    dice = random.Random(17)
    same = 0
    for _, _, sound in clips:
        lost = frozenset(n for n in range(len(sound) // FRAME_BYTES) if dice.random() < 0.05)
        before, after = judge(sound).verdict, judge(sound, lost).verdict
        assert before is not None
        assert after is not None
        same += (before.heard in NOBODY) == (after.heard in NOBODY)

    assert same >= 0.95 * len(clips)
