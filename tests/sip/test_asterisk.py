"""Against the real Asterisk, whose call records are the judge."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from asterisk import Pbx
from listening import ANSWER, OFFER, Ear, dial

from sip import holding
from sip.agent import UserAgent
from sip.listener import Account, Peer, RegistrationState
from sip.registration import Registration
from sip.server_call import ServerCall

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def agent(ear: Ear, pbx: Pbx) -> AsyncIterator[UserAgent]:
    made = UserAgent(("127.0.0.1", 0), peers=lambda at: Peer("pbx") if at.host == pbx.host else None, listener=ear)
    await made.start()
    yield made
    await made.stop()


def account(pbx: Pbx, **more: object) -> Account:
    return Account(**{
        "name": "trunk",
        "host": pbx.host,
        "port": pbx.port,
        "username": "dialer",
        "password": "dialer-secret",
        "realm": "pbx.test",
        **more,
    })  # fmt: skip


async def register(agent: UserAgent, account: Account) -> tuple[Registration, list[RegistrationState]]:
    told: asyncio.Queue[RegistrationState] = asyncio.Queue()
    states: list[RegistrationState] = []
    registration = agent.register(account, lambda state: (states.append(state), told.put_nowait(state)))
    await asyncio.wait_for(told.get(), 5)
    return registration, states


async def test_registers_with_the_right_secret_and_leaves(agent: UserAgent, pbx: Pbx) -> None:
    registration, states = await register(agent, account(pbx))
    contacts = await pbx.command("pjsip show contacts")
    await registration.stop()
    after = await pbx.command("pjsip show contacts")

    assert states[0].up
    assert f"dialer/sip:ahize@{agent.local_address}" in contacts
    assert agent.local_address not in after
    assert not states[-1].up


async def test_a_wrong_secret_is_told_and_tried_again_later(agent: UserAgent, pbx: Pbx) -> None:
    _, states = await register(agent, account(pbx, password="wrong"))

    assert (states[0].up, states[0].status) == (False, 401)
    assert states[0].retry_s is not None


async def test_a_short_expiry_is_refreshed(agent: UserAgent, pbx: Pbx) -> None:
    registration, states = await register(agent, account(pbx, expires=5))
    sent = agent.counts.sent
    await asyncio.sleep(4.5)
    contacts = await pbx.command("pjsip show contacts")
    await registration.stop()

    assert agent.counts.sent > sent
    assert agent.local_address in contacts
    assert [state.up for state in states] == [True, False]


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [(20, 486), (22, 503), (23, 404), (24, 603), (25, 480), (26, 403), (27, 500), (28, 410)],
)
async def test_a_refusal_is_told_with_its_status(
    agent: UserAgent, ear: Ear, pbx: Pbx, behaviour: int, status: int
) -> None:
    call = dial(agent, pbx.address, f"+90532{behaviour}00001", account(pbx))
    await ear.until("failed")

    assert ear.of("failed")[0][1:3] == (call, status)
    assert ear.of("answered") == []


async def test_a_human_rings_answers_and_is_hung_up(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905321001101", account(pbx), display_name="Çağrı Merkezi")
    await ear.until("answered")
    await asyncio.sleep(1.1)
    call.hang_up()
    await ear.until("ended")
    record = await pbx.record("905321001101")

    assert ear.words() == [180, "answered", "ended"]
    assert b"m=audio" in call.remote_sdp
    assert (record.outcome, record.answered >= 1) == ("ANSWERED", True)
    await pbx.until_quiet()


async def test_they_hang_up_after_the_answer(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905321101102", account(pbx))
    ended = await ear.until("ended", within=8)

    assert ended == ("ended", call, False, "Q.850;cause=16")
    assert (await pbx.record("905321101102")).outcome == "ANSWERED"


async def test_no_answer_is_cancelled(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905322100103", account(pbx))
    await ear.until(180)
    call.cancel()
    await ear.until("failed")
    record = await pbx.record("905322100103")

    assert ear.heard[-1] == ("failed", call, 487, "cancelled")
    assert record.outcome != "ANSWERED"
    await pbx.until_quiet()


async def test_no_sign_of_life_is_cancelled_after_100(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905322900104", account(pbx))
    await ear.until("progress")
    await asyncio.sleep(0.3)
    call.cancel()
    await ear.until("failed")

    assert ear.words() == ["failed"]
    assert (await pbx.record("905322900104")).outcome != "ANSWERED"
    await pbx.until_quiet()


@pytest.mark.parametrize("delay_ms", [0, 1, 2, 3, 5, 8])
async def test_cancel_at_any_moment_leaves_nothing_behind(agent: UserAgent, ear: Ear, pbx: Pbx, delay_ms: int) -> None:
    """Behaviour 15 answers at once: CANCEL meets the challenge, 100 or the 200."""
    call = dial(agent, pbx.address, f"+9053215001{delay_ms:02d}", account(pbx))
    await asyncio.sleep(delay_ms / 1000)
    call.cancel()
    await ear.until("failed", "ended")
    await pbx.until_quiet()

    assert len(ear.of("failed", "ended")) == 1


async def test_early_media_comes_with_183(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905323001105", account(pbx))
    await ear.until("answered")
    call.hang_up()

    assert ear.words()[:2] == [183, "answered"]


async def test_an_incoming_call_is_answered_and_they_hang_up(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    ear.on_offer = lambda call: (call.ring(), call.answer(ANSWER))
    registration, _ = await register(agent, account(pbx))
    await pbx.call_in("74951234567", "79160000001", "hangup-1")
    _, call = await ear.until("offered")
    await ear.until("confirmed")
    await ear.until("ended")
    await registration.stop()

    assert (call.number, call.called) == ("79160000001", "74951234567")
    assert b"m=audio" in call.remote_sdp
    assert ear.of("ended") == [("ended", call, False, "Q.850;cause=16")]


async def test_an_incoming_call_is_hung_up_by_us(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    ear.on_offer = lambda call: call.answer(ANSWER)
    registration, _ = await register(agent, account(pbx))
    await pbx.call_in("74951234567", "79160000002")
    _, call = await ear.until("confirmed")
    call.hang_up()
    await ear.until("ended")
    await pbx.until_quiet()
    await registration.stop()

    assert ear.of("ended") == [("ended", call, True, "bye")]


async def test_an_incoming_call_can_be_refused(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    ear.on_offer = lambda call: call.refuse(486)
    registration, _ = await register(agent, account(pbx))
    await pbx.call_in("74951234567", "79160000003")
    await ear.until("ended")
    await pbx.until_quiet()
    await registration.stop()

    assert ear.words() == ["offered", "ended"]


@pytest.mark.parametrize(("number", "rings"), [("+905322100106", True), ("+905321500107", False)])
async def test_what_a_dead_process_left_is_ended(ear: Ear, pbx: Pbx, number: str, rings: bool) -> None:
    """The first agent's socket just vanishes, ringing or talking; the second has only what was stored."""
    first = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("pbx"), listener=ear)
    await first.start()
    host, _, port = first.local_address.rpartition(":")
    call = dial(first, pbx.address, number, account(pbx))
    await ear.until(180 if rings else "answered")
    dialog, stored_cseq = call.dialog, 1
    for transport in first._transports.values():
        transport.close()
    await asyncio.sleep(0.05)
    alive = await asyncio.to_thread(pbx.channels)
    second = UserAgent((host, int(port)), peers=lambda host: Peer("pbx"), listener=Ear())
    await second.start()
    done = second.end_lost(
        call_id=call.call_id,
        from_tag=dialog.local_tag,
        cseq=stored_cseq,
        from_uri=dialog.local_uri,
        to_uri=dialog.remote_uri,
        request_uri=call.request.uri,
        destination=pbx.address,
        to_tag=None if rings else dialog.remote_tag,
        remote_target=dialog.remote_target,
        route_set=dialog.route_set,
        answered=not rings,
        account=account(pbx),
    )
    await asyncio.wait_for(done, 5)
    await pbx.until_quiet()
    await second.stop()

    assert alive == 1


