from datetime import timedelta

import pytest

from kit import idempotency
from kit.idempotency import KeyReused, StillRunning, Stored, answer, remember

BODY, OTHER = b"\x01" * 32, b"\x02" * 32
ROUTE = "POST /lists"


async def test_the_second_request_gets_the_first_answer(database, clock):
    async def request(tx):
        stored = await remember(tx, "u1", "k1", BODY, route=ROUTE, at=clock.now())
        if stored is None:
            await answer(tx, "u1", "k1", route=ROUTE, status=202, response={"id": "l1"})
        return stored

    assert await database.write(request) is None
    assert await database.write(request) == Stored(202, {"id": "l1"})


async def test_a_key_belongs_to_its_user_and_route(database, clock):
    async def three(tx):
        at = clock.now()
        return [
            await remember(tx, "u1", "k1", BODY, route=ROUTE, at=at),
            await remember(tx, "u2", "k1", BODY, route=ROUTE, at=at),
            await remember(tx, "u1", "k1", BODY, route="POST /calls/x", at=at),
        ]

    assert await database.write(three) == [None, None, None]


async def test_another_body_under_the_same_key_is_refused(database, clock):
    async def request(tx, body):
        await remember(tx, "u1", "k1", body, route=ROUTE, at=clock.now())

    await database.write(lambda tx: request(tx, BODY))

    with pytest.raises(KeyReused):
        await database.write(lambda tx: request(tx, OTHER))
    with pytest.raises(StillRunning):
        await database.write(lambda tx: request(tx, BODY))


async def test_an_undone_request_leaves_its_key_free(database, clock):
    async def request(tx, fail):
        stored = await remember(tx, "u1", "k1", BODY, route=ROUTE, at=clock.now())
        if fail:
            raise ValueError
        return stored

    with pytest.raises(ValueError):  # noqa: PT011
        await database.write(lambda tx: request(tx, True))
    assert await database.write(lambda tx: request(tx, False)) is None


async def test_old_answers_are_forgotten(database, clock):
    async def request(tx):
        return await remember(tx, "u1", "k1", BODY, route=ROUTE, at=clock.now())

    await database.write(request)
    clock.advance(86_400)

    assert await database.write(lambda tx: idempotency.forget(tx, clock.now() - timedelta(days=2))) == 0
    assert await database.write(lambda tx: idempotency.forget(tx, clock.now())) == 1
    assert await database.write(request) is None
