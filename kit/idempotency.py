"""Answers to requests that may come twice (`Idempotency-Key`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, delete, insert, select, update

from kit.db import Json, Tx, Utc, metadata
from kit.errors import Conflict

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("user", String(32), primary_key=True),
    Column("route", String(120), primary_key=True),
    Column("body_hash", LargeBinary(32), nullable=False),
    Column("status", Integer, nullable=True),
    Column("response", Json, nullable=True),
    Column("at", Utc, nullable=False),
)
Index(None, idempotency.c.at)


class KeyReused(Conflict):
    """This Idempotency-Key was used for another request; take a new key for a new request."""

    code = "idempotency_key_reused"


class StillRunning(Conflict):
    """The first request with this Idempotency-Key is still being worked on; ask again in a moment."""

    code = "idempotency_running"


@dataclass(frozen=True, slots=True)
class Stored:
    """What the first request was answered with."""

    status: int
    response: Any


async def remember(tx: Tx, user: str, key: str, body_hash: bytes, *, route: str, at: datetime) -> Stored | None:
    """None for a new key, which is now taken: do the work in this transaction and `answer` it; else what was answered.

    `body_hash`: 32 bytes over the request's body. `route`: method and path, as keys are the client's to choose.
    Raises KeyReused for another body, StillRunning for one without an answer yet.
    """
    mine = _row(user, key, route)
    row = (await tx.conn.execute(select(idempotency).where(*mine))).first()
    if row is None:
        values = {"key": key, "user": user, "route": route, "body_hash": body_hash, "at": at}
        await tx.conn.execute(insert(idempotency).values(values))
        return None
    if row.body_hash != body_hash:
        raise KeyReused
    if row.status is None:
        raise StillRunning
    return Stored(row.status, row.response)


async def answer(tx: Tx, user: str, key: str, *, route: str, status: int, response: Any) -> None:
    """Keep the answer (ids, no personal data) for the next request with this key."""
    await tx.conn.execute(update(idempotency).where(*_row(user, key, route)).values(status=status, response=response))


async def forget(tx: Tx, before: datetime) -> int:
    """Delete answers older than `before`; returns how many."""
    return (await tx.conn.execute(delete(idempotency).where(idempotency.c.at < before))).rowcount


def _row(user: str, key: str, route: str) -> tuple[Any, ...]:
    return idempotency.c.user == user, idempotency.c.key == key, idempotency.c.route == route
