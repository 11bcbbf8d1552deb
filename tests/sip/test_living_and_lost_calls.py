"""Calls that are asked after, left behind by a dead process, or ended with the agent, over real UDP."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from listening import ANSWER, Ear, dial
from raw_peer import RawPeer
from stream_peer import StreamServer
from wire_scenes import answered, port_of

from sip.agent import UserAgent
from sip.errors import WrongState
from sip.listener import Account, Peer
from sip.machine import branch_for


async def test_stop_ends_what_lives(ear: Ear, raw: RawPeer) -> None:
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("here"), listener=ear)
    await agent.start()
    await answered(agent, ear, raw)
    dial(agent, raw.address)
    second = await raw.until("INVITE", 2)
    raw.answer(second, 180)
    await ear.until("progress")
    stopping = asyncio.ensure_future(agent.stop())
    bye = await raw.until("BYE")
    cancel = await raw.until("CANCEL")
    raw.answer(bye, 200)
    raw.answer(cancel, 200)
    raw.answer(second, 487)
    await stopping

    assert sorted(entry[0] for entry in ear.heard) == ["answered", "ended", "failed", "progress"]


@pytest.mark.parametrize("answered_before", [True, False])
async def test_a_lost_dialog_is_ended_from_what_was_stored(
    agent: UserAgent, ear: Ear, raw: RawPeer, answered_before: bool
) -> None:
    call_id, from_tag, cseq = agent.seed()
    done = agent.end_lost(
        call_id=call_id,
        from_tag=from_tag,
        cseq=cseq,
        from_uri="sip:dialer@pbx.test",
        to_uri="sip:1@pbx.test",
        request_uri="sip:1@pbx.test",
        destination=raw.address,
        to_tag="far" if answered_before else None,
        remote_target=f"sip:far@127.0.0.1:{raw.address[1]}" if answered_before else None,
        answered=answered_before,
    )
    for number in range(1 if answered_before else 4):
        request = await raw.until("BYE" if answered_before else "CANCEL", number + 1)
        raw.answer(request, 200 if answered_before else 481)
    await asyncio.wait_for(done, 2)

    if answered_before:
        assert (request.to_tag, request.from_tag, request.cseq.number > 100_000) == ("far", from_tag, True)
    else:
        branches = [message.via.branch for message in raw.got if message.method == "CANCEL"]
        assert branches == [branch_for(call_id, from_tag, number, "INVITE") for number in (1, 2, 3, 4)]


async def test_a_lost_call_that_rang_is_taken_back_where_its_invite_went(agent: UserAgent, raw: RawPeer) -> None:
    """§9.1: a CANCEL goes hop by hop, with the INVITE's branch; who rang behind the trunk knows neither."""
    call_id, from_tag, cseq = agent.seed()
    done = agent.end_lost(
        call_id=call_id,
        from_tag=from_tag,
        cseq=cseq,
        from_uri="sip:dialer@pbx.test",
        to_uri="sip:1@pbx.test",
        request_uri="sip:1@pbx.test",
        destination=raw.address,
        to_tag="far",
        remote_target="sip:far@127.0.0.1:9",
    )
    cancel = await raw.until("CANCEL")
    done.cancel()

    assert (cancel.uri, cancel.to_tag) == ("sip:1@pbx.test", "")
    assert cancel.via.branch == branch_for(call_id, from_tag, cseq, "INVITE")


async def test_options_say_who_is_there(agent: UserAgent, raw: RawPeer) -> None:
    asking = asyncio.ensure_future(agent.options(raw.address))
    request = await raw.until("OPTIONS")
    raw.answer(request, 404)

    assert await asking == 404


async def test_cancel_after_a_challenge_waits_for_an_answer_to_the_new_invite(
    agent: UserAgent, ear: Ear, raw: RawPeer
) -> None:
    """§9.1: the 100 was for the INVITE that was challenged; the one that followed may not be there yet."""
    account = Account("trunk", "127.0.0.1", raw.address[1], "dialer", "secret", realm="pbx.test")
    call = dial(agent, raw.address, account=account)
    first = await raw.until("INVITE")
    raw.answer(first, 100)
    raw.answer(first, 407, proxy_authenticate='Digest realm="pbx.test", nonce="n1", qop="auth"')
    second = await raw.until("INVITE", 2)
    call.cancel()
    await asyncio.sleep(0.1)
    assert raw.count("CANCEL") == 0

    raw.answer(second, 180)
    cancel = await raw.until("CANCEL")

    assert cancel.cseq.number == second.cseq.number


@pytest.fixture
async def other() -> AsyncIterator[UserAgent]:
    """Another agent, which answers every call."""
    ear = Ear()
    ear.on_offer = lambda call: call.answer(ANSWER)
    made = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("here"), listener=ear)
    await made.start()
    yield made
    await made.stop()


