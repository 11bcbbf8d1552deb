"""API keys: each is a person's, narrowed to scopes and perhaps one project, and ends with its owner."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from identity.audit import service as audit
from identity.errors import KeyCannot
from identity.login.models import api_key
from identity.login.tokens import new_key
from identity.roles.rights import Actor, Right
from kit import ids
from kit.db import Database, Tx
from kit.errors import Forbidden, NotFound
from kit.seal import Seal

PERSONAL = frozenset({Right.KEYS_OWN, Right.USERS_EDIT, Right.ROLES_EDIT})  # never by a key: a leak would breed


@dataclass(frozen=True, slots=True)
class Wish:
    """The key that somebody wants."""

    name: str
    scopes: frozenset[Right]
    project: str | None
    days: int


def demand_person(actor: Actor) -> None:
    """Raises KeyCannot when a key acts."""
    if actor.key is not None:
        raise KeyCannot()


def demand_own(actor: Actor, wish: Wish) -> None:
    """Raises Forbidden for a scope that the person has not themselves, NotFound for a foreign project."""
    if wish.scopes & PERSONAL:
        raise Forbidden("These scopes are for people only; leave them out.", code="personal_scope")
    for scope in sorted(wish.scopes):
        if not actor.may_somewhere(scope):
            raise Forbidden("A key can do no more than you; leave out what you may not do yourself.", right=scope.value)
        if wish.project is not None:
            actor.check(scope, wish.project)


async def create(tx: Tx, seal: Seal, actor: Actor, wish: Wish, now: datetime) -> tuple[str, str]:
    """Make a key; gives its id and its secret, which is shown this once."""
    key, secret = ids.new(), new_key()
    scopes = sorted(scope.value for scope in wish.scopes)
    row = {"id": key, "digest": seal.digest("api-key", secret), "user": actor.user, "name": wish.name}
    times = {"created_at": now, "expires_at": now + timedelta(days=wish.days)}
    await tx.conn.execute(insert(api_key).values(**row, **times, project=wish.project, scopes=scopes))
    await audit.record(tx, actor.user, "key.created", key, wish.project, {"scopes": scopes}, now)
    return key, secret


async def revoke(tx: Tx, actor: Actor, key: str, now: datetime) -> str:
    """End a key of one's own, or anybody's for those who may edit people; gives its owner. Raises NotFound."""
    query = select(api_key.c.user).where(api_key.c.id == key)
    owner = (await tx.conn.execute(query)).scalar_one_or_none()
    if owner is None or not (owner == actor.user or actor.may(Right.USERS_EDIT, None)):
        raise NotFound()
    live = (api_key.c.id == key) & api_key.c.revoked_at.is_(None)
    await tx.conn.execute(update(api_key).where(live).values(revoked_at=now))
    await audit.record(tx, actor.user, "key.revoked", key, at=now)
    return owner


async def of_person(db: Database, person: str) -> list[dict[str, Any]]:
    columns = (api_key.c.id, api_key.c.name, api_key.c.project, api_key.c.scopes)
    times = (api_key.c.created_at, api_key.c.expires_at, api_key.c.revoked_at)
    query = select(*columns, *times).where(api_key.c.user == person).order_by(api_key.c.id)
    async with db.read() as conn:
        return [dict(row) for row in (await conn.execute(query)).mappings()]
