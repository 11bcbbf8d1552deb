"""Shapes of projects."""

from datetime import datetime
from typing import Annotated
from zoneinfo import available_timezones

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from campaigns.projects.models import RECORDED
from campaigns.text import Line


def _a_country(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("write the country as two capital letters, like TR")
    return value


def _a_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("write the zone by its IANA name, like Europe/Istanbul")
    return value


Country = Annotated[str, StringConstraints(max_length=2), AfterValidator(_a_country)]
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_a_zone)]
Called = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{3,15}$")]
KeepDays = Annotated[int, Field(ge=0, le=36_500)]
Prompt = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class ProjectIn(BaseModel):
    """`inbound_numbers`: the service's numbers that lead to this project, as the trunk shows them.

    `record_incoming`: calls that come in are recorded; those of a campaign that records are in any case.
    `record_notice`: the prompt that tells callers so, null for none. `keep_days`: for how many days recordings are
    kept, 0 for ever, null as the settings say. `monitoring_shown`: whether operators are told that somebody listens.
    """

    model_config = ConfigDict(extra="forbid")

    name: Line
    country: Country = "TR"
    zone: Zone = "Europe/Istanbul"
    inbound_numbers: Annotated[list[Called], Field(max_length=100)] = []
    greeting: Prompt | None = None
    record_incoming: bool = False
    record_notice: Prompt | None = RECORDED
    keep_days: KeepDays | None = None
    monitoring_shown: bool = False


class ProjectPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    country: Country | None = None
    zone: Zone | None = None
    inbound_numbers: Annotated[list[Called], Field(max_length=100)] | None = None
    greeting: Prompt | None = None
    record_incoming: bool | None = None
    record_notice: Prompt | None = None
    keep_days: KeepDays | None = None
    monitoring_shown: bool | None = None


class ProjectOut(BaseModel):
    id: str
    name: str
    country: str
    zone: str
    inbound_numbers: list[str]
    greeting: str | None
    record_incoming: bool
    record_notice: str | None
    keep_days: int | None
    monitoring_shown: bool
    created_at: datetime