# ---------------------------------------------------------------- inside a dialog


async def incoming(ear: Ear, pbx: Pbx, caller: str, count: int = 1) -> ServerCall:
    """A call from outside that we have answered, the `count`th of the test."""
    ear.on_offer = lambda call: call.answer(ANSWER)
    await pbx.call_in("74951234567", caller)
    async with asyncio.timeout(5):
        while len(ear.of("confirmed")) < count:
            await asyncio.sleep(0.01)
    call = ear.of("confirmed")[count - 1][1]
    assert isinstance(call, ServerCall)
    return call


async def test_hold_and_resume_are_understood(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905325000110", account(pbx))
    await ear.until("answered")
    call.hold()
    await ear.until("renegotiated")
    held = holding.direction(call.remote_sdp)
    ear.heard.clear()
    call.resume()
    await ear.until("renegotiated")
    call.hang_up()
    await ear.until("ended")

    assert (held, holding.direction(call.remote_sdp)) == ("recvonly", "sendrecv")
    await pbx.until_quiet()


async def test_an_update_is_answered_and_a_session_interval_agreed(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905325000111", account(pbx))
    await ear.until("answered")
    call.renegotiate(OFFER.replace(b"o=- 1 1", b"o=- 1 2"), by_update=True)
    await ear.until("renegotiated")
    agreed = call.session.interval, call.session.ours is not None
    call.refresh()
    async with asyncio.timeout(5):
        while call.reoffer is not None:
            await asyncio.sleep(0.01)
    assert call.is_up
    call.hang_up()
    await ear.until("ended")

    assert agreed == (1800, True)


async def test_early_media_comes_reliably_where_it_is_required(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905323001112", account(pbx), headers=[("require", "100rel")])
    await ear.until(183)
    (early,) = call.early.values()
    await ear.until("answered", within=10)
    call.hang_up()
    await ear.until("ended")

    assert early.rseq is not None
    assert b"m=audio" in early.sdp
    await pbx.until_quiet()


async def transferred(ear: Ear) -> int:
    """The last status told of a transfer."""
    async with asyncio.timeout(10):
        while not any(entry[3] for entry in ear.of("transfer")):
            await asyncio.sleep(0.01)
    return ear.of("transfer")[-1][2]


async def test_a_call_is_sent_on_to_a_number(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    """A blind transfer: the PBX calls the number for the caller that we had."""
    registration, _ = await register(agent, account(pbx))
    call = await incoming(ear, pbx, "79160000021")
    call.refer(f"sip:+905321000113@{pbx.host}:{pbx.port}")
    status = await transferred(ear)
    call.hang_up()
    await ear.until("ended")
    left = [line.split("!") for line in (await pbx.command("core show channels concise")).splitlines()]
    await pbx.command("channel request hangup all")
    await pbx.until_quiet()
    await registration.stop()

    assert status == 200
    assert not any(fields[0].startswith("PJSIP/") for fields in left)
    assert any("905321000113" in fields for fields in left)


async def test_a_call_is_not_sent_on_to_a_number_that_is_none(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    registration, _ = await register(agent, account(pbx))
    call = await incoming(ear, pbx, "79160000024")
    call.refer(f"sip:nobody@{pbx.host}:{pbx.port}")
    status = await transferred(ear)
    still_up = call.is_up
    call.hang_up()
    await ear.until("ended")
    await pbx.until_quiet()
    await registration.stop()

    assert (status, still_up) == (404, True)


async def test_two_callers_are_joined_and_left(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    """An attended transfer: both our calls end, and the callers go on."""
    registration, _ = await register(agent, account(pbx))
    first = await incoming(ear, pbx, "79160000022")
    second = await incoming(ear, pbx, "79160000023", 2)
    first.refer_to_call(second)
    status = await transferred(ear)
    first.hang_up()
    second.hang_up()
    async with asyncio.timeout(10):
        while len(ear.of("ended")) < 2:
            await asyncio.sleep(0.01)
    left = [line.split("!") for line in (await pbx.command("core show channels concise")).splitlines()]
    await pbx.command("channel request hangup all")
    await pbx.until_quiet()
    await registration.stop()

    assert status == 200
    assert not any(fields[0].startswith("PJSIP/") for fields in left)
    bridges = [fields[12] for fields in left if fields[12:] and fields[12]]
    assert (len(bridges), len(set(bridges))) == (2, 1)
