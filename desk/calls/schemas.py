"""Shapes of calls at the door."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from campaigns.text import Body, Code

Note = Annotated[Body, StringConstraints(strip_whitespace=True, max_length=4000)]


class Result(BaseModel):
    """What the operator says of a call: codes of a disposition and of one of its reasons.

    `callback_at`: when we promised to ring again, with its zone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    reason: Code | None = None
    note: Note | None = None
    callback_at: AwareDatetime | None = None


class Disposed(BaseModel):
    """The result as it is kept."""

    call: str
    code: str
    reason: str | None = None
    callback_at: datetime | None = None
    disposed_at: datetime


class CallShown(BaseModel):
    """One call, without anything personal but the masked number.

    `connect_ms`: from the answer to the bridge; `first_voice_ms`: to the operator's first voice. `quality`: share of
    packets lost, jitter and round trip in ms, and the estimated mean opinion score.
    """

    id: str
    project: str
    direction: str
    campaign: str | None
    lead: str | None
    person: str | None
    attempt: str | None
    operator: str | None
    number_masked: str | None
    called: str | None
    started_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    connect_ms: float | None
    first_voice_ms: float | None
    quality: dict[str, float | None] | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: dict[str, object] | None
    disposition: str | None
    disposition_reason: str | None
    callback_at: datetime | None
    disposed_at: datetime | None
