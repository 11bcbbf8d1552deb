"""Sessions, one-time links, API keys and failed sign-ins. Secrets are stored as keyed digests only."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table

from kit.db import Json, Utc, metadata

session = Table(
    "session",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("user", String(32), ForeignKey("user.id"), nullable=False, index=True),
    Column("by_link", Boolean, nullable=False),  # opened by a one-time link: may set a password without the old one
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)

login_link = Table(
    "login_link",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("user", String(32), ForeignKey("user.id"), nullable=False, index=True),
    Column("expires_at", Utc, nullable=False),
    Column("used_at", Utc),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("user", String(32), ForeignKey("user.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("project", String(32)),  # null: wherever its owner has the right
    Column("scopes", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("revoked_at", Utc),
)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # of a sign-in name, known or not, or of an address
    Column("tries", Integer, nullable=False),
    Column("last_at", Utc, nullable=False),
    Column("blocked_until", Utc, nullable=False),
)
