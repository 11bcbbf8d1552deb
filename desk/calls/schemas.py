"""Shapes of calls at the door."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from campaigns.projects.schemas import Zone
from campaigns.text import Body, Code, Id
from desk.recordings.schemas import RecordingShown
from dialer.facts import Direction
from dialer.outcomes import Outcome

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


class Asked(BaseModel):
    """Which calls are wanted; what is not named does not matter.

    `day`: when they began, in `zone`, which can be left out with a `project`; `days`: so many from then on. `number`:
    the other side's, as one writes it in the project's country, else with + and country code; who may only see his own
    calls cannot ask by it. `recorded`: whether there is sound that you may hear. `cursor`: the `next_cursor` of the
    page before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: Id | None = None
    campaign: Id | None = None
    operator: Id | None = None
    number: Annotated[str, StringConstraints(min_length=3, max_length=32)] | None = None
    day: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2200, 1, 1))] | None = None
    days: Annotated[int, Field(ge=1, le=366)] = 1
    zone: Zone | None = None
    direction: Direction | None = None
    outcome: Outcome | None = None
    recorded: bool | None = None
    cursor: Annotated[str, StringConstraints(max_length=60)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class CallLine(CallShown):
    """A call in a list. `outcome`: how it ended; null: it is on. `recordings`: those that you may hear."""

    outcome: str | None
    recordings: list[RecordingShown]


class CallPage(BaseModel):
    """Newest first. A page can hold less than `limit`, or nothing, and still have a `next_cursor`: ask on with it until
    it is null."""

    items: list[CallLine]
    next_cursor: str | None
