"""Tables of projects."""

from sqlalchemy import Boolean, Column, String, Table, false

from kit.db import Json, Utc, metadata

project = Table(
    "project",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("country", String(2), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("inbound_numbers", Json, nullable=False),
    Column("greeting", String(120)),
    Column("monitoring_shown", Boolean, nullable=False, server_default=false()),
    Column("created_at", Utc, nullable=False),
)