async def test_both_sides_of_a_living_call_say_so(agent: UserAgent, ear: Ear, other: UserAgent) -> None:
    call = dial(agent, port_of(other))
    await ear.until("answered")
    _, theirs = await other.listener.until("confirmed")

    assert await call.probe(2.0) == 200
    assert await theirs.probe(2.0) == 200
    assert await call.probe(2.0) == 200
    call.hang_up()
    assert (await other.listener.until("ended"))[1] is theirs
    with pytest.raises(WrongState):
        await call.probe(2.0)


async def test_a_side_that_restarted_does_not_know_the_call(
    agent: UserAgent, ear: Ear, other: UserAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = dial(agent, port_of(other))
    await ear.until("answered")
    await other.listener.until("confirmed")
    monkeypatch.setattr(other.core, "_calls", {})

    assert await call.probe(2.0) == 481


async def test_a_silent_side_is_asked_for_as_long_as_told(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call, _ = await answered(agent, ear, raw)

    assert await call.probe(0.1) == 408
    request = await raw.until("OPTIONS")
    assert (request.uri, request.to_tag, request.get("accept")) == (call.dialog.remote_target, "far", "application/sdp")


async def test_an_answer_that_comes_after_the_patience_is_of_no_use(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call, _ = await answered(agent, ear, raw)
    assert await call.probe(0.1) == 408
    raw.answer(await raw.until("OPTIONS"), 481)
    while agent.transactions.unanswered():
        await asyncio.sleep(0.01)

    assert (call.is_up, agent.counts.errors) == (True, 0)


async def test_a_challenge_to_the_question_is_answered_and_the_bye_comes_after(
    agent: UserAgent, ear: Ear, raw: RawPeer
) -> None:
    account = Account("trunk", "127.0.0.1", raw.address[1], "dialer", "secret", realm="pbx.test")
    call = dial(agent, raw.address, account=account)
    raw.accept(await raw.until("INVITE"))
    await ear.until("answered")
    asking = asyncio.ensure_future(call.probe(2.0))
    challenged = await raw.until("OPTIONS")
    raw.answer(challenged, 407, proxy_authenticate='Digest realm="pbx.test", nonce="n1", qop="auth"')
    asked = await raw.until("OPTIONS", 2)
    raw.answer(asked, 501)

    assert await asking == 501
    assert "proxy-authorization" in asked.headers
    call.hang_up()
    bye = await raw.until("BYE")
    raw.answer(bye, 200)
    assert challenged.cseq.number < asked.cseq.number < bye.cseq.number


@pytest.mark.parametrize("reason", ["shift ended", None])
async def test_a_challenged_bye_is_sent_again_with_its_reason(
    agent: UserAgent, ear: Ear, raw: RawPeer, reason: str | None
) -> None:
    account = Account("trunk", "127.0.0.1", raw.address[1], "dialer", "secret", realm="pbx.test")
    call = dial(agent, raw.address, account=account)
    raw.accept(await raw.until("INVITE"))
    await ear.until("answered")
    call.hang_up(reason)
    bye = await raw.until("BYE")
    raw.answer(bye, 407, proxy_authenticate='Digest realm="pbx.test", nonce="n1", qop="auth"')
    again = await raw.until("BYE", 2)
    raw.answer(again, 200)

    assert "proxy-authorization" in again.headers
    assert (again.uri, again.to_tag, again.cseq) == (bye.uri, bye.to_tag, (bye.cseq.number + 1, "BYE"))
    assert again.get("reason") == bye.get("reason") == (reason and f'SIP;cause=200;text="{reason}"')


async def test_a_bye_that_is_too_long_for_udp_tries_tcp_first(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call, _ = await answered(agent, ear, raw)
    server = await StreamServer.open(*raw.address)
    call.hang_up("x" * 1300)
    bye = await (await server.peer()).method("BYE")
    server.close()
    again = await raw.until("BYE")
    raw.answer(again, 200)

    assert (bye.via.transport, again.via.transport) == ("TCP", "UDP")
    assert again.get("reason") == bye.get("reason") == f'SIP;cause=200;text="{"x" * 1300}"'


async def test_a_bye_is_repeated_until_a_whole_200_comes(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call, _ = await answered(agent, ear, raw)
    call.hang_up()
    bye = await raw.until("BYE")
    whole = bye.reply(200).encode()
    raw.send(whole[:-5])
    raw.send(whole.replace(bye.branch.encode(), b"z9hG4bK" + b"0" * 24))
    await raw.until("BYE", 2)
    assert agent.transactions.unanswered()
    raw.send(whole)
    while agent.transactions.unanswered():
        await asyncio.sleep(0.01)
