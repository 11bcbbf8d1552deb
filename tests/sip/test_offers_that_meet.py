"""Our offers inside a call that meet a challenge, another offer, or a way that fails, in virtual time."""

import asyncio

import pytest
from far_end import ACCOUNT, CHALLENGE, deaf, hear, sent, unable_to_send
from imagined_net import B, Net, play, talking
from listening import ANSWER, OFFER, Ear, dial

from sip import offering
from sip.agent import UserAgent
from sip.message import Request, Response
from sip.offering import Offer

NEW = OFFER.replace(b"40000", b"44000")


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_a_challenged_offer_is_made_again_with_its_answer(method: str) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        call.credentials = first.credentials(ACCOUNT)
        deaf(second)
        call.renegotiate(NEW, by_update=method == "UPDATE")
        hear(first, sent(net, method)[-1].reply(401), www_authenticate=CHALLENGE)
        again = sent(net, method)[-1]
        hear(first, again.reply(200, body=ANSWER))
        assert (again.cseq.number, again.body, "authorization" in again.headers) == (3, NEW, True)
        assert (one.words(), call.local_sdp, call.offer) == (["answered", "renegotiated"], NEW, Offer.NONE)

    play(scene)


def test_an_ack_for_a_challenge_that_cannot_leave_does_not_end_the_offer() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        call.credentials = first.credentials(ACCOUNT)
        deaf(second)
        unable_to_send(net, "ACK")
        call.renegotiate(NEW)
        hear(first, sent(net, "INVITE")[-1].reply(401), www_authenticate=CHALLENGE)
        await asyncio.sleep(0.1)
        hear(first, sent(net, "INVITE")[-1].reply(200, body=ANSWER))
        assert one.words() == ["answered", "renegotiated"]

    play(scene)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_an_offer_that_cannot_leave_is_refused_and_the_call_stays(method: str) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        unable_to_send(net, method)
        call.renegotiate(NEW, by_update=method == "UPDATE")
        assert (await one.until("reoffer refused"))[2] == 503
        assert (call.is_up, call.offer, call.reoffer) == (True, Offer.NONE, None)

    play(scene)


def test_a_200_with_an_unreadable_contact_leaves_the_target() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        target = call.dialog.remote_target
        deaf(second)
        call.renegotiate(NEW)
        hear(first, sent(net, "INVITE")[-1].reply(200, body=ANSWER), contact="<sip:a b@c>")
        assert (call.dialog.remote_target, first.counts.malformed) == (target, 1)
        assert one.words() == ["answered", "renegotiated"]

    assert sent(play(scene), "ACK")[-1].cseq.number == 2


def test_a_refresh_that_is_too_short_is_made_again_with_more_time() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        deaf(second)
        call.refresh()
        hear(first, sent(net, "UPDATE")[-1].reply(422), min_se="7200")
        again = sent(net, "UPDATE")[-1]
        hear(first, again.reply(200), session_expires="7200;refresher=uac")
        assert (again.cseq.number, again.get("session-expires")) == (3, "7200;refresher=uac")
        assert (call.session.interval, call.is_up, one.words()) == (7200, True, ["answered"])

    play(scene)


@pytest.mark.parametrize("said", ["soon", ""])
def test_a_200_whose_interval_cannot_be_read_agrees_on_none(said: str) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        deaf(second)
        call = dial(first, (B, 5060))
        hear(first, sent(net, "INVITE")[0].reply(200, to_tag="far", body=ANSWER), session_expires=said)
        await asyncio.sleep(10_000)
        assert (call.is_up, call.session.ours) == (True, None)

    assert sent(play(scene), "UPDATE") == []


# ---------------------------------------------------------------- another INVITE is open


def test_an_invite_without_an_offer_meets_491_too() -> None:
    """§14.2 ¶2: it is the INVITE that must not cross another."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        call.renegotiate(b"")
        theirs.renegotiate(b"")
        await asyncio.sleep(0.003)
        statuses = [message.status for _, _, message in net.log if isinstance(message, Response)]
        assert statuses == [200, 491, 491]
        assert (call.is_up, theirs.is_up) == (True, True)

    play(scene)


@pytest.mark.parametrize("offered", [b"", OFFER])
def test_an_offer_that_met_491_waits_for_the_ack_of_theirs(monkeypatch: pytest.MonkeyPatch, offered: bytes) -> None:
    """§14.1 ¶1. Without theirs the offer is in our 200, which waits for its answer too."""
    monkeypatch.setattr(offering, "glare_wait", lambda owns_call_id: 2.1 if owns_call_id else 0.5)

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        net.lose = lambda sender, message: (
            isinstance(message, Request) and message.method == "ACK" and asyncio.get_running_loop().time() < 5
        )
        call.renegotiate(NEW)
        theirs.renegotiate(offered)
        await asyncio.sleep(3)
        assert (call.offer, call.unacknowledged is None) == (Offer.NONE if offered else Offer.OURS, False)
        await one.until("renegotiated", within=20)
        assert (call.local_sdp, theirs.remote_sdp) == (NEW, NEW)

    net = play(scene)
    again = [at for at, _, message in net.log if isinstance(message, Request) and message.body == NEW][1]
    assert again > max(at for at in net.times("ACK") if at < again)
    assert again > 5


# ---------------------------------------------------------------- early offers


def early(net: Net, first: UserAgent, tag: str, rseq: int, sdp: bytes) -> None:
    """The far end rings reliably for our last INVITE, with early media."""
    ringing = sent(net, "INVITE")[-1].reply(183, to_tag=tag, body=sdp)
    hear(first, ringing, require="100rel", rseq=str(rseq))


def test_what_was_agreed_on_before_a_challenge_is_void() -> None:
    """Another fork may answer the INVITE that follows; an UPDATE of ours in the early dialog is of no use any more."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        deaf(second)
        call = dial(first, (B, 5060), account=ACCOUNT)
        early(net, first, "a", 1, ANSWER)
        hear(first, sent(net, "PRACK")[-1].reply(200))
        call.renegotiate(NEW, by_update=True)
        hear(first, sent(net, "INVITE")[0].reply(401, to_tag="a"), www_authenticate=CHALLENGE)
        hear(first, sent(net, "UPDATE")[-1].reply(200, body=NEW))
        assert (call.offer, call.remote_sdp, call.local_sdp, call.reoffer) == (Offer.OURS, b"", OFFER, None)
        early(net, first, "b", 5, NEW)
        hear(first, sent(net, "INVITE")[-1].reply(200, to_tag="b"))
        assert (call.is_up, call.remote_sdp, call.offer) == (True, NEW, Offer.NONE)
        assert one.of("renegotiated") == []

    assert [prack.to_tag for prack in sent(play(scene), "PRACK")] == ["a", "b"]
