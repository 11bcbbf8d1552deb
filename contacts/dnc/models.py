"""Tables of the do-not-call lists."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from kit.db import Utc, metadata

dnc = Table(
    "dnc",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(32)),  # null: everywhere
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_digest", LargeBinary(32), nullable=False),
    Column("source", String(40), nullable=False),
    Column("reason", String(400)),
    Column("created_by", String(32)),
    Column("created_at", Utc, nullable=False),
    Column("until", Utc),
    Index("ix_dnc_digest", "number_digest", "project"),
    Index("ix_dnc_project", "project", "id"),
)
