"""Who did what. Written in the transaction of the deed, never changed."""

from sqlalchemy import Column, String, Table

from kit.db import Json, Utc, metadata

audit = Table(
    "audit",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", Utc, nullable=False, index=True),
    Column("actor", String(32), index=True),  # null: nobody was signed in
    Column("action", String(64), nullable=False, index=True),
    Column("subject", String(64), index=True),
    Column("project", String(32), index=True),
    Column("detail", Json, nullable=False),
)
