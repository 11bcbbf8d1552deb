"""The trail: what was done, by whom, to what. Details are codes and ids, never personal data."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from identity.audit.models import audit
from kit import ids
from kit.db import Database, Tx


async def record(
    tx: Tx,
    actor: str | None,
    action: str,
    subject: str | None = None,
    project: str | None = None,
    detail: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Write one line in the transaction of the deed. `action` is "<what>.<verb>", `actor` and `subject` are ids."""
    row = {
        "id": ids.new(),
        "at": at or datetime.now(UTC),
        "actor": actor,
        "action": action,
        "subject": subject,
        "project": project,
        "detail": detail or {},
    }
    await tx.conn.execute(insert(audit).values(row))


async def listed(db: Database, *, before: str | None, limit: int, actor: str | None, action: str | None) -> list[Any]:
    """The newest lines first; `before` is the id of the last line seen."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    for column, value in ((audit.c.actor, actor), (audit.c.action, action)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(audit.c.id < before)
    async with db.read() as conn:
        return list((await conn.execute(query)).all())
