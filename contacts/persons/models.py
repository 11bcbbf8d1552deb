"""Tables of persons. Names are sealed under `contacts.sealing.NAME`."""

from sqlalchemy import Column, Index, LargeBinary, String, Table

from kit.db import Json, Utc, metadata

person = Table(
    "person",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(32), nullable=False),
    Column("name_sealed", LargeBinary),
    Column("name_digest", LargeBinary(32)),
    Column("country", String(2)),
    Column("zones", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Index("ix_person_project_name", "project", "name_digest"),
)
