"""re-INVITE and UPDATE, hold, glare, and the races of RFC 5407, in virtual time."""

import asyncio

import pytest
from imagined_net import B, Net, play, talking
from listening import ANSWER, OFFER, Ear, dial

from sip import holding, offering
from sip.agent import UserAgent
from sip.errors import WrongState
from sip.message import Request, Response, parse
from sip.offering import OFFERS, Offer, Word, following, glare_wait
from sip.transport import Address

NEW = OFFER.replace(b"40000", b"44000")


def asked(net: Net, method: str) -> list[Request]:
    return [message for _, _, message in net.log if isinstance(message, Request) and message.method == method]


def move(agent: UserAgent, contact: str) -> None:
    """Let an agent name another Contact from now on."""
    own = agent.letterhead._own
    lines = own["udp"].lines.replace(own["udp"].contact_uri, contact)
    own["udp"] = own["udp"]._replace(contact_uri=contact, contact=f"<{contact}>", lines=lines)


def statuses(net: Net, *wanted: int) -> list[int]:
    return [message.status for _, _, message in net.log if isinstance(message, Response) and message.status in wanted]


# ---------------------------------------------------------------- the table


def test_a_second_offer_before_the_first_answer_is_a_mistake() -> None:
    with pytest.raises(WrongState, match="WE_OFFER while an offer of THEIRS"):
        following(Offer.THEIRS, Word.WE_OFFER)

    assert {offer for offer, _ in OFFERS} == set(Offer)
    assert set(OFFERS.values()) == set(Offer)


def test_who_made_the_call_id_waits_longer_after_a_glare() -> None:
    owners = [glare_wait(True) for _ in range(300)]
    others = [glare_wait(False) for _ in range(300)]

    assert (min(owners) >= 2.1, max(owners) <= 4.0, max(others) <= 2.0) == (True, True, True)
    assert all(round(wait * 100) == pytest.approx(wait * 100) for wait in owners + others)


# ---------------------------------------------------------------- offers of ours


@pytest.mark.parametrize("by_update", [False, True])
def test_a_new_offer_is_answered_and_told(by_update: bool) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        other.reanswer = ANSWER.replace(b"41000", b"45000")
        call.renegotiate(NEW, by_update=by_update)
        await one.until("renegotiated")
        await asyncio.sleep(1)
        assert (call.local_sdp, call.remote_sdp) == (NEW, other.reanswer)
        assert (theirs.remote_sdp, theirs.local_sdp) == (NEW, other.reanswer)
        assert (call.offer, theirs.offer, theirs.unacknowledged) == (Offer.NONE, Offer.NONE, None)

    tail = ["UPDATE", 200] if by_update else ["INVITE", 200, "ACK"]
    assert play(scene).flow() == ["INVITE", 200, "ACK", *tail]


def test_an_offer_waits_for_no_other_offer() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        call.renegotiate(NEW)
        with pytest.raises(WrongState):
            call.renegotiate(NEW)
        call.hang_up()
        with pytest.raises(WrongState):
            call.hold()

    play(scene)


def test_a_declined_offer_leaves_everything_as_it_was() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        other.declines = True
        call.renegotiate(NEW)
        heard = await one.until("reoffer refused")
        assert heard[2] == 488
        assert (call.local_sdp, theirs.remote_sdp, call.life, theirs.life) == (OFFER, OFFER, call.life.UP, call.life.UP)
        other.declines = False
        call.renegotiate(NEW)
        await one.until("renegotiated")

    play(scene)


def test_the_answer_in_the_ack_of_a_reinvite_without_an_offer_is_told() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        send = first.write

        def with_an_answer(data: bytes, to: Address) -> None:
            ack = parse(data)
            ack.body = NEW
            send(ack.encode(), to)

        first.write = with_an_answer  # type: ignore[method-assign]
        call.renegotiate(b"")
        await other.until("renegotiated")
        assert (theirs.remote_sdp, theirs.offer) == (NEW, Offer.NONE)
        assert other.words() == ["offered", "confirmed", "renegotiated"]

    assert play(scene).flow() == ["INVITE", 200, "ACK", "INVITE", 200, "ACK"]


def test_a_repeated_200_of_a_reinvite_is_acked_again() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        net.lose = lambda sender, message: isinstance(message, Request) and net.flow().count("ACK") == 2
        call.renegotiate(NEW)
        await asyncio.sleep(10)
        assert call.is_up

    assert [ack.cseq.number for ack in asked(play(scene), "ACK")] == [1, 2, 2]


@pytest.mark.parametrize("by_address", [False, True])
def test_hold_and_resume_by_direction_and_by_address(by_address: bool) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        call.hold(by_address=by_address)
        await one.until("renegotiated")
        assert (call.holding, holding.is_hold(theirs.remote_sdp)) == (True, True)
        assert (b"c=IN IP4 0.0.0.0" in theirs.remote_sdp) is by_address
        assert holding.direction(call.remote_sdp) == "recvonly"
        one.heard.clear()
        call.resume()
        await one.until("renegotiated")
        assert (call.holding, holding.is_hold(theirs.remote_sdp)) == (False, False)
        assert (holding.direction(call.remote_sdp), theirs.remote_sdp.count(b"c=IN IP4 127.0.0.1")) == ("sendrecv", 1)

    play(scene)


