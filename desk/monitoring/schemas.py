"""Shapes of monitoring at the door."""

from pydantic import BaseModel, ConfigDict

from dialer.shapes import MonitorMode


class MonitoringIn(BaseModel):
    """`listen`: nobody hears the supervisor; `whisper`: the operator alone; `barge`: everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: MonitorMode = MonitorMode.LISTEN
