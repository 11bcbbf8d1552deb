"""Do-not-call lists over HTTP. They belong to contacts; here the project says in which country a number is meant."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import RowMapping

from campaigns.projects import service as projects
from campaigns.rules.schemas import DncIn, DncOut, DncPage
from campaigns.text import Id
from contacts import sealing
from contacts.dnc import service
from identity.access import Actor, Right, needs
from identity.parts import Db, Now, Seals
from kit import phones
from kit.errors import Invalid
from kit.phones import PhoneError
from kit.seal import Seal

router = APIRouter(tags=["do not call"])

Reader = Annotated[Actor, Depends(needs(Right.DNC_READ))]
Editor = Annotated[Actor, Depends(needs(Right.DNC_EDIT))]


@router.get("/projects/{project}/dnc")
async def listed(
    project: Id,
    actor: Reader,
    db: Db,
    seal: Seals,
    cursor: Id | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DncPage:
    """Numbers that must not be called for this project, those barred everywhere among them; masked."""
    actor.check(Right.DNC_READ, project)
    async with db.read() as conn:
        await projects.find(conn, project)
        rows = await service.listed(conn, project, cursor, limit)
    items = [_out(row, seal) for row in rows]
    return DncPage(items=items, next_cursor=items[-1].id if len(items) == limit else None)


@router.post("/projects/{project}/dnc", status_code=201)
async def added(project: Id, body: DncIn, actor: Editor, db: Db, seal: Seals, clock: Now) -> DncOut:
    """Bar a number; an entry that is there already is replaced."""
    actor.check(Right.DNC_EDIT, project)
    if body.everywhere:
        actor.check(Right.DNC_EDIT, None)
    async with db.read() as conn:
        country = (await projects.find(conn, project))["country"]
    number = _number(body.number, country)
    new = await db.write(
        lambda tx: service.add(
            tx,
            project=None if body.everywhere else project,
            number_sealed=seal.seal(number, sealing.NUMBER),
            number_digest=sealing.number_digest(seal, number),
            source=body.source,
            reason=body.reason,
            by=actor.user,
            at=clock.now(),
            until=body.until,
        )
    )
    async with db.read() as conn:
        return _out(await service.find(conn, new), seal)


@router.delete("/dnc/{entry}", status_code=204)
async def removed(entry: Id, actor: Editor, db: Db) -> None:
    """Allow a number again."""
    async with db.read() as conn:
        project = (await service.find(conn, entry))["project"]
    actor.check(Right.DNC_EDIT, project)
    await db.write(lambda tx: service.remove(tx, entry))


def _number(text: str, country: str) -> str:
    try:
        return phones.parse(text, country).e164
    except PhoneError as error:
        raise Invalid(errors=[{"field": "number", "code": error.code, "message": str(error)}]) from None


def _out(row: RowMapping, seal: Seal) -> DncOut:
    number = seal.open(row["number_sealed"], sealing.NUMBER)
    return DncOut.model_validate({**row, "number_masked": phones.mask(number)})
