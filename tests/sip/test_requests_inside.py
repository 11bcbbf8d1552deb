"""What the other side may ask for inside a call, and what is refused there, in virtual time."""

import asyncio

import pytest
from far_end import sent
from imagined_net import B, Net, play, talking
from listening import ANSWER, OFFER, Ear, dial

from sip.agent import UserAgent
from sip.errors import WrongState
from sip.message import Request, Response
from sip.offering import Offer

NEW = OFFER.replace(b"40000", b"44000")
RELIABLE = [("require", "100rel")]


async def asked(agent: UserAgent, call, method: str, body: bytes = b"", **fields: str) -> tuple[int, Response | None]:
    """Ask the other side something inside the dialog, as it is written here."""
    request = call.dialog.request(method, call.dialog.next_cseq(), body)
    request.headers["contact"] = [agent.letterhead.contact_uri.join("<>")]
    for name, value in fields.items():
        request.headers[name.replace("_", "-")] = [value]
    return await agent.ask(request, call.dialog.next_hop())


@pytest.mark.parametrize(
    ("method", "fields", "status"),
    [
        ("MESSAGE", {}, 405),
        ("UPDATE", {"require": "nothing"}, 420),
        ("UPDATE", {"session_expires": "60", "supported": "timer"}, 422),
        ("PRACK", {"rack": "1 1 INVITE"}, 481),
    ],
)
def test_what_cannot_be_served_inside_a_call_is_refused(method: str, fields: dict[str, str], status: int) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        assert (await asked(first, call, method, **fields))[0] == status
        assert (await asked(second, theirs, method, **fields))[0] == status
        assert (call.is_up, theirs.is_up) == (True, True)

    play(scene)


@pytest.mark.parametrize(("method", "body"), [("INVITE", OFFER), ("INVITE", b""), ("UPDATE", OFFER)])
def test_a_new_offer_before_our_answer_to_the_first_comes_too_early(method: str, body: bytes) -> None:
    """§14.2 ¶1, RFC 3311 §5.2."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.ring()
        call = dial(first, (B, 5060))
        await one.until(180)
        status, response = await asked(first, call, method, body)
        assert (status, 0 <= int(response.get("retry-after")) <= 10) == (500, True)
        other.of("offered")[0][1].answer(ANSWER)
        await other.until("confirmed")
        assert (call.remote_sdp, other.reoffers) == (ANSWER, [])

    play(scene)


@pytest.mark.parametrize("rack", ["", "1 INVITE", "x 1 INVITE", "0 1 INVITE", "{rseq} 2 INVITE", "{rseq} 1 OPTIONS"])
def test_a_prack_that_means_nothing_of_ours_changes_nothing(rack: str) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: net.flow()[-1] == 180 and net.flow().count(180) < 3
        other.on_offer = lambda call: call.ring()
        dial(first, (B, 5060), headers=RELIABLE)
        _, theirs = await other.until("offered")
        ringing = next(m for _, _, m in net.log if isinstance(m, Response) and m.status == 180)
        wrong = Request("PRACK", "sip:x@y", dict(sent(net, "INVITE")[0].headers))
        wrong.headers |= {"cseq": ["2 PRACK"], "to": ringing.headers["to"]}
        wrong.headers["rack"] = [rack.format(rseq=ringing.get("rseq"))]
        assert (await first.ask(wrong, theirs.dialog.fallback._replace(host=B)))[0] == 481
        await one.until(180)

    assert len(play(scene).times(180)) == 3


def test_ringing_is_not_repeated_for_a_caller_whose_connection_broke() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: net.flow()[-1] == "PRACK"
        other.on_offer = lambda call: call.ring()
        dial(first, (B, 5060), headers=RELIABLE)
        _, theirs = await other.until("offered")
        second.transactions.transport_failed(theirs.dialog.fallback, second.now())
        assert other.heard[-1][2:] == (False, "transport")
        await asyncio.sleep(40)
        assert (second.counts.errors, len(second.timers)) == (0, 0)

    assert len(play(scene).times(180)) == 1


def test_a_connection_that_breaks_after_the_answer_does_not_end_the_call() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, theirs = await talking(first, second, other)
        second.transactions.transport_failed(theirs.dialog.fallback, second.now())
        call.hold()
        await one.until("renegotiated")
        assert theirs.is_up

    play(scene)


def test_an_answer_without_a_description_lets_the_offer_lapse() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        other.on_offer = lambda call: call.answer(b"")
        call = dial(first, (B, 5060))
        _, theirs = await other.until("confirmed")
        assert (theirs.offer, call.offer, call.remote_sdp) == (Offer.NONE, Offer.NONE, b"")
        other.reanswer = ANSWER
        call.renegotiate(NEW)
        await one.until("renegotiated")
        assert (call.remote_sdp, theirs.remote_sdp) == (ANSWER, NEW)

    play(scene)


def test_our_bye_waits_for_the_ack_as_long_as_it_may_come() -> None:
    """§15: or until the server transaction times out. The end is told once."""

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        net.lose = lambda sender, message: isinstance(message, Request) and message.method == "ACK"
        other.on_offer = lambda call: (call.answer(ANSWER), call.hang_up())
        dial(first, (B, 5060))
        await one.until("ended", within=60)
        assert other.words() == ["offered", "ended"]
        await asyncio.sleep(33)
        assert (len(second.core), len(second.timers)) == (0, 0)

    assert play(scene).times("BYE") == [32.001]


def test_a_call_that_is_over_is_joined_to_no_other() -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        call, _ = await talking(first, second, other)
        consult, _ = await talking(first, second, other)
        consult.hang_up()
        with pytest.raises(WrongState, match="joined"):
            call.refer_to_call(consult)

    assert sent(play(scene), "REFER") == []


@pytest.mark.parametrize("uri", ["sip:x@[::1", "sip:"])
def test_a_called_address_that_cannot_be_read_is_shown_as_nothing(uri: str) -> None:
    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        dial(first, (B, 5060))
        _, theirs = await other.until("offered")
        theirs.request.uri = uri
        assert theirs.called == "+905321005001"
        theirs.request.headers["to"] = [f"<{uri}>"]
        assert theirs.called == ""

    play(scene)
