"""The table of calls: every live conversation, or the attempt at one, with what the operator said of it."""

from sqlalchemy import Boolean, Column, Float, Index, LargeBinary, String, Table, false

from kit.db import Json, Utc, metadata

call = Table(
    "call",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(32), nullable=False),
    Column("direction", String(3), nullable=False),
    Column("campaign", String(32)),
    Column("lead", String(32)),
    Column("person", String(32)),
    Column("attempt", String(32)),
    Column("operator", String(32)),
    Column("number_sealed", LargeBinary),
    Column("number_digest", LargeBinary(32)),
    Column("called", String(32)),
    Column("started_at", Utc, nullable=False),
    Column("queued_at", Utc),
    Column("connected_at", Utc),
    Column("connect_ms", Float),
    Column("ended_at", Utc),
    Column("hold_s", Float, nullable=False, server_default="0"),
    Column("withheld", Boolean, nullable=False, server_default=false()),
    Column("diverted_sealed", LargeBinary),
    Column("first_voice_ms", Float),
    Column("quality", Json),
    Column("ended_by", String(16)),
    Column("end_reason", Json),
    Column("disposition", String(64)),
    Column("disposition_reason", String(200)),
    Column("note_sealed", LargeBinary),
    Column("callback_at", Utc),
    Column("disposed_at", Utc),
    Index("ix_call_person", "project", "person", "started_at"),
    Index("ix_call_number_digest", "number_digest"),
    Index("ix_call_operator", "operator", "started_at"),
    Index("ix_call_campaign", "campaign", "started_at"),
    Index("ix_call_ended_at", "ended_at"),
)
