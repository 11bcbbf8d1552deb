"""100rel and PRACK (RFC 3262), offers inside them, and early dialogs of several forks, in virtual time."""

import asyncio

import pytest
from imagined_net import B, Net, play
from listening import ANSWER, OFFER, Ear, dial

from sip.agent import UserAgent
from sip.client_call import ClientCall
from sip.message import Request, Response
from sip.offering import Offer
from sip.transport import Address

NEW = OFFER.replace(b"40000", b"44000")
RELIABLE = [("require", "100rel")]
FAR = Address(B, 5060)


def pracks(net: Net) -> list[Request]:
    return [message for _, _, message in net.log if isinstance(message, Request) and message.method == "PRACK"]


def lost(net: Net, what: str | int, times: int):
    """Lose the first packets of a kind."""
    return lambda sender, message: net.flow()[-1] == what and net.flow().count(what) <= times


# ---------------------------------------------------------------- both sides ours


def test_a_caller_that_requires_it_gets_180_reliably() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring()
        call = dial(first, (B, 5060), headers=RELIABLE)
        _, theirs = await other.until("offered")
        await asyncio.sleep(5)
        theirs.answer(ANSWER)
        await other.until("confirmed")
        assert (one.words(), call.remote_sdp) == ([180, "answered"], ANSWER)
        call.hang_up()
        await other.until("ended")

    net = play(scene)
    assert net.flow() == ["INVITE", 180, "PRACK", 200, 200, "ACK", "BYE", 200]
    assert [m.cseq.number for _, _, m in net.log if isinstance(m, Request)] == [1, 2, 1, 3]


@pytest.mark.parametrize("what", [180, "PRACK"])
def test_a_lost_180_or_prack_is_repeated(what: str | int) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lost(net, what, 2)
        other.on_offer = lambda call: call.ring()
        dial(first, (B, 5060), headers=RELIABLE)
        await one.until(180)
        await asyncio.sleep(20)
        assert one.words() == [180]

    net = play(scene)
    assert len(net.times(180)) == 3
    assert len({prack.get("rack") for prack in pracks(net)}) == 1


def test_without_any_prack_the_call_is_refused_after_64_t1() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: isinstance(message, Request) and message.method == "PRACK"
        other.on_offer = lambda call: call.ring()
        call = dial(first, (B, 5060), headers=RELIABLE)
        await one.until("failed", within=60)
        assert one.heard[-1][1:3] == (call, 504)

    assert play(scene).times(180) == [0.001, 0.501, 1.501, 3.501, 7.501, 15.501, 31.501]


def test_early_media_is_the_answer_and_the_200_waits_for_its_prack() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lost(net, "PRACK", 1)
        other.on_offer = lambda call: (call.ring(ANSWER), call.answer(ANSWER))
        call = dial(first, (B, 5060))
        await one.until(183)
        assert (call.remote_sdp, call.offer, call.has_early_answer) == (ANSWER, Offer.NONE, True)
        await one.until("answered")
        assert call.remote_sdp == ANSWER

    net = play(scene)
    finals = [m for _, _, m in net.log if isinstance(m, Response) and m.status == 200 and m.cseq.method == "INVITE"]
    assert [final.body for final in finals] == [b""]
    assert net.flow()[-2:] == [200, "ACK"]


def test_answers_that_ring_twice_go_one_after_the_other() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: (call.ring(), call.ring(ANSWER))
        dial(first, (B, 5060), headers=RELIABLE)
        await one.until(183)
        assert one.words() == [180, 183]

    net = play(scene)
    first, second = (prack.get("rack") for prack in pracks(net))
    assert int(second.split()[0]) == int(first.split()[0]) + 1
    assert net.flow() == ["INVITE", 180, "PRACK", 183, 200, "PRACK", 200] or net.flow()[:3] == ["INVITE", 180, "PRACK"]


def test_an_invite_without_an_offer_is_answered_in_the_prack() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        one.reanswer = ANSWER
        other.on_offer = lambda call: call.ring(OFFER)
        call = invite_without_offer(first)
        _, theirs = await other.until("offered")
        await asyncio.sleep(1)
        assert (theirs.remote_sdp, theirs.offer, call.remote_sdp) == (ANSWER, Offer.NONE, OFFER)
        theirs.answer(b"unused")
        await other.until("confirmed")
        assert (call.remote_sdp, theirs.local_sdp) == (OFFER, OFFER)

    assert pracks(play(scene))[0].body == ANSWER


def invite_without_offer(agent: UserAgent) -> ClientCall:
    uri = "sip:+905321005001@10.0.0.2"
    call_id, tag, cseq = agent.seed()
    seed = {"call_id": call_id, "from_tag": tag, "cseq": cseq}
    return agent.invite(uri, from_uri="sip:me@here", to_uri=uri, sdp=b"", destination=(B, 5060), **seed)