def test_both_hold_and_one_resumes() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        call.hold()
        await one.until("renegotiated")
        await asyncio.sleep(0.1)
        theirs.hold()
        await other.until("renegotiated")
        assert (holding.direction(theirs.local_sdp), holding.direction(call.local_sdp)) == ("inactive", "inactive")
        await asyncio.sleep(0.1)
        one.heard.clear()
        call.resume()
        await one.until("renegotiated")
        assert holding.direction(theirs.local_sdp) == "sendonly"

    play(scene)


def test_the_version_of_a_description_grows_with_each_change() -> None:
    held = holding.held(OFFER)

    assert held == OFFER.replace(b"o=- 1 1", b"o=- 1 2").replace(b"sendrecv", b"sendonly")
    assert holding.resumed(held) == OFFER.replace(b"o=- 1 1", b"o=- 1 3")
    assert holding.answering(OFFER, OFFER, holding=False) == OFFER


def test_an_offer_without_an_end_is_taken_back_after_64_t1() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        net.lose = lambda sender, message: sender.host == B and isinstance(message, Response) and message.status == 200
        call.renegotiate(NEW)
        invite = asked(net, "INVITE")[-1]
        first.core.receive(invite.reply(100).encode(), second_address(net), first.now())
        await one.until("reoffer refused", within=60)
        assert call.is_up
        assert len(asked(net, "CANCEL")) >= 1

    play(scene)


def second_address(net: Net):
    return next(sender for _, sender, _ in net.log if sender.host == B)


# ---------------------------------------------------------------- targets


def test_a_new_contact_moves_the_target_with_the_200_only() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        move(first, "sip:moved@10.0.0.1:5060")
        other.declines = True
        call.renegotiate(NEW)
        await one.until("reoffer refused")
        assert theirs.dialog.remote_target == "sip:ahize@10.0.0.1:5060"
        other.declines = False
        call.renegotiate(NEW)
        await one.until("renegotiated")
        assert theirs.dialog.remote_target == "sip:moved@10.0.0.1:5060"
        move(second, "sip:away@10.0.0.2:5060")
        call.renegotiate(NEW, by_update=True)
        await asyncio.sleep(1)
        assert call.dialog.remote_target == "sip:away@10.0.0.2:5060"

    play(scene)


# ---------------------------------------------------------------- RFC 5407


def test_5407_3_1_1_a_repeated_invite_after_the_200_changes_nothing() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: net.flow()[-1] == 200 and net.flow().count(200) == 1
        other.on_offer = lambda call: call.answer(ANSWER)
        dial(first, (B, 5060))
        await other.until("confirmed", within=10)
        assert (one.words(), other.words()) == (["answered"], ["offered", "confirmed"])

    assert play(scene).flow()[:3] == ["INVITE", 200, "INVITE"]


def test_5407_3_1_2_cancel_crosses_the_200() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring()
        call = dial(first, (B, 5060))
        await one.until(180)
        _, theirs = await other.until("offered")
        theirs.answer(ANSWER)
        call.cancel()
        await other.until("ended")
        assert one.words() == [180, "failed"]

    flow = play(scene).flow()
    assert (flow.count("CANCEL"), flow.count("ACK"), flow.count("BYE"), 487 in flow) == (1, 1, 1, False)


def test_5407_3_1_3_bye_in_an_early_dialog_crosses_the_200() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring()
        call = dial(first, (B, 5060))
        await one.until(180)
        _, theirs = await other.until("offered")
        first.send(call.dialog.request("BYE", call.dialog.next_cseq()), call.dialog.next_hop(), None)
        theirs.answer(ANSWER)
        await other.until("ended")
        await asyncio.sleep(40)
        assert other.words() == ["offered", "ended"]
        assert (len(second.core), len(second.timers)) == (0, 0)

    play(scene)


def test_5407_3_1_4_a_reinvite_before_the_ack_shows_that_the_200_came() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: isinstance(message, Request) and message.cseq == (1, "ACK")
        other.on_offer = lambda call: call.answer(ANSWER)
        call = dial(first, (B, 5060))
        await one.until("answered")
        call.renegotiate(NEW)
        await one.until("renegotiated")
        await asyncio.sleep(40)
        assert (call.is_up, other.words()) == (True, ["offered", "confirmed"])

    assert play(scene).times(200)[2:] == []


