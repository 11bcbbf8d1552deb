"""Transfers by REFER and Replaces, both ways, in virtual time; and who may (T8)."""

import asyncio

import pytest
from imagined_net import B, Net, play, talking
from listening import ANSWER, Ear, dial

from sip.agent import UserAgent
from sip.errors import BadMessage, UnsafeField, WrongState
from sip.listener import Peer
from sip.message import Request
from sip.referral import TransferRequest
from sip.replaces import Replaces

C = "10.0.0.3"


def trusting(agent: UserAgent) -> None:
    agent.peers = lambda host: Peer("trunk", transfer=True)


def sent(net: Net, method: str) -> list[Request]:
    return [message for _, _, message in net.log if isinstance(message, Request) and message.method == method]


async def refer(first: UserAgent, one: Ear, second: UserAgent, other: Ear, target: str = "sip:third@10.0.0.3"):
    """A call in which the first asks the second to call the target: both sides, and what the second was asked."""
    trusting(second)
    asked: asyncio.Queue[TransferRequest] = asyncio.Queue()
    other.on_refer = lambda call, request: asked.put_nowait(request)  # type: ignore[method-assign]
    call, theirs = await talking(first, second, other)
    call.refer(target)
    return call, theirs, await asked.get()


# ---------------------------------------------------------------- REFER


def test_a_transfer_is_told_step_by_step_until_its_last_word() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _, asked = await refer(first, one, second, other)
        with pytest.raises(WrongState):
            call.refer("sip:another@10.0.0.3")
        asked.accept()
        for status in (180, 200, 486):
            await asyncio.sleep(0.1)
            asked.tell(status)
        await asyncio.sleep(1)
        assert (asked.target, asked.replaces, asked.is_open) == ("sip:third@10.0.0.3", None, False)
        assert asked.referred_by == "<sip:dialer@pbx.test>"
        assert [entry[2:] for entry in one.of("transfer")] == [(100, False), (180, False), (200, True)]
        assert call.is_up

    net = play(scene)
    assert [notify.get("subscription-state") for notify in sent(net, "NOTIFY")] == [
        "active;expires=180",
        "active;expires=180",
        "terminated;reason=noresource",
    ]
    assert {notify.get("event") for notify in sent(net, "NOTIFY")} == {"refer;id=2"}


def test_a_transfer_can_be_refused() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs, asked = await refer(first, one, second, other)
        asked.refuse(486)
        await one.until("transfer")
        with pytest.raises(WrongState):
            asked.accept()
        assert one.of("transfer")[0][2:] == (486, True)
        assert (call.is_up, theirs.is_up) == (True, True)

    assert sent(play(scene), "NOTIFY") == []


def test_a_peer_without_the_permission_is_refused_and_nobody_is_asked() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_refer = lambda call, asked: asked.accept()  # type: ignore[method-assign]
        call, _ = await talking(first, second, other)
        call.refer("sip:third@10.0.0.3")
        await one.until("transfer")
        assert one.of("transfer")[0][2:] == (603, True)

    play(scene)


def test_an_owner_that_says_nothing_of_transfers_refuses_them() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        trusting(second)
        call, _ = await talking(first, second, other)
        call.refer("sip:third@10.0.0.3")
        await one.until("transfer")
        assert one.of("transfer")[0][2:] == (603, True)

    play(scene)


