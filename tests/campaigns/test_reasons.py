"""A manager who has only the API reads why nothing is dialed."""

import re
from pathlib import Path

import pytest

from campaigns.campaigns.reasons import told

DIALER = Path(__file__).parents[2] / "dialer"
OF_A_CAMPAIGN = ("pacing.py", "dialing.py", "trunk.py", "ways.py")
BETWEEN = {"not_running"}  # for a campaign that the engine does not know yet; the door says "starting"


def test_values_stand_in_the_sentence():
    reason = told("trunk_down", {"trunk": "pbx", "cause": "no_answer"})

    assert reason["message"] == "The trunk pbx is down (no_answer); GET /api/v1/system says what to mend."


@pytest.mark.parametrize("file", OF_A_CAMPAIGN)
def test_every_reason_of_the_dialer_has_a_sentence(file: str):
    codes = set(re.findall(r'Reason\("(\w+)"', (DIALER / file).read_text())) - BETWEEN

    assert codes
    assert [
        code for code in sorted(codes) if told(code, {})["message"] == code.replace("_", " ").capitalize() + "."
    ] == []


def test_a_reason_without_a_sentence_is_its_code_in_words():
    assert told("something_new", {})["message"] == "Something new."
