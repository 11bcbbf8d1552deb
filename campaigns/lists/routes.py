"""Lists over HTTP."""

import contextlib
from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy import and_

from campaigns.campaigns import service as campaigns
from campaigns.errors import ListProblem
from campaigns.lists import service
from campaigns.lists.imports import Imports
from campaigns.lists.models import call_list
from campaigns.lists.parsing import Plan, Source
from campaigns.lists.schemas import ListFields, ListOut, RowsOut, list_out
from campaigns.lists.sealedfile import SealedWriter
from campaigns.lists.upload import Upload, receive
from campaigns.lists.verdicts import Verdict
from campaigns.parts import Importing
from campaigns.projects import service as projects
from campaigns.text import Id
from identity.access import Actor, Right, needs
from identity.parts import Db, Now, Seals
from kit import ids
from kit.db import Tx
from kit.errors import FieldError, Invalid
from kit.idempotency import answer, remember

router = APIRouter(prefix="/lists", tags=["lists"])

Reader = Annotated[Actor, Depends(needs(Right.LISTS_READ))]
Uploader = Annotated[Actor, Depends(needs(Right.LISTS_UPLOAD))]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]

ROUTE = "POST /lists"
_PARTS: dict[str, Any] = {
    "file": {"type": "string", "format": "binary", "description": "the list as CSV"},
    "campaign": {"type": "string"},
    "name": {"type": "string"},
    "country": {"type": "string", "description": "ISO 3166 of numbers without a country code; else the project's"},
    "mapping": {"type": "string", "description": 'JSON by column name: {"number": "GSM", "name": ["Ad", "Soyad"]}'},
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file", "campaign"], "properties": _PARTS}
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Received:
    """An upload on disk, checked: whose it is and how it is read."""

    id: str
    upload: Upload
    fields: ListFields
    project: str
    country: str
    plan: Plan


@router.post("", status_code=202, openapi_extra=_BODY)
async def uploaded(
    request: Request,
    actor: Uploader,
    db: Db,
    seal: Seals,
    clock: Now,
    importing: Importing,
    response: Response,
    key: Key = None,
) -> ListOut:
    """Take a list in: multipart with the file and its campaign. The rows get their verdicts in the background.

    422 says at once what is wrong with a file that cannot be taken; then nothing of it is kept.
    """
    new = ids.new()
    async with _kept(importing, new, SealedWriter(importing.path_of(new), seal, new)) as (writer, keep):
        content_type = request.headers.get("content-type", "")
        upload = await receive(content_type, request.stream(), writer, request.app.state.upload_limit)
        received = await _checked(new, upload, actor, db, importing)
        shown = await db.write(lambda tx: _store(tx, received, actor, key, clock.now()))
        if shown == new:
            keep()
    importing.submit()
    response.headers["Location"] = f"/api/v1/lists/{shown}"
    async with db.read() as conn:
        return list_out(await service.find(conn, shown))


@router.get("")
async def listed(actor: Reader, db: Db, campaign: Id | None = None) -> list[ListOut]:
    """Lists of your projects, or of one campaign, newest first."""
    within = actor.reaches(Right.LISTS_READ, call_list.c.project)
    if campaign is not None:
        within = and_(within, call_list.c.campaign == campaign)
    async with db.read() as conn:
        if campaign is not None:
            actor.check(Right.LISTS_READ, (await campaigns.find(conn, campaign))["project"])
        return [list_out(row) for row in await service.listed(conn, within)]


@router.get("/{wanted}")
async def shown(wanted: Id, actor: Reader, db: Db) -> ListOut:
    """How far a list is, and what became of its rows."""
    async with db.read() as conn:
        row = await service.find(conn, wanted)
    actor.check(Right.LISTS_READ, row["project"])
    return list_out(row)


@router.get("/{wanted}/rows")
async def rows(
    wanted: Id,
    actor: Reader,
    db: Db,
    seal: Seals,
    verdict: Verdict | None = None,
    cursor: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RowsOut:
    """The rows with their verdicts, in the file's order; numbers are masked."""
    async with db.read() as conn:
        actor.check(Right.LISTS_READ, (await service.find(conn, wanted))["project"])
        found = await service.rows(conn, seal, wanted, verdict, cursor, limit)
    return RowsOut(items=found, next_cursor=found[-1].row if len(found) == limit else None)


@contextlib.asynccontextmanager
async def _kept(importing: Imports, name: str, writer: SealedWriter) -> AsyncIterator[tuple[SealedWriter, Any]]:
    """The file is removed unless `keep` was called: nothing of a refused upload stays on the disk."""
    kept = False

    def keep() -> None:
        nonlocal kept
        kept = True

    try:
        yield writer, keep
    finally:
        writer.close()
        if not kept:
            importing.path_of(name).unlink(missing_ok=True)


async def _checked(new: str, upload: Upload, actor: Actor, db: Db, importing: Imports) -> Received:
    """Find out whose list it is and whether it can be read."""
    fields = _fields(upload)
    async with db.read() as conn:
        campaign = await campaigns.find(conn, fields.campaign)
        actor.check(Right.LISTS_UPLOAD, campaign["project"])
        home = (await projects.find(conn, campaign["project"]))["country"]
    country = fields.country or home
    source = Source(importing.path_of(new), new, country, frozenset({home}))
    try:
        plan = await importing.parser.inspect(source, fields.mapping)
    except BrokenProcessPool:
        importing.parser.forget()
        raise ListProblem("This file cannot be read; export it again as CSV.", code="unreadable") from None
    return Received(new, upload, fields, campaign["project"], country, plan)


def _fields(upload: Upload) -> ListFields:
    try:
        return ListFields.model_validate(upload.fields)
    except ValidationError as error:
        wrong: list[FieldError] = [
            {"field": ".".join(map(str, each["loc"])), "code": each["type"], "message": each["msg"]}
            for each in error.errors()
        ]
        raise Invalid(errors=wrong) from None


async def _store(tx: Tx, received: Received, actor: Actor, key: str | None, at: Any) -> str:
    """Write the list; gives its id, or that of the first one under the same key."""
    if key is not None:
        body = service.fingerprint(received.upload, received.fields)
        known = await remember(tx, actor.user, key, body, route=ROUTE, at=at)
        if known is not None:
            return known.response["list"]
    await service.create(
        tx,
        received.id,
        received.upload,
        received.fields,
        received.project,
        received.country,
        received.plan,
        actor.user,
        at,
    )
    if key is not None:
        await answer(tx, actor.user, key, route=ROUTE, status=202, response={"list": received.id})
    return received.id
