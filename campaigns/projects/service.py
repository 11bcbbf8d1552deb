"""What happens to projects."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.dispositions import service as dispositions
from campaigns.errors import NameTaken, NumberTaken
from campaigns.projects.models import project
from identity.audit import service as audit
from kit import ids
from kit.db import Tx
from kit.errors import NotFound


async def create(tx: Tx, values: dict[str, Any], at: datetime) -> str:
    """A new project with the usual dispositions. Raises NameTaken, NumberTaken."""
    await _numbers_free(tx.conn, values["inbound_numbers"], None)
    new = ids.new()
    try:
        await tx.conn.execute(insert(project).values(id=new, created_at=at, **values))
    except IntegrityError:
        raise NameTaken from None
    await dispositions.create_usual(tx, new)
    return new


async def change(tx: Tx, wanted: str, values: dict[str, Any], by: str, now: datetime) -> None:
    """Change what `values` names, by a user. Raises NotFound, NameTaken, NumberTaken."""
    if "inbound_numbers" in values:
        await _numbers_free(tx.conn, values["inbound_numbers"], wanted)
    if not values:
        return
    try:
        done = await tx.conn.execute(update(project).where(project.c.id == wanted).values(**values))
    except IntegrityError:
        raise NameTaken from None
    if not done.rowcount:
        raise NotFound
    await audit.record(tx, by, "project.changed", wanted, wanted, values, now)


async def find(conn: AsyncConnection, wanted: str) -> RowMapping:
    """The project's row. Raises NotFound."""
    row = (await conn.execute(select(project).where(project.c.id == wanted))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


async def listed(conn: AsyncConnection, within: ColumnElement[bool]) -> Sequence[RowMapping]:
    """Projects by name."""
    return (await conn.execute(select(project).where(within).order_by(project.c.name))).mappings().all()


async def of_called(conn: AsyncConnection, called: str) -> RowMapping | None:
    """The project that a called number leads to. A leading + or 00 makes no difference."""
    rows = (await conn.execute(select(project).order_by(project.c.id))).mappings().all()
    wanted = _bare(called)
    return next((row for row in rows if wanted in map(_bare, row["inbound_numbers"])), None)


async def _numbers_free(conn: AsyncConnection, numbers: Iterable[str], but: str | None) -> None:
    for number in numbers:
        owner = await of_called(conn, number)
        if owner is not None and owner["id"] != but:
            raise NumberTaken


def _bare(number: str) -> str:
    return number.removeprefix("+").removeprefix("00")
