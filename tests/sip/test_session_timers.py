"""Session timers (RFC 4028), both roles, in virtual time."""

import asyncio

import pytest
from imagined_net import B, Net, play, talking
from listening import ANSWER, OFFER, Ear, dial

from sip.agent import UserAgent
from sip.message import Request, Response
from sip.transport import Address

FAR = Address(B, 5060)


def sent(net: Net, method: str) -> list[Request]:
    return [message for _, _, message in net.log if isinstance(message, Request) and message.method == method]


def test_the_caller_refreshes_by_update_at_half_of_the_interval() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        first.session_s = 100
        call, theirs = await talking(first, second, other)
        assert (call.session.ours, theirs.session.ours, call.session.interval) == (True, False, 100)
        await asyncio.sleep(1000)
        assert (call.is_up, theirs.is_up) == (True, True)
        assert one.of("renegotiated") == []

    net = play(scene)
    assert net.times("UPDATE")[:3] == [50.002, 100.004, 150.006]
    update = sent(net, "UPDATE")[0]
    assert (update.body, update.get("session-expires"), update.get("min-se")) == (b"", "100;refresher=uac", "90")


def test_the_caller_refreshes_by_reinvite_where_update_is_not_taken() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        first.session_s = 100
        call, _ = await talking(first, second, other)
        call.allow = ["INVITE, BYE"]
        await asyncio.sleep(60)
        assert call.is_up

    net = play(scene)
    assert [invite.body for invite in sent(net, "INVITE")] == [OFFER, OFFER]


def test_whoever_does_not_refresh_hangs_up_before_the_end() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        first.session_s = 120
        await talking(first, second, other)
        net.lose = lambda sender, message: isinstance(message, Request) and message.method == "UPDATE"
        await other.until("ended", within=300)
        assert other.heard[-1][2:] == (True, "session ran out")
        assert asyncio.get_running_loop().time() == pytest.approx(88, abs=0.1)

    play(scene)


def test_whoever_refreshes_in_vain_hangs_up_at_the_end() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        first.session_s = 120
        call, theirs = await talking(first, second, other)
        theirs.session.stop()
        other.declines = True
        call.allow = []
        await one.until("ended", within=300)
        assert one.heard[-1][2:] == (True, "session ran out")
        assert asyncio.get_running_loop().time() == pytest.approx(120, abs=0.1)

    assert len(sent(play(scene), "INVITE")) > 2


def test_an_answer_that_makes_the_called_side_refresh() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call = dial(first, (B, 5060))
        response = sent(net, "INVITE")[0].reply(200, to_tag="far", body=ANSWER)
        response.set("contact", f"<sip:far@{B}>")
        response.set("session-expires", "90;refresher=uas")
        first.core.receive(response.encode(), FAR, first.now())
        assert (call.session.ours, call.session.interval) == (False, 90)
        await one.until("ended", within=200)
        assert asyncio.get_running_loop().time() == pytest.approx(60, abs=0.1)

    assert sent(play(scene), "UPDATE") == []


def test_no_session_expires_in_the_answer_means_no_timer() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call = dial(first, (B, 5060))
        response = sent(net, "INVITE")[0].reply(200, to_tag="far", body=ANSWER)
        response.set("contact", f"<sip:far@{B}>")
        first.core.receive(response.encode(), FAR, first.now())
        await asyncio.sleep(10_000)
        assert call.is_up

    play(scene)


def test_422_is_answered_by_the_interval_that_is_asked_for() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        refusals = iter([("min-se", "5400")])
        other.on_offer = lambda call: call.refuse(422, headers=[refusals.__next__()]) if len(other.heard) == 1 else None
        call = dial(first, (B, 5060))
        await asyncio.sleep(1)
        assert call.life is call.life.PROCEEDING

    first, second = sent(play(scene), "INVITE")
    assert [first.get("session-expires"), first.get("min-se")] == ["1800", "90"]
    assert [second.get("session-expires"), second.get("min-se"), second.cseq.number] == ["5400", "5400", 2]


def test_422_that_asks_for_nothing_new_is_a_refusal() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.refuse(422, headers=[("min-se", "90")])
        dial(first, (B, 5060))
        await one.until("failed")
        assert one.heard[-1][2] == 422

    play(scene)


@pytest.mark.parametrize(
    ("asked", "supported", "status", "given"),
    [
        ("89", "timer", 422, None),
        ("100", "timer", 200, "100;refresher=uac"),
        ("100;refresher=uas", "timer", 200, "100;refresher=uas"),
        ("100", "none", 200, "100;refresher=uas"),
        ("", "timer", 200, None),
    ],
)
def test_what_an_incoming_call_asks_for_is_given(asked: str, supported: str, status: int, given: str | None) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.answer(ANSWER)
        dial(first, (B, 5060))
        invite = sent(net, "INVITE")[0]
        invite.set("call-id", "another")
        invite.set("supported", supported)
        invite.set("via", f"SIP/2.0/UDP {invite.via.host}:5060;branch=z9hG4bKanother")
        for name in ("session-expires", "content-length"):
            invite.headers.pop(name)
        if asked:
            invite.set("session-expires", asked)
        second.core.receive(invite.encode(), Address("10.0.0.1", 5060), second.now())
        await asyncio.sleep(0.01)

    finals = [m for _, _, m in play(scene).log if isinstance(m, Response) and m.call_id == "another"]
    reply = next(final for final in finals if final.status >= 200)
    assert (reply.status, reply.get("session-expires")) == (status, given)
    assert reply.get("min-se") == ("90" if status == 422 else None)
