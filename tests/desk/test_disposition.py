import asyncio
from datetime import timedelta

import pytest
from centre import now
from sqlalchemy import select

from contacts.dnc.models import dnc
from desk.calls.models import call
from desk.calls.service import close_lost_calls
from identity.roles.rights import Role
from kit import ids
from kit.errors import Unavailable

SUCCESS = {"code": "success"}


@pytest.fixture
async def project(centre):
    return await centre.project()


@pytest.fixture
async def worker(centre, project):
    return await centre.worker(project)


@pytest.fixture
async def talking(centre, project, worker):
    return await centre.talk(await centre.customer(await centre.campaign(project)), worker)


async def row_of(centre, call_id):
    async with centre.db.read() as conn:
        return (await conn.execute(select(call).where(call.c.id == call_id))).mappings().one()


async def events_until(centre, last):
    """Types of all events, once one of type `last` is placed."""
    async with asyncio.timeout(5), centre.journal.subscribe() as coming:
        while last not in (types := [each.event.type for each in await centre.journal.read(0)]):
            await anext(aiter(coming))
    return types


async def test_a_result_is_kept_told_and_ends_the_wrap_up(centre, ask, worker, talking):
    answer = await ask(
        worker, "POST", f"/calls/{talking}/disposition", {"code": "refused", "reason": "price", "note": "pahalı"}
    )

    assert answer.status_code == 200
    assert (answer.json()["code"], answer.json()["reason"]) == ("refused", "price")
    row = await row_of(centre, talking)
    assert (row["disposition"], row["disposition_reason"]) == ("refused", "price")
    assert centre.seal.open(row["note_sealed"], "note") == "pahalı"
    assert centre.engine.commands == [("disposed", talking, worker.id)]


async def test_the_same_request_again_is_answered_alike_and_counted_once(centre, ask, worker, talking):
    path = f"/calls/{talking}/disposition"

    first = await ask(worker, "POST", path, SUCCESS, idempotency_key="k-12345678")
    again = await ask(worker, "POST", path, SUCCESS, idempotency_key="k-12345678")
    other_key = await ask(worker, "POST", path, SUCCESS, idempotency_key="k-87654321")
    no_key = await ask(worker, "POST", path, SUCCESS)

    assert first.status_code == 200
    assert first.json() == again.json() == other_key.json() == no_key.json()
    await centre.end(talking, worker)
    assert (await events_until(centre, "ahize.call.ended.v1")).count("ahize.call.disposed.v1") == 1


async def test_a_repeat_after_the_commit_but_before_the_answer_still_frees_the_operator(centre, ask, worker, talking):
    path = f"/calls/{talking}/disposition"

    async def died(call_id, operator):
        raise Unavailable

    centre.engine.disposed, alive = died, centre.engine.disposed
    cut = await ask(worker, "POST", path, SUCCESS, idempotency_key="k-12345678")
    centre.engine.disposed = alive
    answer = await ask(worker, "POST", path, SUCCESS, idempotency_key="k-12345678")

    assert (cut.status_code, answer.status_code) == (503, 200)
    assert centre.engine.commands == [("disposed", talking, worker.id)]


async def test_another_result_is_refused(centre, ask, worker, talking):
    path = f"/calls/{talking}/disposition"
    await ask(worker, "POST", path, SUCCESS, idempotency_key="k-12345678")

    other = await ask(worker, "POST", path, {"code": "undecided"}, idempotency_key="k-87654321")
    same_key = await ask(worker, "POST", path, {"code": "undecided"}, idempotency_key="k-12345678")

    assert (other.status_code, other.json()["code"]) == (409, "disposed_otherwise")
    assert (same_key.status_code, same_key.json()["code"]) == (409, "idempotency_key_reused")
    assert (await row_of(centre, talking))["disposition"] == "success"


async def test_a_result_after_the_wrap_up_or_a_restart_still_counts(centre, ask, worker, talking):
    await centre.db.write(lambda tx: close_lost_calls(tx, now()))

    answer = await ask(worker, "POST", f"/calls/{talking}/disposition", SUCCESS)

    assert answer.status_code == 200
    assert (await row_of(centre, talking))["disposition"] == "success"


