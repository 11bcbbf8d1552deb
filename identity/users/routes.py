"""Doors to people."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from identity.access import Actor, Right, needs
from identity.audit import service as audit
from identity.login import second_factor
from identity.login.service import end_everything, new_link
from identity.parts import Db, Ends, Limits, Now, Seals
from identity.roles.service import demand_administrator
from identity.shapes import Id, Limit
from identity.users import service
from identity.users.schemas import LinkOut, UserIn, UserOut, UserPatch, UsersOut
from kit.clock import Clock
from kit.db import Tx

router = APIRouter(prefix="/users", tags=["users"])

Reader = Annotated[Actor, Depends(needs(Right.USERS_READ))]
Editor = Annotated[Actor, Depends(needs(Right.USERS_EDIT))]


@router.get("")
async def listed(actor: Reader, db: Db, cursor: Id | None = None, limit: Limit = 50) -> UsersOut:
    found = await service.seen_by(db, actor, after=cursor, limit=limit)
    following = found[-1]["id"] if len(found) == limit else None
    return UsersOut.model_validate({"items": found, "next": following})


@router.post("", status_code=201)
async def create(body: UserIn, actor: Editor, db: Db, clock: Now) -> UserOut:
    actor.check(Right.USERS_EDIT, None)
    now = clock.now()

    async def work(tx: Tx) -> str:
        person = await service.create(tx, **body.model_dump(), now=now)
        await audit.record(tx, actor.user, "user.created", person, at=now)
        return person

    return UserOut.model_validate(await service.one(db, actor, await db.write(work)))


@router.get("/{user}")
async def one(user: str, actor: Reader, db: Db) -> UserOut:
    return UserOut.model_validate(await service.one(db, actor, user))


@router.patch("/{user}")
async def change(user: str, body: UserPatch, actor: Editor, db: Db, clock: Now, ends: Ends) -> UserOut:
    """Change a person; `disabled` ends their sessions, links and keys at once."""
    actor.check(Right.USERS_EDIT, None)
    await db.write(lambda tx: _change(tx, actor, user, body.model_dump(exclude_unset=True), clock))
    ends.tell(user)
    return UserOut.model_validate(await service.one(db, actor, user))


@router.post("/{user}/link", status_code=201)
async def link(user: str, actor: Editor, db: Db, seal: Seals, clock: Now, limits: Limits) -> LinkOut:
    """A one-time link for a person's first sign-in or forgotten password; earlier ones stop working."""
    actor.check(Right.USERS_EDIT, None)
    now = clock.now()

    async def work(tx: Tx) -> str:
        await service.demand(tx, user)
        await audit.record(tx, actor.user, "user.link_made", user, at=now)
        return await new_link(tx, seal, user, now, limits.link_s)

    token = await db.write(work)
    # after the "#" it is neither sent nor logged when the page is loaded
    return LinkOut(link=f"{limits.url}/link#{token}", expires_at=now + timedelta(seconds=limits.link_s))


@router.delete("/{user}/second-factor", status_code=204)
async def remove_second_factor(user: str, actor: Editor, db: Db, clock: Now, ends: Ends) -> None:
    """For somebody whose phone is lost: they sign in without a code, administrators to set up a new one first."""
    actor.check(Right.USERS_EDIT, None)

    async def work(tx: Tx) -> None:
        await service.demand(tx, user)
        await second_factor.remove(tx, user, actor.user, clock.now())

    await db.write(work)
    ends.tell(user)


async def _change(tx: Tx, actor: Actor, person: str, values: dict[str, Any], clock: Clock) -> None:
    now = clock.now()
    disabled = values.pop("disabled", None)
    if disabled is not None:
        values["disabled_at"] = now if disabled else None
    if not values:
        await service.demand(tx, person)
        return
    await service.change(tx, person, values)
    if disabled:
        await demand_administrator(tx)
        await end_everything(tx, person, now)
    await audit.record(tx, actor.user, "user.changed", person, detail={"fields": sorted(values)}, at=now)
