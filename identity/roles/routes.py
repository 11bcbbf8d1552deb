"""Doors to who has which role where."""

from typing import Annotated

from fastapi import APIRouter, Depends

from identity.access import Actor, Grant, Right, needs
from identity.audit import service as audit
from identity.login.schemas import GrantOut
from identity.parts import Db, Ends, Now
from identity.roles import service
from identity.roles.schemas import GrantsIn
from identity.users import service as users
from kit.db import Tx

router = APIRouter(prefix="/users", tags=["roles"])


@router.put("/{user}/roles")
async def give(
    user: str, body: GrantsIn, actor: Annotated[Actor, Depends(needs(Right.ROLES_EDIT))], db: Db, clock: Now, ends: Ends
) -> list[GrantOut]:
    """Replace every role of a person; open connections of theirs look at their rights again."""
    actor.check(Right.ROLES_EDIT, None)
    grants = service.checked(Grant(grant.project, grant.role) for grant in body.grants)
    given = [{"project": grant.project, "role": grant.role.value} for grant in grants]

    async def work(tx: Tx) -> None:
        await users.demand(tx, user)
        await service.replace(tx, user, grants)
        await service.demand_administrator(tx)
        await audit.record(tx, actor.user, "roles.set", user, detail={"grants": given}, at=clock.now())

    await db.write(work)
    ends.tell(user)
    return [GrantOut.model_validate(grant) for grant in given]