def test_5407_3_1_5_a_reinvite_before_the_answer_in_the_ack_meets_491() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: isinstance(message, Request) and net.times("ACK") == [net.log[-1][0]]
        other.on_offer = lambda call: call.answer(ANSWER)
        call_id, tag, cseq = first.seed()
        uri = "sip:+905321005001@10.0.0.2"
        addresses = {"from_uri": "sip:me@here", "to_uri": uri, "destination": (B, 5060)}
        call = first.invite(uri, call_id=call_id, from_tag=tag, cseq=cseq, sdp=b"", **addresses)
        await one.until("answered")
        call.renegotiate(NEW)
        await one.until("renegotiated", within=20)
        assert call.is_up

    net = play(scene)
    assert statuses(net, 491) == [491]


def test_5407_3_1_6_bye_before_the_ack_ends_the_call() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: isinstance(message, Request) and message.method == "ACK"
        other.on_offer = lambda call: call.answer(ANSWER)
        call = dial(first, (B, 5060))
        await one.until("answered")
        call.hang_up()
        await other.until("ended")
        await asyncio.sleep(40)
        assert (len(second.core), len(second.transactions), len(second.timers)) == (0, 0, 0)

    assert play(scene).flow() == ["INVITE", 200, "ACK", "BYE", 200]


def test_5407_3_2_1_byes_cross() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        call.hang_up()
        theirs.hang_up()
        await asyncio.sleep(40)
        assert (one.words()[-1], other.words()[-1]) == ("ended", "ended")
        assert (len(first.timers), len(second.timers)) == (0, 0)

    assert statuses(play(scene), 481) == [481, 481]


def test_5407_3_2_2_a_reinvite_crosses_bye() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        theirs.renegotiate(NEW)
        call.hang_up()
        await other.until("ended")
        await asyncio.sleep(40)
        assert other.words() == ["offered", "confirmed", "ended"]
        assert (len(first.timers), len(second.timers)) == (0, 0)

    net = play(scene)
    assert (statuses(net, 481), len(asked(net, "BYE"))) == ([481], 1)


def test_5407_3_2_3_the_200_of_a_reinvite_is_acked_after_bye() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        call.renegotiate(NEW)
        await asyncio.sleep(0.0015)
        call.hang_up()
        await other.until("ended")
        await asyncio.sleep(40)
        assert one.words() == ["answered", "ended"]
        assert other.words() == ["offered", "confirmed", "ended"]

    net = play(scene)
    assert [ack.cseq.number for ack in asked(net, "ACK")] == [1, 2]


@pytest.mark.parametrize("by_update", [(False, False), (True, False), (False, True), (True, True)])
def test_5407_3_3_1_and_3_3_2_offers_that_cross_meet_491_and_are_made_again(by_update: tuple[bool, bool]) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        call.renegotiate(NEW, by_update=by_update[0])
        theirs.renegotiate(ANSWER.replace(b"41000", b"46000"), by_update=by_update[1])
        await other.until("renegotiated", within=10)
        between = asyncio.get_running_loop().time()
        await one.until("renegotiated", within=10)
        assert (between < 2.2, asyncio.get_running_loop().time() > 2.1) == (True, True)
        assert (call.is_up, theirs.is_up, call.offer, theirs.offer) == (True, True, Offer.NONE, Offer.NONE)

    assert statuses(play(scene), 491) == [491, 491]


def test_5407_3_3_3_a_refer_crosses_bye() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        theirs.refer("sip:third@10.0.0.3")
        call.hang_up()
        await other.until("transfer")
        assert other.heard[-1][2:] == (481, True)

    play(scene)


def test_5407_3_3_a_glare_that_waits_ends_with_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offering, "glare_wait", lambda owns_call_id: 2.1 if owns_call_id else 0.01)

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        call.renegotiate(NEW)
        theirs.renegotiate(NEW)
        await asyncio.sleep(0.003)
        call.hang_up()
        await asyncio.sleep(60)
        assert (len(first.timers), len(second.timers)) == (0, 0)

    assert len(asked(play(scene), "INVITE")) == 3


@pytest.mark.parametrize("by_update", [False, True])
def test_an_offer_to_a_silent_side_ends_the_call_after_64_t1(by_update: bool) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        net.lose = lambda sender, message: True
        call.renegotiate(NEW, by_update=by_update)
        await one.until("ended", within=60)
        assert one.heard[-1][2:] == (True, "gone")
        assert asyncio.get_running_loop().time() == pytest.approx(32, abs=0.1)

    assert asked(play(scene), "CANCEL") == []


def test_nothing_is_answered_while_our_bye_waits_for_the_ack() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: isinstance(message, Request) and message.method == "ACK"
        other.on_offer = lambda call: call.answer(ANSWER)
        call = dial(first, (B, 5060))
        await one.until("answered")
        _, theirs = await other.until("offered")
        theirs.hang_up()
        call.renegotiate(NEW, by_update=True)
        await one.until("ended", within=60)
        assert one.heard[-1][2:] == (True, "gone")

    assert statuses(play(scene), 481)[0] == 481


def test_an_offer_that_the_other_side_knows_no_call_for_ends_it() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        second.forget(theirs)
        call.hold()
        await one.until("ended")
        assert one.heard[-1][2:] == (True, "gone")
        theirs.session.stop()

    assert len(asked(play(scene), "BYE")) == 1
