"""Who may do what, as HTTP dependencies. Every route declares one of these, or the service does not start.

    @router.get("/campaigns")
    async def listed(actor: Annotated[Actor, Depends(needs(Right.CAMPAIGNS_READ))]) -> ...:

`needs` lets in who has the right in at least one project: 401 without a sign-in, 403 without the right. What the route
loads then belongs to a project, and `actor.check(right, project)` answers 404 for a foreign one; lists are kept to
`actor.reaches(right, table.c.project)`.
"""

from functools import cache
from ipaddress import ip_address

from starlette.requests import HTTPConnection

from identity.errors import NoRight, NotSignedIn, SecondFactorNeeded
from identity.login.actors import actor_by_key, actor_by_key_id, actor_by_session
from identity.login.tokens import bearer_of, cookie_of
from identity.parts import clock_of, database_of, seal_of, sign_in_of
from identity.roles.rights import ROLE_RIGHTS, Actor, Grant, Right, Role

__all__ = [
    "ROLE_RIGHTS",
    "Actor",
    "Grant",
    "Guard",
    "Public",
    "Right",
    "Role",
    "actor_of",
    "local_or",
    "needs",
    "public",
    "renewed",
    "signed_in",
]


class Guard:
    """A route's declaration of who may use it."""


class Public(Guard):
    """Anybody may use the route: `dependencies=[Depends(public())]`."""

    def __call__(self) -> None:
        return None


class Needs(Guard):
    """Lets in whoever has one of `rights` in at least one project; anyone signed in when there are none."""

    def __init__(self, *rights: Right) -> None:
        self.rights = rights

    async def __call__(self, connection: HTTPConnection) -> Actor:
        actor = await actor_of(connection)
        if self.rights and actor.must_enrol:
            raise SecondFactorNeeded()
        if self.rights and not any(actor.may_somewhere(right) for right in self.rights):
            raise NoRight(self.rights[0])
        return actor


class LocalOr(Guard):
    """Lets in a program on this machine without a sign-in, and whoever has `right` from anywhere."""

    def __init__(self, right: Right) -> None:
        self.rights = (right,)
        self.needs = Needs(right)

    async def __call__(self, connection: HTTPConnection) -> None:
        if not is_local(connection):
            await self.needs(connection)


@cache
def needs(*rights: Right) -> Needs:
    """The dependency that gives the `Actor`; several rights mean any one of them."""
    if not rights:
        raise ValueError("name the right that the route needs, or use signed_in()")
    return Needs(*rights)


@cache
def signed_in() -> Needs:
    """For what everybody has: their own name, password and sign-out."""
    return Needs()


@cache
def public() -> Public:
    return Public()


@cache
def local_or(right: Right) -> LocalOr:
    return LocalOr(right)


async def actor_of(connection: HTTPConnection) -> Actor:
    """Who sends this request or opens this websocket: by the bearer key in the header, else by the session's cookie.

    A bearer key that is wrong is not made good by a cookie. Raises NotSignedIn.
    """
    db, seal, now = database_of(connection), seal_of(connection), clock_of(connection).now()
    limits = sign_in_of(connection)
    key, cookie = bearer_of(connection), cookie_of(connection, limits)
    if key is not None:
        actor = await actor_by_key(db, seal.digest("api-key", key), now)
    elif cookie is not None:
        actor = await actor_by_session(db, seal.digest("session", cookie), now, limits)
    else:
        actor = None
    if actor is None:
        raise NotSignedIn()
    return actor


async def renewed(connection: HTTPConnection, actor: Actor) -> Actor | None:
    """The same sign-in as it stands now, for connections that live long; None: it has ended, close with 4401."""
    db, now = database_of(connection), clock_of(connection).now()
    if actor.key is not None:
        return await actor_by_key_id(db, actor.key, now)
    if actor.session is None:
        return None
    return await actor_by_session(db, actor.session, now, sign_in_of(connection))


_FORWARDING = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_local(connection: HTTPConnection) -> bool:
    """Whether a program on this machine asks itself: no proxy passed it on, no page of a foreign name did."""
    if connection.client is None or any(name in connection.headers for name in _FORWARDING):
        return False
    host = connection.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name in _LOCAL_NAMES and _is_loopback(connection.client.host)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
