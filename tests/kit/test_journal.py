import asyncio
import time
from datetime import UTC, datetime

import pytest

from kit import journal as journals
from kit.db import Database
from kit.event import Event, put
from kit.journal import Interest, Journal

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def happened(n, topic="system", project=None):
    return Event.new("ahize.test.v1", topic=topic, subject=str(n), at=AT, project=project, n=n)


def emit(*events):
    async def work(tx):
        for one in events:
            tx.emit(one)

    return work


@pytest.fixture
async def journal(database):
    opened = Journal(database)
    await opened.open()
    yield opened
    await opened.close()


async def take(subscription, count):
    async with asyncio.timeout(60):
        return [await anext(subscription) for _ in range(count)]


async def test_an_event_is_published_with_its_position_after_the_commit(database, journal):
    sent = happened(1)
    async with journal.subscribe() as followed:
        await database.write(emit(sent))

        (got,) = await take(followed, 1)

    assert (got.position, got.event) == (1, sent)
    assert await journal.read(0) == [got]
    assert (await journal.head())[1] == 1


async def test_what_is_undone_is_no_event(database, journal):
    async def bad(tx):
        tx.emit(happened(1))
        raise ValueError

    async with journal.subscribe() as followed:
        await asyncio.gather(database.write(bad), database.write(emit(happened(2))), return_exceptions=True)
        (got,) = await take(followed, 1)

    assert (got.position, got.event.subject) == (1, "2")


async def test_positions_have_no_gaps_and_keep_the_order_of_one_transaction(database, journal):
    async with journal.subscribe() as followed:
        writes = [database.write(emit(happened(2 * n), happened(2 * n + 1))) for n in range(100)]
        await asyncio.gather(*writes)
        got = await take(followed, 200)

    assert [one.position for one in got] == list(range(1, 201))
    places = {int(one.event.subject): one.position for one in got}
    assert all(places[2 * n] + 1 == places[2 * n + 1] for n in range(100))


async def test_reading_goes_on_from_any_position(database, journal):
    async with journal.subscribe() as followed:
        await database.write(emit(*(happened(n) for n in range(1, 11))))
        await take(followed, 10)

    page = await journal.read(after=3, limit=4)

    assert [one.position for one in page] == [4, 5, 6, 7]
    assert await journal.read(after=10) == []
    assert await journal.oldest() == 1


async def test_interest_holds_for_reading_and_following(database, journal):
    mine = Interest(topics=frozenset({"operator:1", "system"}), projects=frozenset({"p1"}))
    sent = [
        happened(1, "operator:1"),
        happened(2, "operator:2", "p2"),
        happened(3, "operator:3", "p1"),
        happened(4, "system"),
        happened(5, "project:p2", "p2"),
    ]
    async with journal.subscribe(mine) as followed:
        await database.write(emit(*sent))
        got = await take(followed, 3)

    assert [one.position for one in got] == [1, 3, 4]
    assert await journal.read(0, interest=mine) == got


async def test_nobody_sees_anything_without_an_interest_that_matches(database, journal):
    async with journal.subscribe() as all_of_them:
        await database.write(emit(happened(1, "operator:1", "p1")))
        await take(all_of_them, 1)

    assert await journal.read(0, interest=Interest()) == []
    assert not Interest().matches(happened(1, "project:x", None))


async def test_a_slow_subscriber_is_cut_off_and_the_others_go_on(database, journal):
    slow, quick = journal.subscribe(), journal.subscribe()
    total = journals.QUEUE + 50
    following = asyncio.ensure_future(take(quick, total))
    await asyncio.sleep(0)

    await database.write(emit(*(happened(n) for n in range(total))))
    got = await following

    assert len(got) == total
    assert slow.lagged
    assert not quick.lagged
    with pytest.raises(StopAsyncIteration):
        await anext(slow)


async def test_closing_ends_every_subscription(journal):
    followed = journal.subscribe()

    await journal.close()

    assert [one async for one in followed] == []
    assert not followed.lagged


async def test_subscribing_then_reading_to_the_start_misses_nothing(database, journal):
    seen = []

    async def writes():
        for n in range(60):
            await database.write(emit(happened(n)))

    writing = asyncio.ensure_future(writes())
    await asyncio.sleep(0.02)
    async with journal.subscribe() as followed:
        seen += [one.position for one in await journal.read(0) if one.position <= followed.start]
        seen += [one.position for one in await take(followed, 60 - len(seen))]
    await writing

    assert seen == list(range(1, 61))


async def test_events_from_before_the_journal_was_opened_keep_their_places(database):
    await database.write(emit(happened(1), happened(2)))

    journal = Journal(database)
    await journal.open()

    assert [one.position for one in await journal.read(0)] == [1, 2]
    assert journal.subscribe().start == 2
    await journal.close()


async def test_an_event_that_nobody_told_of_is_found(database, journal):
    async with journal.subscribe() as followed:
        await database.write(lambda tx: put(tx.conn, [happened(1)]))

        (got,) = await take(followed, 1)

    assert got.position == 1


async def test_events_behind_one_that_nobody_told_of_wait_for_it(database, journal):
    async with journal.subscribe() as followed:
        await database.write(lambda tx: put(tx.conn, [happened(1)]))
        await database.write(emit(happened(2)))
        got = await take(followed, 2)

    assert [(one.position, one.event.subject) for one in got] == [(1, "1"), (2, "2")]


async def test_the_epoch_stays_and_a_new_base_has_another(database, journal, tmp_path):
    epoch, position = await journal.head()
    again = Journal(database)
    await again.open()
    other_base = Database(f"sqlite+aiosqlite:///{tmp_path / 'other.db'}")
    await other_base.open()
    await other_base.create_all()
    other = Journal(other_base)
    await other.open()

    assert position == 0
    assert await journal.oldest() == 1
    assert (await again.head())[0] == epoch
    assert (await other.head())[0] != epoch
    for part in (again, other, other_base):
        await part.close()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_two_processes_on_one_base_tell_of_each_event_once(database, journal):
    other_base = Database(database.url.render_as_string(hide_password=False))
    await other_base.open()
    other = Journal(other_base)
    await other.open()
    one, two = journal.subscribe(), other.subscribe()
    failures = journals.FAILURES._value.get()

    async def writes(base):
        for n in range(60):
            await base.write(emit(happened(n)))

    await asyncio.gather(writes(database), writes(other_base))
    got, same = await asyncio.gather(take(one, 120), take(two, 120))

    assert [here.position for here in got] == list(range(1, 121))
    assert got == same
    assert journals.FAILURES._value.get() == failures
    await other.close()
    await other_base.close()


async def test_commit_to_subscriber_is_quick_when_idle(database, journal):
    delays = []
    async with journal.subscribe() as followed:
        for n in range(30):
            await database.write(emit(happened(n)))
            committed = time.perf_counter()
            await take(followed, 1)
            delays.append(time.perf_counter() - committed)

    assert sorted(delays)[len(delays) // 2] < 0.05


async def test_the_relay_survives_a_store_that_fails_for_a_moment(database, journal, monkeypatch):
    monkeypatch.setattr(journals, "_POLL_S", 0.05)
    read, failures = journal.read, [ValueError("the store is away")]

    async def flaky(*arguments):
        if failures:
            raise failures.pop()
        return await read(*arguments)

    monkeypatch.setattr(journal, "read", flaky)
    async with journal.subscribe() as followed:
        await database.write(lambda tx: put(tx.conn, [happened(1)]))

        (got,) = await take(followed, 1)

    assert got.position == 1
    assert failures == []
