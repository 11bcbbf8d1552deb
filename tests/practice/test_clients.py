import asyncio
import random
import time
from datetime import UTC, datetime

import pytest
from desk_double import DISPOSITIONS, Desk, served

from kit.tasks import Tasks
from practice.clients import AGAIN_S, SignInFailed, SimulatedOperator, choose_result, token_of
from practice.config import Clients
from practice.log import CallLog, read


async def until(condition, seconds: float = 5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not come"
        await asyncio.sleep(0.01)


@pytest.fixture
async def desk():
    desk = Desk()
    async with served(desk) as desk.url:
        yield desk


@pytest.fixture
def operator(desk, log_path):
    """A quick one: talks 0.3 s, wraps up in 0.1 s."""
    settings = Clients(base_url=desk.url, links=[], talk_s=(0.3, 0.3), wrap_up_s=(0.1, 0.1))
    with CallLog(log_path) as calls:
        yield SimulatedOperator(settings, f"{desk.url}/link#good-token", calls, seed=1)


@pytest.fixture
async def working(operator, desk):
    async with Tasks() as tasks:
        tasks.spawn(operator.run(), "operator")
        await until(lambda: desk.state == "ready")
        yield operator


async def test_a_link_opens_the_desk_and_the_operator_goes_ready(working, desk):
    assert desk.done("/session/link") == [{"token": "good-token"}]
    assert desk.opened == [{"cookie": "session=abc"}]
    assert desk.done("/desk/state") == [{"state": "ready"}]
    assert desk.headers[-1]["x-ahize"] == "1"
    assert desk.headers[-1]["origin"] == desk.url


async def test_a_pop_is_stamped_at_its_arrival_and_worked_off(working, desk, log_path):
    before = time.monotonic()
    await desk.pop("c1")
    await until(lambda: working.results == 1)

    pop, result = read(log_path)
    assert (pop["event"], pop["call"], pop["attempt"], pop["operator"]) == ("pop", "c1", "a1", "u1")
    assert before <= pop["t"] < before + 0.2
    assert (result["event"], result["call"]) == ("result", "c1")
    assert len(desk.done("/calls/c1/hangup")) == 1
    assert desk.done("/calls/c1/disposition")[0]["code"] == result["code"]
    assert len(desk.headers[-1]["idempotency-key"]) == 32
    assert 0.4 < result["t"] - pop["t"] < 1.5


async def test_a_customer_who_hangs_up_ends_the_talk(working, desk):
    working._settings.talk_s = (60.0, 60.0)

    await desk.pop("c1")
    await desk.push("call.ended", "c1", call="c1", by="customer")
    await until(lambda: working.results == 1)

    assert desk.done("/calls/c1/hangup") == []


async def test_whoever_is_set_not_ready_becomes_ready_again(working, desk):
    desk.refuse_ready = 1

    await desk.push("operator.changed", "u2", operator="u2", state="not_ready")
    await desk.push("operator.changed", "u1", operator="u1", state="wrap_up")
    await desk.push("operator.changed", "u1", operator="u1", state="not_ready")
    await until(lambda: len(desk.done("/desk/state")) == 3)

    assert desk.state == "ready"
    await asyncio.sleep(AGAIN_S + 0.6)
    assert len(desk.done("/desk/state")) == 3


async def test_a_cut_stream_is_resumed_and_a_pop_is_taken_once(working, desk, log_path):
    await desk.pop("c1")
    await until(lambda: working.pops == 1)

    await desk.cut()
    await until(lambda: len(desk.opened) == 2)
    await asyncio.sleep(0.05)
    await desk.pop("c1")
    await until(lambda: working.results == 1)

    assert desk.opened[1] == {"epoch": "e1", "after": "12", "cookie": "session=abc"}
    assert [line["event"] for line in read(log_path)].count("pop") == 1


async def test_leaving_signs_off(working, desk):
    await working.leave()

    assert desk.state == "offline"


async def test_a_used_link_ends_the_operator(desk, log_path):
    settings = Clients(base_url=desk.url, links=[])
    with CallLog(log_path) as calls:
        operator = SimulatedOperator(settings, "used-token", calls, seed=1)
        with pytest.raises(SignInFailed, match="make a new one"):
            await operator.run()


@pytest.mark.parametrize(
    "link", ["tok-1_A", "http://h:1/link/tok-1_A", "http://h/#/link?token=tok-1_A", "https://h/link#tok-1_A"]
)
def test_the_token_is_found_in_every_form_of_a_link(link):
    assert token_of(link) == "tok-1_A"


def test_results_bring_what_they_need():
    chosen = {r["code"]: r for r in (choose_result(DISPOSITIONS, random.Random(n)) for n in range(50))}

    assert chosen["sold"] == {"code": "sold"}
    assert chosen["refused"] == {"code": "refused", "reason": "price"}
    assert datetime.fromisoformat(chosen["callback"]["callback_at"]) > datetime.now(UTC)
