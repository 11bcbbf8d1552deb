"""Shapes of recordings at the door."""

from datetime import datetime

from pydantic import BaseModel


class RecordingShown(BaseModel):
    """One recording. `state`: recording, kept, shortened or lost, the last two with a `reason`."""

    id: str
    call: str
    campaign: str | None
    operator: str | None
    state: str
    reason: str | None
    started_at: datetime
    seconds: float | None
