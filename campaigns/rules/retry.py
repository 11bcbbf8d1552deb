"""When a lead is called again after an attempt has ended. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dialer.outcomes import FLAGS, Outcome

MAX_TRIES = "max_tries"
LINE_FAULT_REST_S = 60.0  # after a fault of the trunk, which costs the lead no try
CANCEL_TIMEOUT_S = 32.0  # how long a dialog may go on after our CANCEL: timer B or F (RFC 3261 §17.1)

RETRIABLE = tuple(outcome for outcome in Outcome if FLAGS[outcome].counts and outcome is not Outcome.CONNECTED)


class LeadState(StrEnum):
    OPEN = "open"
    RESERVED = "reserved"
    DIALING = "dialing"
    DONE = "done"
    DNC = "dnc"


@dataclass(frozen=True, slots=True)
class Rule:
    """After an outcome: wait `delay_s` seconds; the lead is done when the outcome came `tries` times."""

    delay_s: float
    tries: int


@dataclass(frozen=True, slots=True)
class Retry:
    """A campaign's rules. `max_tries`: attempts that count, whatever their outcome."""

    max_tries: int
    rules: Mapping[Outcome, Rule]


@dataclass(frozen=True, slots=True)
class Future:
    """What becomes of a lead. `waits_for`: the code that the pages show for it."""

    state: LeadState
    next_at: datetime | None
    waits_for: str


def retry_of(stored: Mapping[str, Any]) -> Retry:
    """The rules as a campaign's row has them: {"max_tries": 5, "busy": {"delay_s": 600, "tries": 3}, …}."""
    rules = {
        Outcome(code): Rule(float(rule["delay_s"]), int(rule["tries"]))
        for code, rule in stored.items()
        if code != MAX_TRIES
    }
    return Retry(int(stored[MAX_TRIES]), rules)


def future(outcome: Outcome, retry: Retry, tries: int, same: int, at: datetime, ring_s: float) -> Future:
    """What becomes of a lead whose attempt ended at `at`.

    `tries`: attempts that counted, this one among them; `same`: those that ended with this outcome;
    `ring_s`: how long the campaign lets a phone ring, in seconds.
    """
    if not FLAGS[outcome].counts:
        return Future(LeadState.OPEN, at + timedelta(seconds=LINE_FAULT_REST_S), outcome.value)
    rule = retry.rules.get(outcome)
    if rule is None or same >= rule.tries:
        return Future(LeadState.DONE, None, outcome.value)
    if tries >= retry.max_tries:
        return Future(LeadState.DONE, None, "tries_used")
    delay = max(rule.delay_s, rest_s(outcome, ring_s))
    return Future(LeadState.OPEN, at + timedelta(seconds=delay), outcome.value)


def rest_s(outcome: Outcome, ring_s: float) -> float:
    """Seconds for which the number must be left alone: a lost call may still be ringing there."""
    return ring_s + CANCEL_TIMEOUT_S if outcome is Outcome.LOST else 0.0
