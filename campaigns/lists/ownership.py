"""Who owns what, under a fence that only grows: whoever took a resource last owns it, and nobody else writes for it."""

from datetime import datetime

from sqlalchemy import Column, ColumnElement, case, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.lists.models import ownership
from dialer.shapes import AttemptKind
from kit.db import Tx

ENGINE = "engine"


def resource_of(kind: str, campaign: str | None) -> str:
    """The resource whose fence an attempt carries: its campaign, or the engine for legs and calls without one."""
    return ENGINE if kind == AttemptKind.LEG or campaign is None else f"campaign:{campaign}"


def resource_in(kind: Column[str], campaign: Column[str]) -> ColumnElement[str]:
    """The same of columns."""
    of_engine = or_(kind == AttemptKind.LEG.value, campaign.is_(None))
    return case((of_engine, ENGINE), else_=literal("campaign:") + campaign)


async def take(tx: Tx, resource: str, owner: str, at: datetime) -> int:
    """Make `owner` the owner; gives the new fence."""
    mine = update(ownership).where(ownership.c.resource == resource)
    done = await tx.conn.execute(mine.values(owner=owner, fence=ownership.c.fence + 1, taken_at=at))
    if not done.rowcount:
        await tx.conn.execute(insert(ownership).values(resource=resource, owner=owner, fence=1, taken_at=at))
    return await fence_of(tx.conn, resource)


async def fence_of(conn: AsyncConnection, resource: str) -> int:
    """The fence that stands now; 0: nobody has taken the resource yet."""
    found = select(ownership.c.fence).where(ownership.c.resource == resource)
    return (await conn.execute(found)).scalar_one_or_none() or 0


async def holds(tx: Tx, resource: str, fence: int) -> bool:
    """Whether `fence` still stands; until this transaction ends nobody can take the resource meanwhile."""
    found = select(ownership.c.fence).where(ownership.c.resource == resource).with_for_update(read=True)
    return (await tx.conn.execute(found)).scalar_one_or_none() == fence
