"""What happens to dispositions. They are kept in the order of their position."""

from typing import Any

from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.dispositions.models import disposition
from campaigns.dispositions.schemas import Disposition, DispositionIn, Flag
from campaigns.dispositions.usual import USUAL
from kit import ids
from kit.db import Tx


async def of_project(conn: AsyncConnection, project: str) -> list[Disposition]:
    """The project's dispositions in their order."""
    found = select(disposition).where(disposition.c.project == project).order_by(disposition.c.position)
    return [_of(row) for row in (await conn.execute(found)).mappings()]


async def get(conn: AsyncConnection, project: str, code: str) -> Disposition | None:
    """The project's disposition of that code, or None."""
    found = select(disposition).where(disposition.c.project == project, disposition.c.code == code)
    row = (await conn.execute(found)).mappings().one_or_none()
    return None if row is None else _of(row)


async def create_usual(tx: Tx, project: str) -> None:
    """Give a new project the usual dispositions."""
    await _insert(tx, project, list(USUAL))


async def replace(tx: Tx, project: str, items: list[DispositionIn]) -> None:
    """Put `items`, in their order, in place of what the project had. Calls keep the codes they were given."""
    await tx.conn.execute(delete(disposition).where(disposition.c.project == project))
    await _insert(tx, project, [_row_of(item) for item in items])


async def _insert(tx: Tx, project: str, rows: list[dict[str, Any]]) -> None:
    placed = [{**row, "id": ids.new(), "project": project, "position": place} for place, row in enumerate(rows)]
    await tx.conn.execute(insert(disposition), placed)


def _row_of(item: DispositionIn) -> dict[str, Any]:
    return {
        "code": item.code,
        "label_tr": item.label.tr,
        "label_en": item.label.en,
        "key": item.key,
        "flags": sorted({flag.value for flag in item.flags}),
        "retry_s": item.retry_s,
        "needs_reason": item.must_give_reason,
        "reasons": [reason.model_dump() for reason in item.reasons],
    }


def _of(row: RowMapping) -> Disposition:
    plain = {name: value for name, value in row.items() if name not in ("flags", "reasons", "position")}
    return Disposition(**plain, flags=frozenset(Flag(flag) for flag in row["flags"]), reasons=tuple(row["reasons"]))
