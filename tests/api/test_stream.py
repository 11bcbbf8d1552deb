import asyncio
from datetime import UTC, datetime

import pytest

from api.stream import CONNECTED, MAX_WAITING, MAX_WAITING_BYTES, Frame, Outbox, Stream, Viewer
from identity.roles.rights import Actor, Grant, Right, Role
from kit import ids
from kit.journal import Event, Positioned

AT = datetime(2026, 3, 2, tzinfo=UTC)


def actor(*grants: Grant, user: str = "me", scopes: frozenset[Right] | None = None) -> Actor:
    return Actor(user, user, "Name", "tr", None, grants, scopes=scopes)


def event(topic: str, project: str | None = None, kind: str = "ahize.call.ended.v1", **body) -> Event:
    return Event(ids.new(), project, topic, "subject", kind, AT, body)


OPERATOR = Grant("a", Role.OPERATOR)
SUPERVISOR = Grant("a", Role.SUPERVISOR)
MANAGER = Grant("a", Role.MANAGER)
ADMINISTRATOR = Grant(None, Role.ADMINISTRATOR)

MINE = event("operator:me", "a")
MINE_IN_B = event("operator:me", "b")
MY_STATE = event("operator:me")
A_COLLEAGUES = event("operator:other", "a")
OF_PROJECT_A = event("project:a", "a")
OF_PROJECT_B = event("project:b", "b")
SYSTEM = event("system")
ALL = [MINE, MINE_IN_B, MY_STATE, A_COLLEAGUES, OF_PROJECT_A, OF_PROJECT_B, SYSTEM]


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (actor(OPERATOR), [MINE, MY_STATE, SYSTEM]),
        (actor(SUPERVISOR), [MINE, MY_STATE, A_COLLEAGUES, OF_PROJECT_A, SYSTEM]),
        (actor(MANAGER), [MINE, A_COLLEAGUES, OF_PROJECT_A, SYSTEM]),
        (actor(ADMINISTRATOR), [MINE, MINE_IN_B, A_COLLEAGUES, OF_PROJECT_A, OF_PROJECT_B, SYSTEM]),
        (actor(SUPERVISOR, scopes=frozenset({Right.DESK_WORK})), [MINE, MY_STATE, SYSTEM]),
        (actor(SUPERVISOR, scopes=frozenset()), [SYSTEM]),
        (actor(), [SYSTEM]),
    ],
)
def test_who_sees_what(who, seen):
    assert [each for each in ALL if Viewer(who).sees(each)] == seen


@pytest.mark.parametrize("who", [actor(OPERATOR), actor(SUPERVISOR), actor(ADMINISTRATOR), actor()])
def test_an_outbox_gets_what_its_viewer_sees_and_nothing_else(who):
    stream, outbox = Stream(journal=None), Outbox(Viewer(who))

    with stream.joined(outbox):
        for position, each in enumerate(ALL, 1):
            stream.take(Positioned(position, each))
    stream.take(Positioned(len(ALL) + 1, SYSTEM))

    got = [item.event for item in outbox.waiting if isinstance(item, Frame)]
    assert got == [each for each in ALL if Viewer(who).sees(each)]


def test_only_the_calls_own_operator_gets_the_pop():
    connected = event("operator:me", "a", CONNECTED, operator="me")

    assert Viewer(actor(OPERATOR)).pops(connected)
    assert not Viewer(actor(SUPERVISOR, user="boss")).pops(connected)
    assert not Viewer(actor(OPERATOR)).pops(event("operator:me", "a", operator="me"))


def test_an_event_that_comes_twice_is_taken_once():
    stream, outbox = Stream(journal=None), Outbox(Viewer(actor(OPERATOR)))

    with stream.joined(outbox):
        for _ in range(2):
            stream.take(Positioned(1, SYSTEM))

    assert sum(isinstance(item, Frame) for item in outbox.waiting) == 1


@pytest.mark.parametrize(("item", "most"), [("x", MAX_WAITING), ("x" * 10_000, MAX_WAITING_BYTES // 10_000)])
async def test_an_outbox_overflows_by_number_and_by_bytes(item, most):
    outbox = Outbox(Viewer(actor()))

    for _ in range(most):
        outbox.offer(item)
    assert not outbox.overflowed.is_set()
    assert await outbox.take() == item
    outbox.offer(item)
    outbox.offer(item)

    assert outbox.overflowed.is_set()
    assert not outbox.waiting


async def test_what_may_be_lost_waits_for_nobody():
    outbox = Outbox(Viewer(actor()))

    outbox.offer_if_idle("tick 1")
    outbox.offer_if_idle("tick 2")
    taken = await outbox.take()
    waiting = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    outbox.offer_if_idle("tick 3")

    assert (taken, await waiting) == ("tick 1", "tick 3")