@pytest.mark.parametrize("early", [False, True])
def test_an_offer_that_we_asked_for_and_cannot_hear_ends_the_call(early: bool) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        one.declines = True
        other.on_offer = lambda call: call.ring(OFFER) if early else call.answer(OFFER)
        invite_without_offer(first)
        await one.until("failed", "ended")
        await other.until("ended")
        assert [entry[0] for entry in one.heard if entry[0] != "progress"][-1] == ("failed" if early else "ended")

    play(scene)


def test_an_offer_in_the_200_is_answered_in_the_ack() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        one.reanswer = ANSWER
        other.on_offer = lambda call: call.answer(OFFER)
        call = invite_without_offer(first)
        _, theirs = await other.until("confirmed")
        assert (call.local_sdp, call.remote_sdp, theirs.remote_sdp) == (ANSWER, OFFER, ANSWER)
        call.hold()
        await one.until("renegotiated")

    play(scene)


def test_a_prack_without_the_answer_leaves_it_to_the_ack() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring(OFFER)
        call = invite_without_offer(first)
        _, theirs = await other.until("offered")
        await one.until(183)
        await asyncio.sleep(0.1)
        assert theirs.offer is Offer.NONE
        theirs.answer(OFFER)
        await other.until("confirmed")
        assert (call.is_up, theirs.is_up, theirs.offer) == (True, True, Offer.NONE)

    assert pracks(play(scene))[0].body == b""


def test_early_media_that_is_told_twice_is_no_new_offer() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: (call.ring(ANSWER), call.ring(ANSWER))
        dial(first, (B, 5060))
        _, theirs = await other.until("offered")
        await asyncio.sleep(1)
        assert theirs.offer is Offer.NONE
        theirs.answer(ANSWER)
        await other.until("confirmed")

    play(scene)


def test_an_update_changes_early_media() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring(ANSWER)
        call = dial(first, (B, 5060))
        _, theirs = await other.until("offered")
        await asyncio.sleep(1)
        call.renegotiate(NEW, by_update=True)
        await one.until("renegotiated")
        assert theirs.remote_sdp == NEW
        theirs.renegotiate(ANSWER.replace(b"41000", b"43000"), by_update=True)
        await other.until("renegotiated")
        theirs.answer(ANSWER)
        await other.until("confirmed")
        assert (call.is_up, theirs.is_up) == (True, True)
        assert b"43000" in call.remote_sdp

    play(scene)


@pytest.mark.parametrize("declined", [False, True])
def test_a_200_waits_for_the_end_of_our_own_update(declined: bool) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        one.declines = declined
        other.on_offer = lambda call: call.ring(ANSWER)
        call = dial(first, (B, 5060))
        _, theirs = await other.until("offered")
        await asyncio.sleep(1)
        theirs.renegotiate(ANSWER.replace(b"41000", b"43000"), by_update=True)
        theirs.answer(ANSWER)
        await other.until("confirmed")
        assert (call.is_up, b"43000" in call.remote_sdp) == (True, not declined)

    assert play(scene).flow()[-4:] == ["UPDATE", 488 if declined else 200, 200, "ACK"]


