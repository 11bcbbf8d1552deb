"""Inserts that may meet their own row, on both stores."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from kit.db import Tx


def insert_into(tx: Tx, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert with the `on_conflict_…` methods of the store of `tx`."""
    return sqlite.insert(table) if tx.conn.dialect.name == "sqlite" else postgresql.insert(table)
