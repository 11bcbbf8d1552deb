"""Tables of campaigns. Seconds are float; `hours` and `retry` are described in `campaigns.campaigns.schemas`."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from kit.db import Json, Utc, metadata

campaign = Table(
    "campaign",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(32), ForeignKey("project.id"), nullable=False),
    Column("name", String(120), nullable=False),
    Column("temperature", String(8), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("state", String(8), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("caller_id", String(32)),
    Column("trunks", Json, nullable=False, default=list),
    Column("hours", Json, nullable=False),
    Column("retry", Json, nullable=False),
    Column("script", Text, nullable=False, default=""),
    Column("ring_s", Float, nullable=False),
    Column("wrap_up_s", Float, nullable=False),
    Column("connect_s", Float, nullable=False),
    Column("max_lines", Integer, nullable=False),
    Column("abandonment_limit", Float, nullable=False),
    Column("message", String(120)),
    Column("detection", String(8), nullable=False, default="off"),
    Column("detector", Json, nullable=False, default=dict),
    Column("record", Boolean, nullable=False, default=False),
    Column("without_recording", String(8), nullable=False, default="go_on"),
    Column("priority", Integer, nullable=False, default=0),
    Column("version", Integer, nullable=False, default=1),
    Column("created_at", Utc, nullable=False),
    Index("ix_campaign_project", "project", "id"),
    Index("ix_campaign_state", "state"),
)
