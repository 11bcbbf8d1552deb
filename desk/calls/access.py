"""Whose call is whose. Pure."""

from sqlalchemy import RowMapping

from desk.calls.errors import NotYourCall
from identity.roles.rights import Actor, Right
from kit.errors import NotFound


def may_read(actor: Actor, call: RowMapping | None) -> RowMapping:
    """The call, if it is the actor's own or one that he may look at. Raises NotFound, NotYourCall."""
    return _checked(actor, call, Right.DESK_WORK, Right.CALLS_READ)


def may_dispose(actor: Actor, call: RowMapping | None) -> RowMapping:
    """The call, if the actor may say its result: his own, or any where he supervises. Raises NotFound, NotYourCall."""
    return _checked(actor, call, Right.CALLS_DISPOSE, Right.SUPERVISE)


def may_end(actor: Actor, call: RowMapping | None) -> RowMapping:
    """The call, if it is the actor's own. Raises NotFound, NotYourCall."""
    return _checked(actor, call, Right.DESK_WORK, None)


def _checked(actor: Actor, call: RowMapping | None, own: Right, others: Right | None) -> RowMapping:
    if call is None:
        raise NotFound
    if others is not None and actor.may(others, call["project"]):
        return call
    actor.check(own, call["project"])
    if call["operator"] != actor.user:
        raise NotYourCall
    return call
