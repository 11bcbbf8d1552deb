"""Tables of recordings. The sound lies sealed in files; its key is here, so that erasing the key erases the sound."""

from sqlalchemy import Column, Float, Index, LargeBinary, String, Table, text

from kit.db import Utc, metadata

RECORDING, KEPT, SHORTENED, LOST = "recording", "kept", "shortened", "lost"
"""States: being written; whole; something is missing, see the reason; nothing is left."""
ERASING, ERASED = "erasing", "erased"
"""Its time was over: the key is destroyed, the file may still be there; the file is gone too."""
MAY_GROW_OLD = text("held_at IS NULL AND state IN ('kept', 'shortened', 'lost')")
"""In words of SQL: a store takes a partial index only for a condition that it can read."""

recording = Table(
    "recording",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("call", String(32), nullable=False),
    Column("project", String(32), nullable=False),
    Column("campaign", String(32)),
    Column("operator", String(32)),
    Column("key_sealed", LargeBinary, nullable=False),  # empty: destroyed
    Column("state", String(10), nullable=False),
    Column("reason", String(40)),
    Column("started_at", Utc, nullable=False),
    Column("seconds", Float),
    Column("held_at", Utc),  # since then it is kept whatever its age
    Index("ix_recording_call", "call"),
    Index("ix_recording_state", "state"),
    Index("ix_recording_age", "project", "started_at", sqlite_where=MAY_GROW_OLD, postgresql_where=MAY_GROW_OLD),
)
