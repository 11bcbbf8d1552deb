"""Who is behind an outside number, and what he does: drawn from the number and a seed; pure.

The last seven digits BBPPNNN say it, as in the test PBX: BB the behaviour, PP its parameter (mostly seconds), NNN free.
"""

import random
import re
from dataclasses import dataclass
from enum import StrEnum

_SCHEME = re.compile(r"(\d\d)(\d\d)\d{3}$")


class Kind(StrEnum):
    HUMAN = "human"
    LEAVER = "leaver"  # a human who hangs up soon, whatever he hears
    SILENT = "silent"  # answers and says nothing
    MUTE = "mute"  # answers and sends no sound at all
    MACHINE = "machine"
    FAX = "fax"
    REFUSES = "refuses"  # a final status of 400 to 699
    NO_ANSWER = "no_answer"  # rings until the caller gives up
    NO_SIGN = "no_sign"  # nothing after 100 Trying


@dataclass(frozen=True, slots=True)
class Span:
    """A range of seconds to draw from."""

    low: float
    high: float

    def draw(self, dice: random.Random) -> float:
        return dice.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Habits:
    """What is common to all people. `talk`: from the first voice a human hears until he has had enough.

    `patience`: how long he waits after his hello for somebody to speak. `pause`: between his sentences. `mix_ring`:
    before people of the mix (99) answer.
    """

    talk: Span = Span(8.0, 25.0)
    patience: Span = Span(8.0, 14.0)
    pause: Span = Span(1.5, 4.0)
    mix_ring: Span = Span(1.0, 4.0)


@dataclass(frozen=True, slots=True)
class Customer:
    """One drawn person or machine. Times in seconds.

    `ring_s`: from the INVITE to the answer or refusal. `stay_s`: from the answer until he hangs up whatever happens;
    None: as `talk_s` and `patience_s` say. `greets`: a machine that speaks before its beep.
    """

    kind: Kind
    ring_s: float = 0.0
    status: int = 200
    stay_s: float | None = None
    talk_s: float = 15.0
    patience_s: float = 10.0
    pause: Span = Span(1.5, 4.0)
    language: str = "tr"
    greets: bool = True
    seed: str = ""


# BB: what it is, the final status of a refusal
_BEHAVIOURS: dict[str, tuple[Kind, int]] = {
    "10": (Kind.HUMAN, 200),
    "11": (Kind.LEAVER, 200),
    "12": (Kind.MACHINE, 200),
    "13": (Kind.MACHINE, 200),
    "14": (Kind.SILENT, 200),
    "15": (Kind.MUTE, 200),
    "20": (Kind.REFUSES, 486),
    "21": (Kind.NO_ANSWER, 0),
    "22": (Kind.REFUSES, 503),
    "23": (Kind.REFUSES, 404),
    "24": (Kind.REFUSES, 603),
    "25": (Kind.REFUSES, 480),
    "26": (Kind.REFUSES, 403),
    "27": (Kind.REFUSES, 500),
    "28": (Kind.REFUSES, 410),
    "29": (Kind.NO_SIGN, 0),
    "40": (Kind.FAX, 200),
}

# of the mix: the first behaviour whose bound lies above the last two digits
_MIX = ((30, "10"), (55, "21"), (75, "12"), (85, "20"), (90, "23"), (95, "22"), (100, "40"))

_UNKNOWN = Customer(Kind.REFUSES, status=404)
_AN_HOUR = 3600.0


def draw(number: str, seed: int, habits: Habits | None = None) -> Customer:
    """Who answers `number`; the same for the same seed. A number of no known behaviour is answered 404."""
    habits = habits or Habits()
    found = _SCHEME.search(number)
    if found is None:
        return _UNKNOWN
    behaviour, parameter = found[1], int(found[2])
    dice = random.Random(f"{seed}:{number}")
    if behaviour == "99":
        behaviour = next(name for bound, name in _MIX if int(number[-2:]) < bound)
        return _customer(behaviour, habits.mix_ring.draw(dice), 0, number, habits, dice)
    if behaviour not in _BEHAVIOURS:
        return _UNKNOWN
    return _customer(behaviour, float(parameter), parameter, number, habits, dice)


def _customer(
    behaviour: str, wait: float, parameter: int, number: str, habits: Habits, dice: random.Random
) -> Customer:
    kind, status = _BEHAVIOURS[behaviour]
    return Customer(
        kind,
        ring_s=_ring(kind, status, wait),
        status=status,
        stay_s=_stay(kind, parameter),
        talk_s=habits.talk.draw(dice),
        patience_s=habits.patience.draw(dice),
        pause=habits.pause,
        language="tr" if number.lstrip("+").startswith("90") else "en",
        greets=behaviour != "13",
        seed=f"{dice.random()}",
    )


def _ring(kind: Kind, status: int, wait: float) -> float:
    if kind is Kind.MACHINE:
        return 2.0
    rings = kind in (Kind.HUMAN, Kind.SILENT) or status in (480, 486)
    return wait if rings else 0.0


def _stay(kind: Kind, parameter: int) -> float | None:
    if kind is Kind.LEAVER:
        return float(parameter or 5)
    if kind is Kind.MACHINE:
        return float(parameter or 20)
    if kind is Kind.FAX:
        return 40.0
    if kind is Kind.MUTE:
        return float(parameter) or _AN_HOUR
    return None if kind is Kind.HUMAN else _AN_HOUR


def caller(number: str, seed: int, habits: Habits | None = None) -> Customer:
    """The person who calls the service from `number`: always human."""
    habits = habits or Habits()
    dice = random.Random(f"{seed}:calls:{number}")
    return _customer("10", 0.0, 0, number, habits, dice)
