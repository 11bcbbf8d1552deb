"""Who stands behind a session or a key, as it is now: read at every request, so that an end is an end at once (T32)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Row, Select, select, update

from identity.login.models import api_key, session
from identity.roles.models import membership
from identity.roles.rights import Actor, Grant, Right, Role, narrowed
from identity.users.models import user
from kit.db import Database, Tx

_TOUCH_EVERY = timedelta(minutes=1)


class Lifetimes(Protocol):
    """How long a sign-in holds without use; seconds."""

    @property
    def idle_s(self) -> float: ...


async def actor_by_session(db: Database, digest: bytes, now: datetime, limits: Lifetimes) -> Actor | None:
    """The person of a live session, whose time without use starts again; None when it has ended."""
    idle_since = now - timedelta(seconds=limits.idle_s)
    live = (session.c.digest == digest) & (session.c.expires_at > now) & (session.c.seen_at > idle_since)
    source = session.join(user, user.c.id == session.c.user)
    rows = await _rows(db, _person(session.c.by_link, session.c.seen_at).select_from(_with_roles(source)).where(live))
    if not rows:
        return None
    if now - rows[0].seen_at >= _TOUCH_EVERY:
        await db.write(lambda tx: _touch(tx, digest, now))
    return _actor(rows, _grants(rows), session=digest, by_link=rows[0].by_link)


async def actor_by_key(db: Database, digest: bytes, now: datetime) -> Actor | None:
    """The owner of a live API key, with no more than the key's project and scopes; None when it has ended."""
    return await _by_key(db, api_key.c.digest == digest, now)


async def actor_by_key_id(db: Database, key: str, now: datetime) -> Actor | None:
    return await _by_key(db, api_key.c.id == key, now)


async def _by_key(db: Database, which: ColumnElement[bool], now: datetime) -> Actor | None:
    live = which & (api_key.c.expires_at > now) & api_key.c.revoked_at.is_(None)
    source = api_key.join(user, user.c.id == api_key.c.user)
    columns = (api_key.c.id.label("key"), api_key.c.project.label("key_project"), api_key.c.scopes)
    rows = await _rows(db, _person(*columns).select_from(_with_roles(source)).where(live))
    if not rows:
        return None
    scopes = frozenset(right for right in Right if right.value in rows[0].scopes)
    return _actor(rows, narrowed(_grants(rows), rows[0].key_project), key=rows[0].key, scopes=scopes)


def _person(*columns: ColumnElement[Any]) -> Select[Any]:
    person = (user.c.id, user.c.login, user.c.name, user.c.locale, user.c.extension)
    has_password = user.c.password_hash.is_not(None).label("has_password")
    second_factor = user.c.totp_since.is_not(None).label("second_factor")
    query = select(*person, has_password, second_factor, membership.c.project, membership.c.role, *columns)
    return query.where(user.c.disabled_at.is_(None))


def _with_roles(source: Any) -> Any:
    return source.outerjoin(membership, membership.c.user == user.c.id)


async def _rows(db: Database, query: Select[Any]) -> Sequence[Row[Any]]:
    async with db.read() as conn:
        return (await conn.execute(query)).all()


def _grants(rows: Sequence[Row[Any]]) -> tuple[Grant, ...]:
    return tuple(Grant(row.project, Role(row.role)) for row in rows if row.role is not None)


def _actor(rows: Sequence[Row[Any]], grants: tuple[Grant, ...], **means: Any) -> Actor:
    first = rows[0]
    return Actor(
        user=first.id,
        login=first.login,
        name=first.name,
        locale=first.locale,
        extension=first.extension,
        grants=grants,
        has_password=first.has_password,
        second_factor=first.second_factor,
        **means,
    )


async def _touch(tx: Tx, digest: bytes, now: datetime) -> None:
    await tx.conn.execute(update(session).where(session.c.digest == digest).values(seen_at=now))
