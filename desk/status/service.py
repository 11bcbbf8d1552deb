"""What an operator is doing now, as rows."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.status.models import operator_state
from desk.store import insert_into
from kit.db import Tx

OFFLINE = "offline"
WRAP_UP = "wrap_up"
RESTARTED = "engine_restarted"


async def put_state(
    tx: Tx,
    operator: str,
    state: str,
    at: datetime,
    *,
    reason: Mapping[str, object] | None = None,
    call: str | None = None,
    until: datetime | None = None,
) -> None:
    """Make this the operator's state; what he did before is in the journal."""
    now = {"state": state, "reason": reason, "since": at, "call": call, "until": until}
    statement = insert_into(tx, operator_state).values(operator=operator, **now)
    await tx.conn.execute(statement.on_conflict_do_update(index_elements=["operator"], set_=now))


async def state_of(conn: AsyncConnection, operator: str) -> RowMapping | None:
    """The operator's row; None: has never worked."""
    found = await conn.execute(select(operator_state).where(operator_state.c.operator == operator))
    return found.mappings().first()


async def not_offline(conn: AsyncConnection) -> list[str]:
    """The operators who were at work when the service stopped."""
    found = await conn.execute(select(operator_state.c.operator).where(operator_state.c.state != OFFLINE))
    return list(found.scalars())
