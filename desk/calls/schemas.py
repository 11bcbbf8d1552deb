"""Shapes of calls at the door."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, model_validator

from campaigns.text import Body, Code, Id

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


class Keys(BaseModel):
    """Keys of a telephone, pressed one after the other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]{1,32}$")]


class Transfer(BaseModel):
    """Who is to take the customer over: a ready colleague by id, or a phone of the exchange by its extension.

    `warm`: they are spoken with first, until the transfer is completed or cancelled; else the customer is theirs as
    soon as they are there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operator: Id | None = None
    extension: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")] | None = None
    warm: bool = False

    @model_validator(mode="after")
    def names_one(self) -> "Transfer":
        if (self.operator is None) == (self.extension is None):
            raise ValueError("name an operator or an extension, and only one of them")
        return self


class Disposed(BaseModel):
    """The result as it is kept."""

    call: str
    code: str
    reason: str | None = None
    callback_at: datetime | None = None
    disposed_at: datetime


class CallShown(BaseModel):
    """One call, without anything personal but masked numbers.

    `withheld`: the caller's number was not to be shown; `diverted_by_masked`: who sent the call on, the last one first.
    `hold_s`: seconds for which operators held the customer.
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
    withheld: bool
    diverted_by_masked: list[str]
    called: str | None
    started_at: datetime
    queued_at: datetime | None
    connected_at: datetime | None
    connect_ms: float | None
    hold_s: float
    first_voice_ms: float | None
    quality: dict[str, float | None] | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: dict[str, object] | None
    disposition: str | None
    disposition_reason: str | None
    callback_at: datetime | None
    disposed_at: datetime | None
