"""Who has which role where."""

from collections.abc import Iterable

from sqlalchemy import delete, func, insert, select

from identity.errors import LastAdministrator
from identity.roles.models import membership
from identity.roles.rights import Grant, Role
from identity.users.models import user
from kit import ids
from kit.db import Tx
from kit.errors import Invalid


def checked(grants: Iterable[Grant]) -> list[Grant]:
    """The grants without repetition. Raises Invalid for an administrator of one project only."""
    unique = list(dict.fromkeys(grants))
    for place, grant in enumerate(unique):
        if grant.role is Role.ADMINISTRATOR and grant.project is not None:
            message = "An administrator is one of the whole service: leave the project out."
            raise Invalid(errors=[{"field": f"body.grants.{place}.project", "code": "wide_role", "message": message}])
    return unique


async def replace(tx: Tx, person: str, grants: Iterable[Grant]) -> None:
    """Give `person` exactly these grants. Raises LastAdministrator, Invalid."""
    rows = [{"id": ids.new(), "user": person, "project": g.project, "role": g.role.value} for g in checked(grants)]
    await tx.conn.execute(delete(membership).where(membership.c.user == person))
    if rows:
        await tx.conn.execute(insert(membership), rows)


async def demand_administrator(tx: Tx) -> None:
    """Raises LastAdministrator when what this transaction did leaves nobody to administer the service."""
    query = select(func.count()).select_from(membership.join(user, user.c.id == membership.c.user))
    query = query.where(membership.c.role == Role.ADMINISTRATOR.value, user.c.disabled_at.is_(None))
    if not (await tx.conn.execute(query)).scalar_one():
        raise LastAdministrator()
