"""Tables of recordings. The sound lies sealed in files; its key is here, so that erasing the row erases the sound."""

from sqlalchemy import Column, Float, Index, LargeBinary, String, Table

from kit.db import Utc, metadata

recording = Table(
    "recording",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("call", String(32), nullable=False),
    Column("project", String(32), nullable=False),
    Column("campaign", String(32)),
    Column("operator", String(32)),
    Column("key_sealed", LargeBinary, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", String(40)),
    Column("started_at", Utc, nullable=False),
    Column("seconds", Float),
    Index("ix_recording_call", "call"),
    Index("ix_recording_state", "state"),
)
