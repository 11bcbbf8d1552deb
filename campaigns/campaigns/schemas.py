"""Shapes of campaigns.

`detector`: measures of the answering-machine detector by name, in seconds, and `error`, the share of people that it
takes for machines; what is not named is as usual.
`hours`: {"mon": [["09:00", "20:00"]], …} in the customer's own time; a day that is missing is closed, all day is
[["00:00", "24:00"]]. `retry`: {"max_tries": 6, "busy": {"delay_s": 900, "tries": 4}, …} by outcome; a lead whose
attempt ends otherwise is done.
`trunks`: the only ones by which calls leave, in this order: a later one when those before it are full, rest, or are
down; [] is any of the settings, each by its weight.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from typing_extensions import TypedDict

from campaigns.projects.schemas import Prompt
from campaigns.rules import hours, retry
from campaigns.text import Body, Id, Line
from dialer.shapes import Detection, Mode, Temperature, WithoutRecording

LONGEST_DELAY_S = 90 * 86400
MOST_TRIES = 50


def _a_week(value: dict[str, list[list[str]]]) -> dict[str, list[list[str]]]:
    hours.week_of(value)
    return {day: value.get(day, []) for day in hours.DAYS}


def _retry_rules(value: dict[str, Any]) -> dict[str, Any]:
    _whole(value.get(retry.MAX_TRIES), retry.MAX_TRIES, MOST_TRIES)
    known = {outcome.value for outcome in retry.RETRIABLE}
    for name, rule in value.items():
        if name == retry.MAX_TRIES:
            continue
        if name not in known:
            raise ValueError(f"{name[:40]!r} is no outcome to try again after; those are {', '.join(sorted(known))}")
        _retry_rule(name, rule)
    return value


def _retry_rule(name: str, rule: Any) -> None:
    if not isinstance(rule, Mapping) or set(rule) != {"delay_s", "tries"}:
        raise ValueError(f'{name} needs delay_s and tries, like {{"delay_s": 3600, "tries": 3}}')
    delay = rule["delay_s"]
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not 1 <= delay <= LONGEST_DELAY_S:
        raise ValueError(f"{name}.delay_s is the wait in seconds, from 1 to {LONGEST_DELAY_S}")
    _whole(rule["tries"], f"{name}.tries", MOST_TRIES)


def _each_once(value: list[str]) -> list[str]:
    if len(set(value)) < len(value):
        raise ValueError("a trunk is named twice: name each once, the first to be tried first")
    return value


def _whole(value: Any, name: str, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ValueError(f"{name} is a whole number from 1 to {most}")


Hours = Annotated[dict[str, list[list[str]]], AfterValidator(_a_week)]
Retry = Annotated[dict[str, Any], AfterValidator(_retry_rules)]
Purpose = Literal["advert", "service", "debt", "survey"]
CallerId = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{3,15}$")]
TrunkName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
TrunkNames = Annotated[list[TrunkName], Field(max_length=20), AfterValidator(_each_once)]
RingS = Annotated[float, Field(ge=15, le=120)]
WrapUpS = Annotated[float, Field(ge=0, le=900)]
ConnectS = Annotated[float, Field(ge=0.5, le=10)]
MaxLines = Annotated[int, Field(ge=1, le=1000)]
Limit = Annotated[float, Field(ge=0, le=0.2)]
Priority = Annotated[int, Field(ge=0, le=100)]


Seconds = Annotated[float, Field(ge=0.1, le=10)]


class Measures(TypedDict, total=False):
    """What `media.detector.Tuning` measures by, and how often it is wrong about people."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    initial_silence_s: Seconds
    after_greeting_s: Seconds
    after_phrases_s: Seconds
    greeting_s: Seconds
    phrase_s: Seconds
    break_s: Seconds
    words: Annotated[int, Field(ge=2, le=50)]
    total_s: Seconds
    error: Annotated[float, Field(ge=0, le=0.5)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mode: Mode | None = None
    purpose: Purpose | None = None
    caller_id: CallerId | None = None
    trunks: TrunkNames | None = None
    hours: Hours | None = None
    retry: Retry | None = None
    script: Body | None = None
    ring_s: RingS | None = None
    wrap_up_s: WrapUpS | None = None
    connect_s: ConnectS | None = None
    max_lines: MaxLines | None = None
    abandonment_limit: Limit | None = None
    message: Prompt | None = None
    detection: Detection | None = None
    detector: Measures | None = None
    record: bool | None = None
    without_recording: WithoutRecording | None = None
    priority: Priority | None = None


class CampaignPatch(_Settings):
    """What a manager can change; what is not named stays. Times in seconds, `abandonment_limit` a share (0.03)."""

    name: Line | None = None


class CampaignIn(_Settings):
    """A new campaign: what is not named is as usual for its temperature."""

    project: Id
    name: Line
    temperature: Temperature


class CampaignOut(BaseModel):
    id: str
    project: str
    name: str
    temperature: Temperature
    mode: Mode
    state: str
    purpose: str
    caller_id: str | None
    trunks: list[str]
    hours: dict[str, Any]
    retry: dict[str, Any]
    script: str
    ring_s: float
    wrap_up_s: float
    connect_s: float
    max_lines: int
    abandonment_limit: float
    message: str | None
    detection: Detection
    detector: dict[str, float]
    record: bool
    without_recording: WithoutRecording
    priority: int
    version: int
    created_at: datetime


class StatusOut(BaseModel):
    """How a campaign stands. `reason`: why it dials as it does, or does not. `counts`: leads by state."""

    state: str
    reason: dict[str, Any] | None
    counts: dict[str, int]
    next_at: datetime | None
    pace: dict[str, Any] | None
