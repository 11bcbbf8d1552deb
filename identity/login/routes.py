"""Doors of signing in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from identity.access import Actor, Right, needs, public, signed_in
from identity.login import keys, second_factor, service
from identity.login.actors import actor_by_session
from identity.login.schemas import (
    CodeIn,
    KeyIn,
    KeysOut,
    LinkIn,
    Me,
    NewKeyOut,
    PasswordIn,
    SecondFactorOut,
    SessionIn,
    SessionOut,
)
from identity.login.tokens import clear_cookie, cookie_of, set_cookie
from identity.parts import Db, Ends, Limits, Now, Seals

router = APIRouter(tags=["sign-in"])


def entry_of(db: Db, seal: Seals, clock: Now, limits: Limits) -> service.Entry:
    return service.Entry(db, seal, clock, limits)


Entry = Annotated[service.Entry, Depends(entry_of)]
Person = Annotated[Actor, Depends(signed_in())]
KeyOwner = Annotated[Actor, Depends(needs(Right.KEYS_OWN))]


@router.post("/session/link", dependencies=[Depends(public())])
async def open_by_link(body: LinkIn, request: Request, response: Response, entry: Entry) -> SessionOut:
    return await _opened(request, response, entry, await service.open_link(entry, body.token, body.code))


@router.post("/session", dependencies=[Depends(public())])
async def open_by_password(body: SessionIn, request: Request, response: Response, entry: Entry) -> SessionOut:
    address = request.client.host if request.client else "unknown"
    opened = await service.sign_in(entry, service.Proof(body.login, body.password, body.code), address)
    return await _opened(request, response, entry, opened)


@router.delete("/session", status_code=204)
async def close(actor: Person, response: Response, entry: Entry, ends: Ends) -> None:
    keys.demand_person(actor)
    if actor.session is not None:
        await service.sign_out(entry.db, actor.session)
    ends.tell(actor.user)
    clear_cookie(response, entry.limits)


@router.get("/me")
async def me(actor: Person) -> Me:
    return _me(actor)


@router.post("/me/password", status_code=204)
async def set_password(body: PasswordIn, actor: Person, entry: Entry, ends: Ends) -> None:
    keys.demand_person(actor)
    await service.set_password(entry, actor, body.password, body.current)
    ends.tell(actor.user)


@router.post("/me/second-factor", status_code=201)
async def new_second_factor(actor: Person, db: Db, seal: Seals) -> SecondFactorOut:
    """A secret for an authenticator app; it counts once its first code was sent."""
    keys.demand_person(actor)
    secret, uri = await db.write(lambda tx: second_factor.begin(tx, seal, actor))
    return SecondFactorOut(secret=secret, uri=uri)


@router.put("/me/second-factor", status_code=204)
async def confirm_second_factor(body: CodeIn, actor: Person, entry: Entry, ends: Ends) -> None:
    keys.demand_person(actor)
    await service.confirm_second_factor(entry, actor, body.code)
    ends.tell(actor.user)


@router.get("/keys")
async def own_keys(actor: KeyOwner, db: Db) -> KeysOut:
    return KeysOut.model_validate({"items": await keys.of_person(db, actor.user)})


@router.post("/keys", status_code=201)
async def new_key(body: KeyIn, actor: KeyOwner, db: Db, seal: Seals, clock: Now) -> NewKeyOut:
    keys.demand_person(actor)
    wish = keys.Wish(body.name, body.scopes, body.project, body.days)
    keys.demand_own(actor, wish)
    key, secret = await db.write(lambda tx: keys.create(tx, seal, actor, wish, clock.now()))
    return NewKeyOut(id=key, key=secret)


@router.delete("/keys/{key}", status_code=204)
async def revoke_key(key: str, actor: KeyOwner, db: Db, clock: Now, ends: Ends) -> None:
    keys.demand_person(actor)
    ends.tell(await db.write(lambda tx: keys.revoke(tx, actor, key, clock.now())))


async def _opened(request: Request, response: Response, entry: service.Entry, opened: service.Opened) -> SessionOut:
    """Set the cookie; a session that the browser had before ends, so that none is left behind or slipped in."""
    earlier = cookie_of(request, entry.limits)
    if earlier is not None:
        await service.sign_out(entry.db, entry.seal.digest("session", earlier))
    set_cookie(response, opened.token, entry.limits)
    digest = entry.seal.digest("session", opened.token)
    actor = await actor_by_session(entry.db, digest, entry.clock.now(), entry.limits)
    if actor is None:
        raise service.WrongSignIn()
    return SessionOut(user=_me(actor))


def _me(actor: Actor) -> Me:
    return Me.model_validate(
        {
            "id": actor.user,
            "login": actor.login,
            "name": actor.name,
            "locale": actor.locale,
            "extension": actor.extension,
            "grants": [{"project": grant.project, "role": grant.role} for grant in actor.grants],
            "rights": actor.rights(),
            "must_set_password": not actor.has_password,
            "must_enrol": actor.must_enrol,
            "second_factor": actor.second_factor,
        }
    )
