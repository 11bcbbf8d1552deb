"""What happens to do-not-call lists. An entry holds for one project, or everywhere when its project is None."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contacts.dnc.models import dnc
from kit import ids
from kit.db import Tx
from kit.errors import NotFound


async def add(
    tx: Tx,
    *,
    project: str | None,
    number_sealed: bytes,
    number_digest: bytes,
    source: str,
    at: datetime,
    reason: str | None = None,
    by: str | None = None,
    until: datetime | None = None,
) -> str:
    """Put a number on the list; gives the entry's id. An entry of the same project is replaced."""
    same_place = dnc.c.project.is_(None) if project is None else dnc.c.project == project
    await tx.conn.execute(delete(dnc).where(dnc.c.number_digest == number_digest, same_place))
    new = ids.new()
    await tx.conn.execute(
        insert(dnc).values(
            id=new,
            project=project,
            number_sealed=number_sealed,
            number_digest=number_digest,
            source=source,
            reason=reason,
            created_by=by,
            created_at=at,
            until=until,
        )
    )
    return new


async def add_sealed(tx: Tx, project: str, number_sealed: bytes, number_digest: bytes, at: datetime) -> str:
    """The customer asked an operator not to be called again for this project."""
    return await add(
        tx, project=project, number_sealed=number_sealed, number_digest=number_digest, source="disposition", at=at
    )


async def remove(tx: Tx, entry: str) -> None:
    """Raises NotFound."""
    done = await tx.conn.execute(delete(dnc).where(dnc.c.id == entry))
    if not done.rowcount:
        raise NotFound


async def find(conn: AsyncConnection, entry: str) -> RowMapping:
    """The entry's row. Raises NotFound."""
    row = (await conn.execute(select(dnc).where(dnc.c.id == entry))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


async def listed(conn: AsyncConnection, project: str, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Entries that hold for a project, oldest first, from after the entry `after` on."""
    found = select(dnc).where(_holds_for(project)).order_by(dnc.c.id).limit(limit)
    if after is not None:
        found = found.where(dnc.c.id > after)
    return (await conn.execute(found)).mappings().all()


async def standing(conn: AsyncConnection, project: str, digests: Collection[bytes], now: datetime) -> set[bytes]:
    """Those of `digests` that must not be called for `project` now."""
    found = select(dnc.c.number_digest).where(
        dnc.c.number_digest.in_(digests), _holds_for(project), or_(dnc.c.until.is_(None), dnc.c.until > now)
    )
    return set((await conn.execute(found)).scalars())


async def ends(conn: AsyncConnection, project: str, digest: bytes) -> list[datetime | None]:
    """Until when each entry for this number holds; None: for ever."""
    found = select(dnc.c.until).where(dnc.c.number_digest == digest, _holds_for(project))
    return list((await conn.execute(found)).scalars())


def _holds_for(project: str) -> ColumnElement[bool]:
    return or_(dnc.c.project == project, dnc.c.project.is_(None))