def in_hours(hours):
    return (now() + timedelta(hours=hours)).isoformat()


MISFITS = [
    ({"code": "sold_the_moon"}, "code", "unknown"),
    ({"code": "refused"}, "reason", "reason_needed"),
    ({"code": "refused", "reason": "weather"}, "reason", "reason_needed"),
    ({"code": "callback"}, "callback_at", "callback_time"),
    ({"code": "success", "callback_at": in_hours(1)}, "callback_at", "callback_time"),
    ({"code": "callback", "callback_at": in_hours(-1)}, "callback_at", "not_ahead"),
    ({"code": "callback", "callback_at": in_hours(24 * 400)}, "callback_at", "not_ahead"),
]
MALFORMED = [{}, {"code": "success", "x": 1}, {"code": "callback", "callback_at": "2030-01-01"}]


async def test_a_result_that_does_not_fit_says_which_field(centre, ask, worker, talking):
    for result, field, code in MISFITS:
        answer = await ask(worker, "POST", f"/calls/{talking}/disposition", result)

        assert answer.status_code == 422, result
        assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    for body in MALFORMED:
        assert (await ask(worker, "POST", f"/calls/{talking}/disposition", body)).status_code == 422, body
    assert (await row_of(centre, talking))["disposed_at"] is None


async def test_do_not_call_again_puts_the_number_on_the_projects_list(centre, ask, project, worker, talking):
    await ask(worker, "POST", f"/calls/{talking}/disposition", {"code": "do_not_call"})

    async with centre.db.read() as conn:
        entry = (await conn.execute(select(dnc))).mappings().one()
    assert (entry["project"], entry["source"], entry["created_by"]) == (project, "call", worker.id)
    assert centre.seal.open(entry["number_sealed"], "number") == "+905321005001"


async def test_a_call_that_reached_no_operator_has_no_result(centre, ask, project):
    supervisor = await centre.worker(project, role=Role.SUPERVISOR)
    waiting = await centre.start(await centre.customer(await centre.campaign(project)))

    answer = await ask(supervisor, "POST", f"/calls/{waiting}/disposition", SUCCESS)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_connected")


async def test_whose_call_it_is_decides_who_may_say_its_result(centre, ask, project, talking):
    path = f"/calls/{talking}/disposition"
    colleague = await centre.worker(project)
    stranger = await centre.worker(await centre.project())
    foreign_supervisor = await centre.worker(await centre.project(), role=Role.SUPERVISOR)
    supervisor = await centre.worker(project, role=Role.SUPERVISOR)

    answers = [
        (await ask(person, "POST", path, SUCCESS)).status_code
        for person in (colleague, stranger, foreign_supervisor, supervisor)
    ]

    assert answers == [403, 404, 404, 200]


async def test_a_call_is_shown_to_its_operator_and_to_those_who_may_read_it(centre, ask, project, worker, talking):
    path = f"/calls/{talking}"
    manager = await centre.worker(project, role=Role.MANAGER)
    colleague = await centre.worker(project)
    stranger = await centre.worker(await centre.project(), role=Role.MANAGER)

    answers = [await ask(person, "GET", path) for person in (worker, manager, colleague, stranger)]

    assert [answer.status_code for answer in answers] == [200, 200, 403, 404]
    assert answers[0].json()["number_masked"] == "+90 532 ••• •• 01"
    assert "5321005001" not in answers[0].text
    assert (await ask(worker, "GET", f"/calls/{ids.new()}")).status_code == 404


async def test_only_the_operator_of_a_live_call_hangs_it_up(centre, ask, project, worker, talking):
    path = f"/calls/{talking}/hangup"
    supervisor = await centre.worker(project, role=Role.SUPERVISOR)

    assert (await ask(supervisor, "POST", path)).status_code == 403
    assert (await ask(worker, "POST", path)).status_code == 204
    assert centre.engine.commands == [("hang_up", talking, worker.id)]
    await centre.end(talking, worker)
    assert (await ask(worker, "POST", path)).json()["code"] == "call_over"
