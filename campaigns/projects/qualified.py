"""Who may be given which calls (port `dialer.ports.Qualifications`): whoever may work at the desk in a project."""

from sqlalchemy import select

from campaigns.projects.models import project
from dialer import shapes
from identity.roles.models import membership
from identity.roles.rights import ROLE_RIGHTS, Right, Role
from kit.db import Database

AT_THE_DESK = tuple(role.value for role in Role if Right.DESK_WORK in ROLE_RIGHTS[role])


class StoredQualifications:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def projects(self, operator: shapes.OperatorId) -> frozenset[shapes.ProjectId]:
        """The projects whose calls this operator may be given."""
        mine = select(membership.c.project).where(membership.c.user == operator, membership.c.role.in_(AT_THE_DESK))
        async with self._db.read() as conn:
            found = set((await conn.execute(mine)).scalars())
            if None in found:
                found = set((await conn.execute(select(project.c.id))).scalars())
        return frozenset(shapes.ProjectId(each) for each in found)