def test_no_news_is_sent_where_none_is_wanted() -> None:
    """RFC 4488: Refer-Sub: false."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        trusting(second)
        other.on_refer = lambda call, asked: (asked.accept(), asked.tell(200))  # type: ignore[method-assign]
        call, _ = await talking(first, second, other)
        request = call.dialog.request("REFER", call.dialog.next_cseq())
        request.add("refer-to", "<sip:third@10.0.0.3>")
        request.add("refer-sub", "false")
        status, response = await first.ask(request, call.dialog.next_hop())
        assert (status, response.get("refer-sub")) == (200, "false")

    assert sent(play(scene), "NOTIFY") == []


@pytest.mark.parametrize("refer_to", [[], ["<sip:a@b>", "<sip:c@d>"], ["<http://a>"], ["<sip:a@b?Replaces=x>"], ["<>"]])
def test_a_refer_that_names_nobody_is_a_bad_request(refer_to: list[str]) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        trusting(second)
        call, _ = await talking(first, second, other)
        request = call.dialog.request("REFER", call.dialog.next_cseq())
        request.headers["refer-to"] = refer_to
        status, _ = await first.ask(request, call.dialog.next_hop())
        assert status == 400

    play(scene)


@pytest.mark.parametrize(("event", "status"), [("presence", 489), ("refer", 481)])
def test_news_that_nobody_asked_for_is_refused(event: str, status: int) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        request = call.dialog.request("NOTIFY", call.dialog.next_cseq(), b"SIP/2.0 200 OK\r\n")
        request.add("event", event)
        got, _ = await first.ask(request, call.dialog.next_hop())
        assert got == status

    play(scene)


def test_news_after_the_last_word_is_taken_and_not_told() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        _, theirs, asked = await refer(first, one, second, other)
        asked.accept()
        asked.tell(200)
        await asyncio.sleep(1)
        request = theirs.dialog.request("NOTIFY", theirs.dialog.next_cseq(), b"SIP/2.0 486 Busy Here\r\n")
        request.add("event", "refer")
        assert (await second.ask(request, theirs.dialog.next_hop()))[0] == 200
        assert [entry[2:] for entry in one.of("transfer")] == [(100, False), (200, True)]

    play(scene)


def test_a_target_that_may_not_be_sent_is_not() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        with pytest.raises(UnsafeField):
            call.refer("sip:a@b>\r\nX: y")
        call.refer("sip:third@10.0.0.3")

    assert len(sent(play(scene), "REFER")) == 1


# ---------------------------------------------------------------- Replaces


@pytest.mark.parametrize("text", ["", "call", "call;to-tag=a", "call;from-tag=a", ";to-tag=a;from-tag=b"])
def test_a_replaces_without_a_whole_dialog_is_bad(text: str) -> None:
    with pytest.raises(BadMessage):
        Replaces.parse(text)


def test_a_replaces_is_written_as_it_is_read() -> None:
    text = "a@b;to-tag=1;from-tag=2;early-only"

    assert str(Replaces.parse(text)) == text
    assert Replaces.parse(text).within("sip:x@y") == "sip:x@y?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2%3Bearly-only"


def test_an_attended_transfer_joins_the_other_two() -> None:
    """We (A) talk to B and C; B is asked to call C in our place, and C hangs up on us when B's call is answered."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        third_ear = Ear()
        third = await net.agent(C, third_ear)
        trusting(third)
        call, _, asked = await to_third(net, first, second, other, third_ear)
        asked.accept()
        named = [("replaces", str(asked.replaces))]
        moved = dial(second, (C, 5060), headers=named)
        await other.until("answered")
        asked.tell(200)
        await one.until("ended")
        await asyncio.sleep(0.1)
        assert one.of("transfer")[-1][2:] == (200, True)
        call.hang_up()
        await asyncio.sleep(1)
        assert moved.is_up
        assert [(entry[1].is_up, entry[2], entry[3]) for entry in third_ear.of("ended")] == [(False, True, "bye")]
        assert len(third.core) == 1

    async def to_third(net: Net, first: UserAgent, second: UserAgent, other: Ear, third: Ear):
        trusting(second)
        asked: asyncio.Queue[TransferRequest] = asyncio.Queue()
        other.on_refer = lambda call, request: asked.put_nowait(request)  # type: ignore[method-assign]
        call, theirs = await talking(first, second, other)
        third.on_offer = lambda call: call.answer(ANSWER)
        consult = dial(first, (C, 5060))
        await third.until("confirmed")
        call.refer_to_call(consult)
        return call, theirs, await asked.get()

    net = play(scene)
    assert sent(net, "BYE")[0].get("reason") == 'SIP;cause=200;text="replaced"'


async def replacing(second: UserAgent, replaces: str, agent: UserAgent) -> int:
    """The final status that an INVITE with this header gets."""
    ear = Ear()
    agent.listener = ear
    dial(agent, (B, 5060), headers=[("replaces", replaces)])
    heard = await ear.until("failed", "answered")
    return heard[2] if heard[0] == "failed" else 200


@pytest.mark.parametrize(
    ("permitted", "wrong", "early_only", "status"),
    [(False, False, False, 403), (True, True, False, 481), (True, False, True, 486), (True, False, False, 200)],
)
def test_who_may_replace_which_call(permitted: bool, wrong: bool, early_only: bool, status: int) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        if permitted:
            trusting(second)
        call, _ = await talking(first, second, other)
        stranger = await net.agent(C, Ear())
        named = Replaces(call.call_id, "guess" if wrong else call.dialog.remote_tag, call.dialog.local_tag, early_only)
        assert await replacing(second, str(named), stranger) == status
        await asyncio.sleep(0.1)
        assert call.is_up is (status != 200)

    play(scene)


def test_a_call_that_only_rings_with_us_is_not_replaced() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        trusting(second)
        other.on_offer = lambda call: call.ring()
        call = dial(first, (B, 5060))
        await one.until(180)
        stranger = await net.agent(C, Ear())
        assert await replacing(second, str(Replaces.of(call.dialog)), stranger) == 481

    play(scene)


def test_two_replaces_in_one_invite_are_a_bad_request() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        trusting(second)
        dial(first, (B, 5060), headers=[("replaces", "a;to-tag=b;from-tag=c"), ("replaces", "d;to-tag=e;from-tag=f")])
        await one.until("failed")
        assert one.heard[-1][2] == 400

    play(scene)


def test_a_refer_outside_any_call_is_refused() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        trusting(second)
        request = first.letterhead.new_request("REFER", "sip:b@10.0.0.2", "sip:b@10.0.0.2", "sip:a@10.0.0.1")
        request.add("refer-to", "<sip:third@10.0.0.3>")
        status, _ = await first.ask(request, (await first.resolve(B, 5060)))
        assert status == 603

    play(scene)
