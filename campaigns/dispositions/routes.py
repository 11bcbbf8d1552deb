"""Dispositions over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from campaigns.dispositions import service
from campaigns.dispositions.schemas import DispositionOut, DispositionsIn, out_of
from campaigns.projects import service as projects
from campaigns.text import Id
from identity.access import Actor, Right, needs
from identity.parts import Db

router = APIRouter(prefix="/projects/{project}/dispositions", tags=["dispositions"])

Reader = Annotated[Actor, Depends(needs(Right.PROJECTS_READ))]
Editor = Annotated[Actor, Depends(needs(Right.DISPOSITIONS_EDIT))]


@router.get("")
async def listed(project: Id, actor: Reader, db: Db) -> list[DispositionOut]:
    """The results that an operator can give a call of this project."""
    actor.check(Right.PROJECTS_READ, project)
    return await _listed(db, project)


@router.put("")
async def replaced(project: Id, body: DispositionsIn, actor: Editor, db: Db) -> list[DispositionOut]:
    """Put these in place of all dispositions of the project; calls keep what they were given."""
    actor.check(Right.DISPOSITIONS_EDIT, project)
    async with db.read() as conn:
        await projects.find(conn, project)
    await db.write(lambda tx: service.replace(tx, project, body.items))
    return await _listed(db, project)


async def _listed(db: Db, project: str) -> list[DispositionOut]:
    async with db.read() as conn:
        await projects.find(conn, project)
        return [out_of(found) for found in await service.of_project(conn, project)]
