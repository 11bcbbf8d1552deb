"""People who sign in."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, Text

from kit.db import Utc, metadata

user = Table(
    "user",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("login", String(64), nullable=False, unique=True),  # casefolded
    Column("name", String(200), nullable=False),
    Column("password_hash", Text),  # argon2id; null until the person has set one
    Column("totp_sealed", LargeBinary),  # the second factor's secret
    Column("totp_since", Utc),  # null: not confirmed by a first code
    Column("totp_step", BigInteger),  # of the newest code that was taken: none works twice
    Column("extension", String(15), unique=True),  # the phone on the PBX
    Column("locale", String(8), nullable=False),
    Column("disabled_at", Utc),
    Column("created_at", Utc, nullable=False),
)
