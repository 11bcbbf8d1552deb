"""Shapes of recordings at the door."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import RowMapping


class RecordingShown(BaseModel):
    """One recording. `state`: recording, kept, shortened or lost, the last two with a `reason`; erasing, erased where
    its time is over. `held`: it is kept whatever its age."""

    id: str
    call: str
    campaign: str | None
    operator: str | None
    state: str
    reason: str | None
    started_at: datetime
    seconds: float | None
    held: bool

    @classmethod
    def of(cls, row: RowMapping) -> "RecordingShown":
        return cls.model_validate({**row, "held": row["held_at"] is not None})
