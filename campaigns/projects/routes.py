"""Projects over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from campaigns.projects import service
from campaigns.projects.models import project
from campaigns.projects.schemas import ProjectIn, ProjectOut, ProjectPatch
from campaigns.text import Id
from identity.access import Actor, Right, needs
from identity.parts import Db, Now

router = APIRouter(prefix="/projects", tags=["projects"])

Reader = Annotated[Actor, Depends(needs(Right.PROJECTS_READ))]
Editor = Annotated[Actor, Depends(needs(Right.PROJECTS_EDIT))]

NULLABLE = frozenset({"greeting", "record_notice", "keep_days"})


@router.get("")
async def listed(actor: Reader, db: Db) -> list[ProjectOut]:
    """The projects that you work in."""
    async with db.read() as conn:
        rows = await service.listed(conn, actor.reaches(Right.PROJECTS_READ, project.c.id))
    return [ProjectOut.model_validate(dict(row)) for row in rows]


@router.post("", status_code=201)
async def created(body: ProjectIn, actor: Editor, db: Db, clock: Now) -> ProjectOut:
    """A new project, with the usual dispositions."""
    actor.check(Right.PROJECTS_EDIT, None)
    new = await db.write(lambda tx: service.create(tx, body.model_dump(), clock.now()))
    return await _shown(db, new)


@router.get("/{wanted}")
async def shown(wanted: Id, actor: Reader, db: Db) -> ProjectOut:
    actor.check(Right.PROJECTS_READ, wanted)
    return await _shown(db, wanted)


@router.patch("/{wanted}")
async def changed(wanted: Id, body: ProjectPatch, actor: Editor, db: Db, clock: Now) -> ProjectOut:
    """Change what the body names; the audit trail keeps what."""
    actor.check(Right.PROJECTS_EDIT, wanted)
    values = body.model_dump(exclude_unset=True)
    named = {name: value for name, value in values.items() if value is not None or name in NULLABLE}
    await db.write(lambda tx: service.change(tx, wanted, named, actor.user, clock.now()))
    return await _shown(db, wanted)


async def _shown(db: Db, wanted: str) -> ProjectOut:
    async with db.read() as conn:
        return ProjectOut.model_validate(dict(await service.find(conn, wanted)))
