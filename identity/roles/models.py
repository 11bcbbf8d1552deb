"""Who has which role where. A person may have several."""

from sqlalchemy import Column, ForeignKey, String, Table

from kit.db import metadata

membership = Table(
    "membership",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user", String(32), ForeignKey("user.id"), nullable=False, index=True),
    Column("project", String(32), index=True),  # null: every project; projects belong to a room above this one
    Column("role", String(16), nullable=False),
)
