"""Tables of projects."""

from sqlalchemy import Boolean, Column, Integer, String, Table, false

from kit.db import Json, Utc, metadata

RECORDED = "recorded"
"""The prompt that says that a call is recorded, where a project names none of its own."""

project = Table(
    "project",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("country", String(2), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("inbound_numbers", Json, nullable=False),
    Column("greeting", String(120)),
    Column("record_incoming", Boolean, nullable=False, default=False),
    Column("record_notice", String(120), default=RECORDED),
    Column("keep_days", Integer),  # of recordings; null: as the settings say, 0: for ever
    Column("monitoring_shown", Boolean, nullable=False, server_default=false()),
    Column("created_at", Utc, nullable=False),
)
