"""Campaigns over HTTP."""

import dataclasses
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response

from campaigns.campaigns import service
from campaigns.campaigns.models import campaign
from campaigns.campaigns.reasons import told
from campaigns.campaigns.schemas import CampaignIn, CampaignOut, CampaignPatch, StatusOut
from campaigns.campaigns.states import Event, State
from campaigns.errors import NoVersion, StaleVersion
from campaigns.lists.leads import reopen_outside_hours
from campaigns.parts import Dialing, Engine, Trunks
from campaigns.projects import service as projects
from campaigns.text import Id
from identity.access import Actor, Right, needs
from identity.parts import Db, Now

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

Reader = Annotated[Actor, Depends(needs(Right.CAMPAIGNS_READ))]
Editor = Annotated[Actor, Depends(needs(Right.CAMPAIGNS_EDIT))]
Runner = Annotated[Actor, Depends(needs(Right.CAMPAIGNS_RUN))]
IfMatch = Annotated[str | None, Header(max_length=40)]

NULLABLE = frozenset({"caller_id", "message"})


@router.get("")
async def listed(actor: Reader, db: Db, project: Id | None = None) -> list[CampaignOut]:
    """The campaigns of your projects, or of one of them."""
    within = actor.reaches(Right.CAMPAIGNS_READ, campaign.c.project)
    if project is not None:
        actor.check(Right.CAMPAIGNS_READ, project)
        within = campaign.c.project == project
    async with db.read() as conn:
        rows = await service.listed(conn, within)
    return [CampaignOut.model_validate(dict(row)) for row in rows]


@router.post("", status_code=201)
async def created(body: CampaignIn, actor: Editor, db: Db, clock: Now, response: Response) -> CampaignOut:
    """A new draft; what the body does not name is as usual for its temperature."""
    actor.check(Right.CAMPAIGNS_EDIT, body.project)
    async with db.read() as conn:
        await projects.find(conn, body.project)
    new = await db.write(lambda tx: service.create(tx, body, clock.now()))
    return await _shown(db, new, response)


@router.get("/{wanted}")
async def shown(wanted: Id, actor: Reader, db: Db, response: Response) -> CampaignOut:
    await _project_of(db, wanted, actor, Right.CAMPAIGNS_READ)
    return await _shown(db, wanted, response)


@router.patch("/{wanted}")
async def changed(
    wanted: Id,
    body: CampaignPatch,
    actor: Editor,
    db: Db,
    clock: Now,
    engine: Dialing,
    trunks: Trunks,
    response: Response,
    if_match: IfMatch = None,
) -> CampaignOut:
    """Change what the body names. If-Match holds the ETag that was loaded."""
    await _project_of(db, wanted, actor, Right.CAMPAIGNS_EDIT)
    version = _version_of(if_match)
    named = body.model_dump(exclude_unset=True)
    values = {name: value for name, value in named.items() if value is not None or name in NULLABLE}
    before = await db.write(lambda tx: service.change(tx, wanted, version, values, trunks, clock.now()))
    if "hours" in values and values["hours"] != before["hours"]:
        await reopen_outside_hours(db, wanted, clock.now())
    _refresh(engine)
    return await _shown(db, wanted, response)


@router.post("/{wanted}/start")
async def started(
    wanted: Id, actor: Runner, db: Db, clock: Now, engine: Dialing, trunks: Trunks, response: Response
) -> CampaignOut:
    """Let it dial. 422 with the list of what is missing when it cannot run yet."""
    return await _moved(wanted, Event.START, actor, db, clock, engine, trunks, response)


@router.post("/{wanted}/pause")
async def paused(
    wanted: Id, actor: Runner, db: Db, clock: Now, engine: Dialing, trunks: Trunks, response: Response
) -> CampaignOut:
    """Let it rest: no new calls; calls that run go on."""
    return await _moved(wanted, Event.PAUSE, actor, db, clock, engine, trunks, response)


@router.get("/{wanted}/status")
async def status(wanted: Id, actor: Reader, db: Db, clock: Now, engine: Dialing) -> StatusOut:
    """How it stands: leads by state, why it dials as it does, and its pace."""
    await _project_of(db, wanted, actor, Right.CAMPAIGNS_READ)
    async with db.read() as conn:
        row = await service.find(conn, wanted)
        counts, next_at = await service.counts(conn, wanted, clock.now())
    pace = _pace(engine, wanted) if row["state"] == State.RUNNING else None
    reason = _reason((pace or {}).pop("reason", None), row["state"], engine)
    return StatusOut(state=row["state"], reason=reason, counts=counts, next_at=next_at, pace=pace)


async def _moved(
    wanted: str, event: Event, actor: Actor, db: Db, clock: Now, engine: Engine | None, trunks: Trunks, to: Response
) -> CampaignOut:
    await _project_of(db, wanted, actor, Right.CAMPAIGNS_RUN)
    await db.write(lambda tx: service.move(tx, wanted, event, trunks, clock.now()))
    _refresh(engine)
    return await _shown(db, wanted, to)


async def _project_of(db: Db, wanted: str, actor: Actor, right: Right) -> str:
    async with db.read() as conn:
        project = (await service.find(conn, wanted))["project"]
    actor.check(right, project)
    return project


async def _shown(db: Db, wanted: str, response: Response) -> CampaignOut:
    async with db.read() as conn:
        row = await service.find(conn, wanted)
    response.headers["ETag"] = f'"{row["version"]}"'
    return CampaignOut.model_validate(dict(row))


def _version_of(if_match: str | None) -> int | None:
    """The version in an If-Match header; None for "*" (RFC 9110 §13.1.1). Raises NoVersion, StaleVersion."""
    if if_match is None:
        raise NoVersion
    if if_match.strip() == "*":
        return None
    found = re.fullmatch(r'\s*(?:W/)?"([0-9]{1,9})"\s*', if_match)
    if found is None:
        raise StaleVersion
    return int(found.group(1))


def _refresh(engine: Engine | None) -> None:
    if engine is not None:
        engine.refresh()


def _pace(engine: Engine | None, wanted: str) -> dict[str, Any] | None:
    found = None if engine is None else engine.campaign_status(wanted)
    return dataclasses.asdict(found) if dataclasses.is_dataclass(found) and not isinstance(found, type) else None


def _reason(found: dict[str, Any] | None, state: str, engine: Engine | None) -> dict[str, Any]:
    if state != State.RUNNING:
        return told("campaign_not_running", {"state": state})
    if engine is None:
        return told("no_engine", {})
    if found is None or found["code"] == "not_running":  # the engine has not looked since the start
        return told("starting", {})
    return told(found["code"], found["values"])
