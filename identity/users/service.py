"""People: made, changed, closed. Nothing here commits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, insert, select, update

from identity.errors import ExtensionTaken, LoginTaken
from identity.roles.models import membership
from identity.roles.rights import Actor, Grant, Right, Role
from identity.users.models import user
from kit import ids
from kit.db import Database, Tx
from kit.errors import NotFound


async def create(
    tx: Tx, *, login: str, name: str, now: datetime, locale: str = "tr", extension: str | None = None
) -> str:
    """Make a person without password and roles; gives the id. Raises LoginTaken, ExtensionTaken."""
    if await _is_there(tx, user.c.login == login.casefold()):
        raise LoginTaken()
    await _demand_free(tx, extension, None)
    row = {"id": ids.new(), "login": login.casefold(), "name": name, "locale": locale, "extension": extension}
    await tx.conn.execute(insert(user).values(**row, created_at=now))
    return row["id"] or ""


async def change(tx: Tx, person: str, values: dict[str, Any]) -> None:
    """Set columns of a person. Raises NotFound, ExtensionTaken."""
    await _demand_free(tx, values.get("extension"), person)
    if (await tx.conn.execute(update(user).where(user.c.id == person).values(**values))).rowcount != 1:
        raise NotFound()


async def demand(tx: Tx, person: str) -> None:
    """Raises NotFound when there is no such person."""
    if not await _is_there(tx, user.c.id == person):
        raise NotFound()


async def seen_by(db: Database, actor: Actor, *, after: str | None, limit: int) -> list[dict[str, Any]]:
    """People in order of their making, each with the roles that `actor` may see."""
    query = select(user).where(_visible(actor)).order_by(user.c.id).limit(limit)
    if after is not None:
        query = query.where(user.c.id > after)
    async with db.read() as conn:
        people = (await conn.execute(query)).all()
        roles = select(membership).where(membership.c.user.in_([row.id for row in people]))
        grants = (await conn.execute(roles.order_by(membership.c.id))).all() if people else []
    return [_shown(row, _seen_grants(actor, grants, row.id)) for row in people]


async def one(db: Database, actor: Actor, person: str) -> dict[str, Any]:
    """A person as `actor` may see them. Raises NotFound."""
    async with db.read() as conn:
        row = (await conn.execute(select(user).where(user.c.id == person, _visible(actor)))).one_or_none()
        if row is None:
            raise NotFound()
        grants = (await conn.execute(select(membership).where(membership.c.user == person))).all()
    return _shown(row, _seen_grants(actor, grants, person))


def _visible(actor: Actor) -> ColumnElement[bool]:
    """Everybody for those with a wide right; else the people with a role in one of the actor's projects."""
    reach = actor.projects(Right.USERS_READ)
    if reach is None:
        return user.c.id.is_not(None)
    shared = membership.c.project.in_(sorted(reach)) | membership.c.project.is_(None)
    return exists().where(membership.c.user == user.c.id, shared)


def _seen_grants(actor: Actor, rows: Iterable[Row[Any]], person: str) -> list[Grant]:
    grants = (Grant(row.project, Role(row.role)) for row in rows if row.user == person)
    return [g for g in grants if g.project is None or actor.may(Right.USERS_READ, g.project)]


def _shown(row: Row[Any], grants: list[Grant]) -> dict[str, Any]:
    return {
        "id": row.id,
        "login": row.login,
        "name": row.name,
        "locale": row.locale,
        "extension": row.extension,
        "disabled": row.disabled_at is not None,
        "has_password": row.password_hash is not None,
        "created_at": row.created_at,
        "grants": [{"project": grant.project, "role": grant.role} for grant in grants],
    }


async def _demand_free(tx: Tx, extension: str | None, person: str | None) -> None:
    if extension is not None and await _is_there(tx, (user.c.extension == extension) & (user.c.id != (person or ""))):
        raise ExtensionTaken()


async def _is_there(tx: Tx, which: ColumnElement[bool]) -> bool:
    return (await tx.conn.execute(select(user.c.id).where(which))).first() is not None