@pytest.mark.parametrize("is_silent", [False, True])
def test_an_early_update_to_who_knows_no_dialog_takes_the_call_back(is_silent: bool) -> None:
    """RFC 3311 §5.1 and RFC 3261 §12.2.1.2: 481, and 408 of who says nothing, end the dialog."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring(ANSWER)
        call = dial(first, (B, 5060))
        _, theirs = await other.until("offered")
        await asyncio.sleep(1)
        second.forget(theirs)
        net.lose = lambda sender, message: is_silent and getattr(message, "method", "") == "UPDATE"
        call.renegotiate(NEW, by_update=True)
        await one.until("failed", within=60)
        assert (one.heard[-1][2], one.of("reoffer_refused")) == (487, [])
        assert asyncio.get_running_loop().time() == pytest.approx(33 if is_silent else 1, abs=0.1)

    assert len(play(scene).times("CANCEL")) == 1


def test_an_early_update_of_the_called_side_to_who_knows_no_dialog_refuses_the_call() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring(ANSWER)
        call = dial(first, (B, 5060))
        _, theirs = await other.until("offered")
        await asyncio.sleep(1)
        first.forget(call)
        theirs.renegotiate(ANSWER.replace(b"41000", b"43000"), by_update=True)
        theirs.answer(ANSWER)
        await other.until("ended")
        await one.until("failed")
        assert (other.heard[-1][2:], one.heard[-1][2]) == ((True, "refused"), 480)

    play(scene)


def test_cancel_after_a_reliable_180_ends_it_on_both_sides() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring()
        call = dial(first, (B, 5060), headers=RELIABLE)
        await one.until(180)
        call.cancel()
        await one.until("failed")
        await asyncio.sleep(40)
        assert [len(agent.timers) + len(agent.core) + len(agent.transactions) for agent in (first, second)] == [0, 0]

    play(scene)


# ---------------------------------------------------------------- a far end that forks


def ringing(net: Net, tag: str, rseq: int = 0, status: int = 180, body: bytes = b"") -> Response:
    """What a fork of the far end says to the last INVITE."""
    invite = [m for _, _, m in net.log if isinstance(m, Request) and m.method == "INVITE"][-1]
    response = invite.reply(status, to_tag=tag, body=body)
    response.set("contact", f"<sip:{tag}@{B}>")
    if rseq:
        response.set("require", "100rel")
        response.set("rseq", str(rseq))
    return response


def test_each_fork_counts_its_reliable_answers_for_itself() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        dial(first, (B, 5060))
        said = [("a", 1000), ("b", 2000), ("b", 2001), ("b", 2004), ("a", 1001), ("b", 2001), ("b", 2002)]
        for tag, rseq in said:
            first.core.receive(ringing(net, tag, rseq).encode(), FAR, first.now())
        await asyncio.sleep(0.01)

    net = play(scene)
    racks = [(prack.to_tag, prack.get("rack"), prack.cseq.number) for prack in pracks(net)]
    assert racks == [
        ("a", "1000 1 INVITE", 2),
        ("b", "2000 1 INVITE", 2),
        ("b", "2001 1 INVITE", 3),
        ("a", "1001 1 INVITE", 3),
        ("b", "2002 1 INVITE", 4),
    ]


def test_early_media_is_kept_for_each_fork_and_the_answering_one_stays() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call = dial(first, (B, 5060))
        for tag, body in (("a", ANSWER), ("b", NEW)):
            first.core.receive(ringing(net, tag, status=183, body=body).encode(), FAR, first.now())
        assert {tag: early.sdp for tag, early in call.early.items()} == {"a": ANSWER, "b": NEW}
        assert len(first.core) == 2
        first.core.receive(ringing(net, "a", status=200, body=ANSWER).encode(), FAR, first.now())
        assert (call.dialog.remote_tag, call.early, len(first.core)) == ("a", {}, 1)
        first.core.receive(ringing(net, "b", status=200, body=NEW).encode(), FAR, first.now())
        await asyncio.sleep(0.01)
        assert (call.is_up, call.remote_sdp) == (True, ANSWER)

    net = play(scene)
    byes = [m for _, _, m in net.log if isinstance(m, Request) and m.method == "BYE"]
    assert [bye.to_tag for bye in byes] == ["b"]


def test_a_late_200_of_another_fork_is_acked_and_hung_up_after_a_refusal() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call = dial(first, (B, 5060))
        for tag in ("a", "b"):
            first.core.receive(ringing(net, tag).encode(), FAR, first.now())
        first.core.receive(ringing(net, "a", status=486).encode(), FAR, first.now())
        first.core.receive(ringing(net, "b", status=200, body=NEW).encode(), FAR, first.now())
        assert one.heard[-1][:3] == ("failed", call, 486)
        assert len(first.core) == 0
        await asyncio.sleep(0.01)

    flow = play(scene).flow()
    assert (flow.count("ACK"), flow.count("BYE")) == (2, 1)


def test_bye_in_an_early_dialog_takes_the_call_back() -> None:
    """RFC 3261 §15: the called side may not send it; it cannot want the call."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring()
        call = dial(first, (B, 5060))
        await one.until(180)
        _, theirs = await other.until("offered")
        second.send(theirs.dialog.request("BYE", 1), theirs.dialog.next_hop(), None)
        await one.until("failed")
        assert one.heard[-1][:3] == ("failed", call, 487)
        assert len(first.core) == 0

    assert play(scene).flow()[-5:].count("CANCEL") == 1


def test_3xx_tells_where_else_and_calls_nobody() -> None:
    contacts = '<sip:second@b>;q=0.2, "A" <sip:first@a>;q=0.9, <sip:third@c>;q=x'

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.refuse(302, headers=[("contact", contacts)])
        call = dial(first, (B, 5060))
        await one.until("failed")
        assert one.heard == [
            ("redirected", call, ["sip:first@a", "sip:second@b"]),
            ("failed", call, 302, "Moved Temporarily"),
        ]

    assert play(scene).flow() == ["INVITE", 302, "ACK"]
