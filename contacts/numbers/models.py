"""Tables of numbers. Within a project a number belongs to one person."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from kit.db import metadata

number = Table(
    "number",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(32), nullable=False),
    Column("person", String(32), ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_digest", LargeBinary(32), nullable=False),
    Column("country", String(2)),
    Column("kind", String(20), nullable=False),
    Column("position", Integer, nullable=False, default=0),
    Index("uq_number_project_digest", "project", "number_digest", unique=True),
    Index("ix_number_digest", "number_digest"),
)
