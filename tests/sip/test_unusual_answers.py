"""Answers that seldom come: to a former INVITE, damaged, late, or by a way that fails, in virtual time."""

import asyncio

import pytest
from far_end import ACCOUNT, CHALLENGE, deaf, hear, sent, unable_to_send
from imagined_net import B, Net, play, talking
from listening import ANSWER, Ear, dial

from sip.agent import UserAgent
from sip.message import Request, Response


async def challenged(net: Net, first: UserAgent, second: UserAgent) -> Request:
    """A call whose first INVITE was challenged; gives that INVITE. The far end says nothing by itself."""
    deaf(second)
    dial(first, (B, 5060), account=ACCOUNT)
    former = sent(net, "INVITE")[0]
    hear(first, former.reply(401, to_tag="x"), www_authenticate=CHALLENGE)
    assert len(sent(net, "INVITE")) == 2
    return former


def test_a_200_to_the_invite_before_the_challenge_is_acked_and_hung_up() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        former = await challenged(net, first, second)
        assert next(iter(first.core.placed)).request.cseq.number == 2
        hear(first, sent(net, "INVITE")[1].reply(200, to_tag="far", body=ANSWER))
        hear(first, former.reply(200, to_tag="fork", body=ANSWER))
        assert one.words() == ["answered"]

    net = play(scene)
    assert [(ack.to_tag, ack.cseq.number) for ack in sent(net, "ACK")] == [("x", 1), ("far", 2), ("fork", 1)]
    assert [bye.to_tag for bye in sent(net, "BYE")] == ["fork"]


def test_an_ack_for_a_challenge_that_cannot_leave_does_not_end_the_call() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        unable_to_send(net, "ACK")
        await challenged(net, first, second)
        await asyncio.sleep(0.1)
        hear(first, sent(net, "INVITE")[1].reply(200, to_tag="far", body=ANSWER))
        assert one.words() == ["answered"]

    play(scene)


def test_an_unreadable_200_after_the_end_tells_nobody_anything() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.refuse(486)
        dial(first, (B, 5060))
        await one.until("failed")
        hear(first, sent(net, "INVITE")[0].reply(200), to="<sip:1@x;tag=late")
        assert (one.words(), first.counts.malformed) == (["failed"], 1)

    net = play(scene)
    assert (net.flow().count("ACK"), net.flow().count("BYE")) == (1, 0)


def test_a_200_that_is_repeated_long_after_is_acked_still() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        answer = next(message for _, _, message in net.log if isinstance(message, Response))
        await asyncio.sleep(40)
        assert len(first.transactions) == 0
        hear(first, answer)
        assert (call.is_up, one.words()) == (True, ["answered"])

    net = play(scene)
    assert ([ack.cseq.number for ack in sent(net, "ACK")], sent(net, "BYE")) == ([1, 1], [])


@pytest.mark.parametrize("fields", [{"require": "100rel", "rseq": "soon"}, {"require": "100rel"}, {"rseq": "7"}])
def test_a_ringing_without_a_readable_number_is_not_acknowledged(fields: dict[str, str]) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        dial(first, (B, 5060))
        hear(first, sent(net, "INVITE")[0].reply(180, to_tag="far"), **fields)
        assert one.words() == [180]

    assert sent(play(scene), "PRACK") == []


# ---------------------------------------------------------------- listeners that fail


def raised(caplog: pytest.LogCaptureFixture) -> list[object]:
    return [record.exc_info[0] for record in caplog.records if record.exc_info]


def test_an_offer_that_the_listener_fails_on_is_answered_500_and_the_call_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        other.on_reoffer = lambda call, sdp: 1 // 0  # type: ignore[method-assign]
        call.hold()
        assert (await one.until("reoffer refused"))[2] == 500
        assert (call.is_up, theirs.is_up, second.counts.errors) == (True, True, 1)

    play(scene)
    assert raised(caplog) == [ZeroDivisionError]


def test_what_a_listener_raises_after_its_answer_takes_nothing_back(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: (call.answer(ANSWER), 1 // 0)
        call = dial(first, (B, 5060))
        await other.until("confirmed")
        assert (call.is_up, second.counts.errors) == (True, 1)

    assert play(scene).flow() == ["INVITE", 200, "ACK"]
    assert raised(caplog) == [ZeroDivisionError]
