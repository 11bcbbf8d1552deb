"""Whole calls and their races over real UDP, with a far end that follows a script."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from listening import ANSWER, OFFER, Ear, dial
from raw_peer import RawPeer

from sip.agent import UserAgent
from sip.errors import LocalError, WrongState
from sip.listener import Account, Peer
from sip.machine import branch_for
from sip.message import Request, Response
from sip.uas import ALLOW


def port_of(agent: UserAgent) -> tuple[str, int]:
    host, _, port = agent.local_address.rpartition(":")
    return host, int(port)


async def answered(agent: UserAgent, ear: Ear, raw: RawPeer):
    call = dial(agent, raw.address)
    invite = await raw.until("INVITE")
    raw.accept(invite)
    await ear.until("answered")
    await raw.until("ACK")
    return call, invite


async def offered(agent: UserAgent, ear: Ear, raw: RawPeer):
    raw.request("INVITE", port_of(agent), body=OFFER)
    _, call = await ear.until("offered")
    return call


def inside(raw: RawPeer, agent: UserAgent, method: str, reply: Response, **more: Any) -> Request:
    """A request of the caller inside the dialog that `reply` made."""
    return raw.request(method, port_of(agent), to=reply.headers["to"][0], **more)


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


async def test_an_incoming_call_is_answered_until_its_ack(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call = await offered(agent, ear, raw)
    call.ring()
    await raw.status(180)
    call.answer(ANSWER)
    first = await raw.status(200)
    again = await raw.status(200, 2)
    inside(raw, agent, "ACK", first, branch="z9hG4bKack")
    await ear.until("confirmed")
    seen = len(raw.got)
    await asyncio.sleep(1.2)

    assert (call.number, call.called, call.name) == ("79160000001", "74951234567", "")
    assert call.remote_sdp == OFFER
    assert again.body == first.body == ANSWER
    assert again.to_tag == first.to_tag != ""
    assert len(raw.got) == seen


async def test_a_call_to_our_registered_address_was_meant_for_to(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    raw.request("INVITE", port_of(agent), body=OFFER, from_='"Bank\u202e" <sip:anonymous@h>;tag=1')
    _, call = await ear.until("offered")
    call.request.uri = agent.letterhead.contact_uri

    assert (call.called, call.number, call.name) == ("74951234567", None, "Bank‹U+202E›")


async def test_hanging_up_before_the_ack_waits_for_it(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call = await offered(agent, ear, raw)
    call.answer(ANSWER)
    reply = await raw.status(200)
    call.hang_up()
    await asyncio.sleep(0.05)
    before = raw.count("BYE")
    inside(raw, agent, "ACK", reply, branch="z9hG4bKack")
    bye = await raw.until("BYE")

    assert before == 0
    assert (bye.from_tag, bye.to_tag) == (reply.to_tag, "raw")
    assert ear.words() == ["offered", "ended"]


async def test_a_caller_who_cancels_is_told_487_and_200(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    raw.request("INVITE", port_of(agent), body=OFFER, branch="z9hG4bKone")
    await ear.until("offered")
    raw.request("CANCEL", port_of(agent), branch="z9hG4bKone")
    refused = await raw.status(487)
    taken = await raw.status(200)

    assert (refused.cseq.method, taken.cseq.method) == ("INVITE", "CANCEL")
    assert refused.to_tag == taken.to_tag
    assert [entry[0:1] + entry[2:] for entry in ear.heard] == [("offered",), ("ended", False, "cancelled")]
    with pytest.raises(WrongState):
        ear.heard[0][1].answer(ANSWER)


async def test_a_refused_caller_is_told_why(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    ear.on_offer = lambda call: call.refuse(486, headers=[("Retry-After", "5")])
    call = await offered(agent, ear, raw)
    reply = await raw.status(486)
    raw.request("ACK", port_of(agent), to=reply.headers["to"][0], branch=reply.via.branch)
    await ear.until("ended")
    await asyncio.sleep(0.6)

    assert reply.get("retry-after") == "5"
    assert ear.of("ended") == [("ended", call, True, "refused")]
    assert sum(1 for message in raw.got if getattr(message, "status", 0) == 486) == 1
    assert not any(getattr(message, "status", 0) == 100 for message in raw.got)


async def test_a_duplicate_invite_is_one_call(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    first = raw.request("INVITE", port_of(agent), body=OFFER, branch="z9hG4bKone")
    await raw.status(100)
    raw.send(first.encode(), port_of(agent))
    await raw.status(100, 2)
    raw.request("INVITE", port_of(agent), body=OFFER, branch="z9hG4bKtwo")
    merged = await raw.status(482)

    assert len(ear.of("offered")) == 1
    assert merged.via.branch == "z9hG4bKtwo"


async def test_a_bye_before_the_answer_ends_the_call(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call = await offered(agent, ear, raw)
    call.ring()
    ringing = await raw.status(180)
    inside(raw, agent, "BYE", ringing, number=2)
    await raw.status(487)
    await raw.status(200)

    assert ear.of("ended") == [("ended", call, False, "bye")]


async def test_a_reinvite_is_answered_with_our_last_sdp_or_the_listeners(
    agent: UserAgent, ear: Ear, raw: RawPeer
) -> None:
    call = await offered(agent, ear, raw)
    call.answer(ANSWER)
    reply = await raw.status(200)
    inside(raw, agent, "ACK", reply, branch="z9hG4bKack1")
    await ear.until("confirmed")
    inside(raw, agent, "INVITE", reply, number=2, body=OFFER.replace(b"sendrecv", b"sendonly"))
    second = await raw.until(lambda m: getattr(m, "status", 0) == 200 and m.cseq.number == 2)
    inside(raw, agent, "ACK", reply, number=2, branch="z9hG4bKack2")
    await asyncio.sleep(0.05)
    ear.reanswer = ANSWER.replace(b"41000", b"42000")
    inside(raw, agent, "INVITE", reply, number=3)
    third = await raw.until(lambda m: getattr(m, "status", 0) == 200 and m.cseq.number == 3)
    inside(raw, agent, "ACK", reply, number=3, branch="z9hG4bKack3", body=OFFER)
    await asyncio.sleep(0.05)

    assert b"a=recvonly" in second.body
    assert b"o=- 1 2" in second.body
    assert third.body == ear.reanswer == call.local_sdp
    assert [b"sendonly" in ear.reoffers[0], ear.reoffers[1]] == [True, b""]
    assert call.remote_sdp == OFFER
    assert ear.words() == ["offered", "confirmed", "renegotiated"]


async def test_requests_for_unknown_dialogs_get_481(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    for number, method in enumerate(("BYE", "INVITE", "CANCEL", "INFO"), 1):
        raw.request(method, port_of(agent), number=number, to=f"<sip:x@{raw.address[0]}>;tag=guess", call_id="guess")
        await raw.status(481, number)
    raw.request("ACK", port_of(agent), number=9, to="<sip:x@127.0.0.1>;tag=guess", call_id="guess")
    await asyncio.sleep(0.05)

    assert ear.heard == []
    assert len(raw.got) == 4


async def test_a_response_that_was_meant_to_go_on_is_discarded(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    """RFC 3261 §8.1.3.3, RFC 4475 §3.3.10: more than our own Via."""
    dial(agent, raw.address)
    invite = await raw.until("INVITE")
    reply = invite.reply(200, to_tag="far", body=ANSWER)
    reply.headers["via"] = [*reply.headers["via"], "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKother"]
    raw.send(reply.encode())
    await asyncio.sleep(0.05)

    assert ear.heard == []
    assert agent.counts.unmatched == 1


async def test_guessed_tags_do_not_end_a_call(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call, invite = await answered(agent, ear, raw)

    raw.request("BYE", port_of(agent), call_id=invite.call_id, to=invite.headers["from"][0])
    await raw.status(481)

    assert ear.of("ended") == []
    assert call.dialog is not None


async def test_an_old_cseq_inside_a_dialog_is_refused(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    call = await offered(agent, ear, raw)
    call.answer(ANSWER)
    reply = await raw.status(200)
    inside(raw, agent, "ACK", reply, branch="z9hG4bKack")
    inside(raw, agent, "OPTIONS", reply, number=7)
    await raw.until(lambda m: getattr(m, "status", 0) == 200 and m.cseq.method == "OPTIONS")
    inside(raw, agent, "BYE", reply, number=6)
    await raw.status(500)

    assert ear.of("ended") == []


@pytest.mark.parametrize(
    ("method", "fields", "status", "header"),
    [
        ("OPTIONS", {}, 200, ("allow", ALLOW)),
        ("MESSAGE", {}, 405, ("allow", ALLOW)),
        ("REGISTER", {}, 405, ("allow", ALLOW)),
        ("BYE", {}, 481, None),
        ("INVITE", {"require": "100rel, nothing"}, 420, ("unsupported", "nothing")),
        ("INVITE", {"body": b"hello", "content_type": "text/plain"}, 415, ("accept", "application/sdp")),
        ("INVITE", {"accept": "text/nobody"}, 406, None),
        ("INVITE", {"contact": ""}, 400, None),
        ("INVITE", {"cseq": "2 OPTIONS"}, 400, None),
        ("OPTIONS", {"max_forwards": "x"}, 400, None),
    ],
)
async def test_what_cannot_be_served_is_refused_by_its_status(
    agent: UserAgent, ear: Ear, raw: RawPeer, method: str, fields: dict, status: int, header: tuple | None
) -> None:
    raw.request(method, port_of(agent), **fields)
    reply = await raw.status(status)

    assert header is None or reply.get(header[0]) == header[1]


async def test_a_stranger_gets_no_answer_and_one_log_line(ear: Ear, raw: RawPeer, capfd: pytest.CaptureFixture) -> None:
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: None, listener=ear)
    await agent.start()
    for number, method in enumerate(("INVITE", "OPTIONS", "REGISTER") * 20, 1):
        raw.request(method, port_of(agent), number=number, call_id=f"scan{number}")
    raw.send(b"\0" * 60, port_of(agent))
    await asyncio.sleep(0.2)
    printed = "".join(capfd.readouterr())
    counted, transactions = agent.gate.count, len(agent.transactions)
    await agent.stop()

    assert raw.got == []
    assert (counted, transactions, ear.heard) == (61, 0, [])
    assert printed.count("unknown addresses") == 1


async def test_a_stranger_can_be_told_403_without_a_transaction(ear: Ear, raw: RawPeer) -> None:
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: None, listener=ear, unknown_peer="403")
    await agent.start()
    raw.request("INVITE", port_of(agent))
    await raw.status(403)
    transactions = len(agent.transactions)
    await agent.stop()

    assert transactions == 0


async def test_a_listener_that_fails_answers_500_and_the_next_call_works(
    agent: UserAgent, ear: Ear, raw: RawPeer
) -> None:
    def fail(call: object) -> None:
        raise ZeroDivisionError

    ear.on_offer = fail
    raw.request("INVITE", port_of(agent), call_id="one", branch="z9hG4bK1")
    await raw.status(500)
    ear.on_offer = lambda call: call.ring()
    raw.request("INVITE", port_of(agent), call_id="two", branch="z9hG4bK2")
    await raw.status(180)

    assert agent.counts.errors == 1
    assert len(agent.core) == 1


async def test_keepalives_and_rubbish_are_ignored(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    for data in (b"", b"\r\n\r\n", b"\0" * 2000, b"INVITE", b"SIP/2.0 200 OK\r\n\r\n"):
        raw.send(data, port_of(agent))
    raw.request("OPTIONS", port_of(agent))
    await raw.status(200)

    assert len(raw.got) == 1
    assert agent.counts.errors == 0


@pytest.mark.parametrize(
    "more",
    [
        {"display_name": "Eve\r\nX: y"},
        {"headers": [("X-Lead", "a\nb")]},
        {"headers": [("X Lead", "a")]},
        {"number": "1 SIP/2.0\r\nX"},
        {"number": "1>evil<"},
        {"domain": "x>\0"},
    ],
)
async def test_nothing_unsafe_leaves(agent: UserAgent, raw: RawPeer, more: dict) -> None:
    with pytest.raises(LocalError):
        dial(agent, raw.address, **more)
    await asyncio.sleep(0.05)

    assert raw.got == []
    assert len(agent.transactions) == 0
    assert agent.core.placed == set()


async def test_a_name_is_no_destination(agent: UserAgent) -> None:
    with pytest.raises(LocalError):
        dial(agent, ("localhost", 5060))


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
    for number in range(1 if answered_before else 2):
        request = await raw.until("BYE" if answered_before else "CANCEL", number + 1)
        raw.answer(request, 200 if answered_before else 481)
    await asyncio.wait_for(done, 2)

    if answered_before:
        assert (request.to_tag, request.from_tag, request.cseq.number > 100_000) == ("far", from_tag, True)
    else:
        branches = [message.via.branch for message in raw.got if message.method == "CANCEL"]
        assert branches == [branch_for(call_id, from_tag, number, "INVITE") for number in (1, 2)]


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


async def test_a_challenged_bye_is_sent_again_with_its_reason(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    account = Account("trunk", "127.0.0.1", raw.address[1], "dialer", "secret", realm="pbx.test")
    call = dial(agent, raw.address, account=account)
    raw.accept(await raw.until("INVITE"))
    await ear.until("answered")
    call.hang_up("shift ended")
    bye = await raw.until("BYE")
    raw.answer(bye, 407, proxy_authenticate='Digest realm="pbx.test", nonce="n1", qop="auth"')
    again = await raw.until("BYE", 2)
    raw.answer(again, 200)

    assert "proxy-authorization" in again.headers
    assert (again.uri, again.to_tag, again.cseq) == (bye.uri, bye.to_tag, (bye.cseq.number + 1, "BYE"))
    assert again.get("reason") == bye.get("reason") == 'SIP;cause=200;text="shift ended"'


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
