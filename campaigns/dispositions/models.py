"""Tables of dispositions (results). `flags` holds names of `campaigns.dispositions.schemas.Flag`."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from kit.db import Json, metadata

disposition = Table(
    "disposition",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(32), ForeignKey("project.id"), nullable=False),
    Column("code", String(40), nullable=False),
    Column("label_tr", String(80), nullable=False),
    Column("label_en", String(80), nullable=False),
    Column("key", String(1)),
    Column("flags", Json, nullable=False),
    Column("retry_s", Float),
    Column("needs_reason", Boolean, nullable=False, default=False),
    Column("reasons", Json, nullable=False),
    Column("position", Integer, nullable=False),
    Index("uq_disposition_project_code", "project", "code", unique=True),
)
