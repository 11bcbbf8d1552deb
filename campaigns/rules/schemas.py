"""Shapes of do-not-call entries."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from campaigns.text import Code, Remark


class DncIn(BaseModel):
    """`number`: as dialed in the project's country, or with its country code. `until`: None holds for ever.

    `everywhere`: for all projects, which needs the right in all of them.
    """

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    source: Code = "manager"
    reason: Remark | None = None
    until: AwareDatetime | None = None
    everywhere: bool = False


class DncOut(BaseModel):
    id: str
    project: str | None
    number_masked: str
    source: str
    reason: str | None
    created_by: str | None
    created_at: datetime
    until: datetime | None


class DncPage(BaseModel):
    """`next_cursor`: give it as `cursor` for what follows; None at the end."""

    items: list[DncOut]
    next_cursor: str | None
