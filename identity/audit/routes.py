"""The door to the trail."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from identity.access import Actor, Right, needs
from identity.audit import service
from identity.audit.schemas import TrailOut
from identity.parts import Db
from identity.shapes import Id, Limit

router = APIRouter(tags=["audit"])


@router.get("/audit")
async def trail(
    actor: Annotated[Actor, Depends(needs(Right.AUDIT_READ))],
    db: Db,
    cursor: Id | None = None,
    limit: Limit = 50,
    by: Annotated[Id | None, Query(description="the person who acted")] = None,
    action: Annotated[str | None, Query(max_length=64)] = None,
) -> TrailOut:
    """Newest first."""
    actor.check(Right.AUDIT_READ, None)
    rows = await service.listed(db, before=cursor, limit=limit, actor=by, action=action)
    items = [dict(row._mapping) for row in rows]
    return TrailOut.model_validate({"items": items, "next": items[-1]["id"] if len(items) == limit else None})
