"""Signing in and out: passwords, one-time links and what they open. Times come from the caller."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update

from identity.audit import service as audit
from identity.errors import LinkGone, WrongSignIn
from identity.login import backoff, second_factor
from identity.login.models import api_key, login_link, session
from identity.login.passwords import hashing, judge
from identity.login.tokens import new_token
from identity.parts import LINK_S, SignIn
from identity.roles.models import membership
from identity.roles.rights import Actor, Grant, Role
from identity.roles.service import replace
from identity.users.models import user
from identity.users.service import create
from kit.clock import Clock, SystemClock
from kit.db import Database, Tx
from kit.seal import Seal

FIRST_LOGIN = "admin"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a sign-in needs of the service."""

    db: Database
    seal: Seal
    clock: Clock
    limits: SignIn


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh session: its secret, for the cookie alone."""

    user: str
    token: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody at the door shows; `code`: of the second factor, for those who have one."""

    login: str
    password: str
    code: str | None


async def sign_in(entry: Entry, proof: Proof, address: str) -> Opened:
    """Open a session by password.

    Unknown, closed and wrong get the same answer after the same work (T30). Raises WrongSignIn, CodeNeeded, WrongCode,
    WaitBeforeSignIn, SignInBusy.
    """
    now = entry.clock.now()
    tries = entry.seal.digest("sign-in", proof.login.casefold()), entry.seal.digest("sign-in-address", address)
    await entry.db.write(lambda tx: _admit(tx, tries, now))
    person = await _person(entry.db, proof.login)
    stored = None if person is None or person.disabled_at is not None else person.password_hash
    if not await hashing.verify(proof.password, stored) or person is None:
        subject = person.id if person else None
        await entry.db.write(lambda tx: audit.record(tx, None, "session.refused", subject, at=now))
        raise WrongSignIn()
    return await entry.db.write(lambda tx: _enter(tx, entry, person.id, proof.code, tries, now))


async def open_link(entry: Entry, token: str, code: str | None) -> Opened:
    """Open a session by a one-time link, which is used up. Raises LinkGone for one that is used, too old or unknown,
    CodeNeeded, WrongCode, WaitBeforeSignIn."""
    now, digest = entry.clock.now(), entry.seal.digest("login-link", token)
    if code is not None:
        tries = entry.seal.digest("sign-in-link", token)
        await entry.db.write(lambda tx: backoff.admit(tx, tries, backoff.ACCOUNT, now))
    return await entry.db.write(lambda tx: _use_link(tx, entry, digest, code, now))


async def confirm_second_factor(entry: Entry, actor: Actor, code: str) -> None:
    """Switch a person's second factor on by its first code; every other session of theirs ends.

    Raises WrongCode, WaitBeforeSignIn.
    """
    now, tries = entry.clock.now(), entry.seal.digest("sign-in", actor.login)
    await entry.db.write(lambda tx: backoff.admit(tx, tries, backoff.ACCOUNT, now))

    async def work(tx: Tx) -> None:
        await second_factor.confirm(tx, entry.seal, actor.user, code, now)
        await _end_others(tx, actor)
        await backoff.forgive(tx, tries)

    await entry.db.write(work)


async def sign_out(db: Database, digest: bytes) -> None:
    await db.write(lambda tx: tx.conn.execute(delete(session).where(session.c.digest == digest)))


async def set_password(entry: Entry, actor: Actor, password: str, current: str | None) -> None:
    """Give a person a new password; every other session of theirs ends.

    The old one is asked for unless there is none or the session came from a one-time link. Raises WeakPassword,
    WrongSignIn, WaitBeforeSignIn.
    """
    judge(password, login=actor.login, name=actor.name)
    if actor.has_password and not actor.by_link:
        await _confirm(entry, actor, current or "")
    hashed = await hashing.hash(password)
    await entry.db.write(lambda tx: _keep_password(tx, actor, hashed, entry.clock.now()))


async def new_link(tx: Tx, seal: Seal, person: str, now: datetime, lasts_s: float = LINK_S) -> str:
    """A one-time link's token for `person`; earlier unused links stop working."""
    token = new_token()
    await tx.conn.execute(delete(login_link).where(login_link.c.user == person, login_link.c.used_at.is_(None)))
    row = {"digest": seal.digest("login-link", token), "user": person}
    await tx.conn.execute(insert(login_link).values(**row, expires_at=now + timedelta(seconds=lasts_s)))
    return token


async def first_link(db: Database, seal: Seal, clock: Clock | None = None) -> str | None:
    """The token that makes the first administrator; None when one who can sign in is there already."""
    now = (clock or SystemClock()).now()
    return await db.write(lambda tx: _first_link(tx, seal, now))


