"""Which master key a database was sealed with: a service with another one must not begin."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary, Table, insert, select

from kit.schema import Utc, metadata
from kit.seal import MasterKey, MasterKeyError
from kit.writer import Tx

sealed_with = Table(
    "sealed_with",
    metadata,
    Column("key_id", LargeBinary(4), primary_key=True),
    Column("since", Utc, nullable=False),
)


async def belongs(tx: Tx, master: MasterKey, now: datetime) -> None:
    """Note the key of a new database, or know it again. Raises MasterKeyError when it is another one."""
    known = set((await tx.conn.execute(select(sealed_with.c.key_id))).scalars())
    if not known:
        await tx.conn.execute(insert(sealed_with).values(key_id=master.id, since=now))
    elif master.id not in known:
        raise MasterKeyError(
            "This database was sealed with another master key; put its key file back where keys.master_key_file says."
        )
