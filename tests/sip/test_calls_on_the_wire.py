"""Calls that we place, and their races, over real UDP, with a far end that follows a script."""

import asyncio

import pytest
from listening import ANSWER, Ear, dial
from raw_peer import RawPeer
from wire_scenes import answered, port_of

from sip.agent import UserAgent
from sip.listener import Account, Peer
from sip.machine import branch_for


async def test_a_call_rings_is_answered_and_hung_up_by_us(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call = dial(agent, raw.address, display_name="Ayşe Öz")
    invite = await raw.until("INVITE")
    raw.answer(invite, 180)
    raw.accept(invite)
    await ear.until("answered")
    ack = await raw.until("ACK")
    call.hang_up("shift ended")
    bye = await raw.until("BYE")
    raw.answer(bye, 200)

    assert invite.headers["from"][0].startswith('"Ayşe Öz" <sip:dialer@pbx.test>;tag=')
    assert ear.words() == [180, "answered", "ended"]
    assert call.remote_sdp == ANSWER
    assert (call.dialog.remote_tag, call.dialog.remote_target) == ("far", f"sip:far@127.0.0.1:{raw.address[1]}")
    assert ack.cseq == (1, "ACK")
    assert ack.uri == call.dialog.remote_target
    assert ack.via.branch != invite.via.branch
    assert bye.cseq == (2, "BYE")
    assert bye.get("reason") == 'SIP;cause=200;text="shift ended"'
    assert ear.of("ended") == [("ended", call, True, "bye")]


async def test_they_hang_up(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call, invite = await answered(agent, ear, raw)

    raw.request(
        "BYE",
        port_of(agent),
        from_=invite.headers["to"][0] + ";tag=far",
        to=invite.headers["from"][0],
        call_id=invite.call_id,
        reason="Q.850;cause=16",
    )
    await raw.status(200)

    assert ear.of("ended") == [("ended", call, False, "Q.850;cause=16")]
    call.hang_up()
    await asyncio.sleep(0)
    assert len(ear.of("ended")) == 1


async def test_the_branch_follows_from_the_seed(agent: UserAgent, raw: RawPeer) -> None:
    call = dial(agent, raw.address)
    invite = await raw.until("INVITE")

    assert invite.via.branch == branch_for(call.call_id, invite.from_tag, 1, "INVITE")


async def test_cancel_waits_for_the_first_provisional_answer(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call = dial(agent, raw.address)
    invite = await raw.until("INVITE")
    call.cancel()
    call.cancel()
    await asyncio.sleep(0.1)
    before = raw.count("CANCEL")
    raw.answer(invite, 100)
    cancel = await raw.until("CANCEL")
    raw.answer(cancel, 200)
    raw.answer(invite, 487)
    ack = await raw.until("ACK")
    await ear.until("failed")

    assert before == 0
    assert raw.count("CANCEL") == 1
    assert cancel.via.branch == ack.via.branch == invite.via.branch
    assert cancel.cseq == (1, "CANCEL")
    assert ear.heard == [("failed", call, 487, "cancelled")]


async def test_late_200_after_cancel_is_acked_and_hung_up(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call = dial(agent, raw.address)
    invite = await raw.until("INVITE")
    raw.answer(invite, 180)
    await ear.until("progress")
    call.cancel()
    cancel = await raw.until("CANCEL")
    raw.accept(invite)
    raw.answer(cancel, 200)
    ack = await raw.until("ACK")
    bye = await raw.until("BYE")
    raw.accept(invite)
    await raw.until("ACK", 2)
    raw.answer(bye, 200)
    await asyncio.sleep(0.05)

    assert ear.words() == [180, "failed"]
    assert ear.of("failed") == [("failed", call, 487, "cancelled")]
    assert ack.to_tag == bye.to_tag == "far"
    assert raw.count("BYE") == 1


async def test_a_repeated_200_is_acked_again_and_told_once(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    _, invite = await answered(agent, ear, raw)

    raw.accept(invite)
    await raw.until("ACK", 2)

    assert ear.words() == ["answered"]
    assert raw.count("BYE") == 0


async def test_another_forks_200_is_acked_and_hung_up(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call, invite = await answered(agent, ear, raw)

    raw.accept(invite, to_tag="other")
    bye = await raw.until("BYE")

    assert [ack.to_tag for ack in raw.got if getattr(ack, "method", "") == "ACK"] == ["far", "other"]
    assert bye.to_tag == "other"
    assert ear.words() == ["answered"]
    assert call.dialog.remote_tag == "far"


@pytest.mark.parametrize(("status", "methods"), [(200, ["ACK", "BYE"]), (487, ["ACK"])])
async def test_an_answer_to_a_call_of_a_dead_process_is_acked_and_a_200_hung_up(
    ear: Ear, raw: RawPeer, status: int, methods: list[str]
) -> None:
    first = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("here"), listener=Ear())
    await first.start()
    address = port_of(first)
    dial(first, raw.address)
    invite = await raw.until("INVITE")
    for transport in first._transports.values():
        transport.close()
    await asyncio.sleep(0)
    raw.got[1:] = []
    second = UserAgent(address, peers=lambda host: Peer("here"), listener=ear)
    await second.start()
    raw.answer(invite, status, body=ANSWER)
    ended = await raw.until(methods[-1])
    await asyncio.sleep(0.05)
    raw.answer(ended, 200)
    await second.stop()

    assert [message.method for message in raw.got if message.method != "INVITE"] == methods
    assert ended.to_tag == "far"
    assert (ended.via.branch == invite.via.branch) is (status == 487)
    assert ear.heard == []


async def test_a_refusal_is_acked_inside_the_transaction(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call = dial(agent, raw.address)
    invite = await raw.until("INVITE")
    raw.answer(invite, 503, retry_after="30 (busy)")
    ack = await raw.until("ACK")
    raw.answer(invite, 503)
    await raw.until("ACK", 2)

    assert ear.heard == [("failed", call, 503, "Service Unavailable")]
    assert call.retry_after == 30
    assert ack.via.branch == invite.via.branch
    assert ack.headers["to"] == [f"<sip:+905321005001@127.0.0.1:{raw.address[1]}>;tag=far"]


async def test_a_challenge_is_answered_with_the_next_cseq(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    account = Account("trunk", "127.0.0.1", raw.address[1], "dialer", "secret", realm="pbx.test")
    dial(agent, raw.address, account=account)
    first = await raw.until("INVITE")
    raw.answer(first, 401, www_authenticate='Digest realm="pbx.test", nonce="n1", qop="auth"')
    second = await raw.until("INVITE", 2)
    raw.accept(second)
    await ear.until("answered")
    await raw.until(lambda message: getattr(message, "method", "") == "ACK" and message.cseq.number == 2)

    assert (second.cseq, second.call_id, second.from_tag) == ((2, "INVITE"), first.call_id, first.from_tag)
    assert second.via.branch != first.via.branch
    assert 'username="dialer"' in second.get("authorization")
    assert "secret" not in second.get("authorization")
    assert raw.got[-1].get("authorization") == second.get("authorization")


async def test_wrong_credentials_are_not_sent_again(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    account = Account("trunk", "127.0.0.1", raw.address[1], "dialer", "wrong", realm="pbx.test")
    dial(agent, raw.address, account=account)
    for count in (1, 2):
        invite = await raw.until("INVITE", count)
        raw.answer(invite, 401, www_authenticate=f'Digest realm="pbx.test", nonce="n{count}", qop="auth"')
    await ear.until("failed")
    await asyncio.sleep(0.05)

    assert ear.of("failed")[0][2] == 401
    assert raw.count("INVITE") == 2


async def test_a_stale_nonce_is_answered_once_more(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    account = Account("trunk", "127.0.0.1", raw.address[1], "dialer", "secret", realm="pbx.test")
    dial(agent, raw.address, account=account)
    for count, stale in ((1, ""), (2, ", stale=true")):
        invite = await raw.until("INVITE", count)
        raw.answer(invite, 401, www_authenticate=f'Digest realm="pbx.test", nonce="n{count}", qop="auth"{stale}')
    third = await raw.until("INVITE", 3)

    assert third.cseq.number == 3
    assert 'nonce="n2"' in third.get("authorization")


async def test_a_foreign_realm_gets_no_credentials(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    account = Account("trunk", "127.0.0.1", raw.address[1], "dialer", "secret", realm="pbx.test")
    dial(agent, raw.address, account=account)
    invite = await raw.until("INVITE")
    raw.answer(invite, 401, www_authenticate='Digest realm="evil.example", nonce="n1", qop="auth"')
    await ear.until("failed")
    await asyncio.sleep(0.05)

    assert ear.of("failed")[0][2] == 401
    assert raw.count("INVITE") == 1
