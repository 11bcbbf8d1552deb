"""Calls that come in, and requests inside them, over real UDP, with a far end that follows a script."""

import asyncio

import pytest
from listening import ANSWER, OFFER, Ear, dial
from raw_peer import RawPeer
from wire_scenes import answered, inside, offered, port_of

from sip.agent import UserAgent
from sip.errors import WrongState


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