async def end_everything(tx: Tx, person: str, now: datetime) -> None:
    """End a person's sessions, links and keys (T32)."""
    for table in (session, login_link):
        await tx.conn.execute(delete(table).where(table.c.user == person))
    live = (api_key.c.user == person) & api_key.c.revoked_at.is_(None)
    await tx.conn.execute(update(api_key).where(live).values(revoked_at=now))


async def sweep(tx: Tx, now: datetime, limits: SignIn) -> None:
    """Remove sessions and links that have ended, and tries that are forgotten."""
    idle_since = now - timedelta(seconds=limits.idle_s)
    await tx.conn.execute(delete(session).where(or_(session.c.expires_at <= now, session.c.seen_at <= idle_since)))
    await tx.conn.execute(delete(login_link).where(login_link.c.expires_at <= now - timedelta(days=7)))
    await backoff.sweep(tx, now)


async def _person(db: Database, login: str):
    async with db.read() as conn:
        return (await conn.execute(select(user).where(user.c.login == login.casefold()))).one_or_none()


async def _admit(tx: Tx, tries: tuple[bytes, bytes], now: datetime) -> None:
    await backoff.admit(tx, tries[0], backoff.ACCOUNT, now)
    await backoff.admit(tx, tries[1], backoff.ADDRESS, now)


async def _enter(
    tx: Tx, entry: Entry, person: str, code: str | None, tries: tuple[bytes, bytes], now: datetime
) -> Opened:
    await second_factor.demand(tx, entry.seal, person, code, now)
    await backoff.forgive(tx, tries[0])
    await backoff.take_back(tx, tries[1], now)
    await sweep(tx, now, entry.limits)
    await audit.record(tx, person, "session.opened", person, at=now)
    return await _open(tx, entry, person, now, by_link=False)


async def _use_link(tx: Tx, entry: Entry, digest: bytes, code: str | None, now: datetime) -> Opened:
    fresh = (login_link.c.digest == digest) & login_link.c.used_at.is_(None) & (login_link.c.expires_at > now)
    if (await tx.conn.execute(update(login_link).where(fresh).values(used_at=now))).rowcount != 1:
        raise LinkGone()
    query = select(user.c.id).join(login_link, login_link.c.user == user.c.id)
    query = query.where(login_link.c.digest == digest, user.c.disabled_at.is_(None))
    person = (await tx.conn.execute(query)).scalar_one_or_none()
    if person is None:
        raise LinkGone()
    await second_factor.demand(tx, entry.seal, person, code, now)
    await audit.record(tx, person, "session.opened_by_link", person, at=now)
    return await _open(tx, entry, person, now, by_link=True)


async def _open(tx: Tx, entry: Entry, person: str, now: datetime, *, by_link: bool) -> Opened:
    token = new_token()
    times = {"created_at": now, "seen_at": now, "expires_at": now + timedelta(seconds=entry.limits.session_s)}
    row = {"digest": entry.seal.digest("session", token), "user": person, "by_link": by_link}
    await tx.conn.execute(insert(session).values(**row, **times))
    return Opened(person, token)


async def _confirm(entry: Entry, actor: Actor, current: str) -> None:
    now, tries = entry.clock.now(), entry.seal.digest("sign-in", actor.login)
    await entry.db.write(lambda tx: backoff.admit(tx, tries, backoff.ACCOUNT, now))
    person = await _person(entry.db, actor.login)
    if not await hashing.verify(current, person.password_hash if person else None):
        raise WrongSignIn()
    await entry.db.write(lambda tx: backoff.forgive(tx, tries))


async def _keep_password(tx: Tx, actor: Actor, hashed: str, now: datetime) -> None:
    await tx.conn.execute(update(user).where(user.c.id == actor.user).values(password_hash=hashed))
    if actor.session is not None:
        await tx.conn.execute(update(session).where(session.c.digest == actor.session).values(by_link=False))
    await _end_others(tx, actor)
    await audit.record(tx, actor.user, "password.set", actor.user, at=now)


async def _end_others(tx: Tx, actor: Actor) -> None:
    """End every session of a person but the one that acts."""
    others = session.c.user == actor.user
    if actor.session is not None:
        others &= session.c.digest != actor.session
    await tx.conn.execute(delete(session).where(others))


async def _first_link(tx: Tx, seal: Seal, now: datetime) -> str | None:
    query = select(user.c.id, user.c.password_hash).join(membership, membership.c.user == user.c.id)
    query = query.where(membership.c.role == Role.ADMINISTRATOR.value, user.c.disabled_at.is_(None))
    found = (await tx.conn.execute(query.order_by(user.c.id))).all()
    if any(row.password_hash is not None for row in found):
        return None
    person = found[0].id if found else await _first_person(tx, now)
    return await new_link(tx, seal, person, now)


async def _first_person(tx: Tx, now: datetime) -> str:
    person = await create(tx, login=FIRST_LOGIN, name="Administrator", locale="en", now=now)
    await replace(tx, person, [Grant(None, Role.ADMINISTRATOR)])
    return person
