"""Shapes of projects."""

from datetime import datetime
from typing import Annotated
from zoneinfo import available_timezones

import phonenumbers
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

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
Prompt = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class ProjectIn(BaseModel):
    """`inbound_numbers`: the service's numbers that lead to this project, as the trunk shows them.
    `monitoring_shown`: whether an operator is told that a supervisor listens.
    """

    model_config = ConfigDict(extra="forbid")

    name: Line
    country: Country = "TR"
    zone: Zone = "Europe/Istanbul"
    inbound_numbers: Annotated[list[Called], Field(max_length=100)] = []
    greeting: Prompt | None = None
    monitoring_shown: bool = False


class ProjectPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    country: Country | None = None
    zone: Zone | None = None
    inbound_numbers: Annotated[list[Called], Field(max_length=100)] | None = None
    greeting: Prompt | None = None
    monitoring_shown: bool | None = None


class ProjectOut(BaseModel):
    id: str
    name: str
    country: str
    zone: str
    inbound_numbers: list[str]
    greeting: str | None
    monitoring_shown: bool
    created_at: datetime
