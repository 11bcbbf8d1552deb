"""What each operator is doing now; what he did before is in the journal."""

from sqlalchemy import Column, String, Table

from kit.db import Json, Utc, metadata

operator_state = Table(
    "operator_state",
    metadata,
    Column("operator", String(32), primary_key=True),
    Column("state", String(32), nullable=False),
    Column("reason", Json),
    Column("since", Utc, nullable=False),
    Column("call", String(32)),
    Column("until", Utc),
)
