"""Floods and half-open calls at the edge: what is dropped, what is refused, and that nothing is left (T1 to T3)."""

import asyncio
import tracemalloc
from itertools import count

import pytest
from imagined_net import A, B, Net, kind
from listening import ANSWER, OFFER, Ear

from kit import virtual
from sip.agent import UserAgent
from sip.gate import USUAL, Gate, Limits
from sip.listener import Peer
from sip.message import Request, parse
from sip.timers import TIMEOUT
from sip.transport import Address

SOURCE = Address(B, 5060)
NUMBERS = count()


def request(method: str = "INVITE", host: str = B, to_tag: str = "", body: bytes = OFFER) -> Request:
    """A new one each time."""
    n = next(NUMBERS)
    fields = {
        "via": f"SIP/2.0/UDP {host}:5060;branch=z9hG4bK{n}",
        "max-forwards": "70",
        "from": f"<sip:79160000001@{host}>;tag=flood",
        "to": f"<sip:74951234567@{A}>" + (f";tag={to_tag}" if to_tag else ""),
        "call-id": f"flood{n}",
        "cseq": f"1 {method}",
        "contact": f"<sip:flood@{host}:5060>",
        "content-type": "application/sdp",
    }
    return Request(method, f"sip:74951234567@{A}", {name: [value] for name, value in fields.items()}, body)


class Edge:
    """An agent whose packets go nowhere; `sent`: what it said, in order."""

    def __init__(self, ear: Ear, limits: Limits = USUAL, *, knows: bool = True) -> None:
        self.net, self.sent = Net(), []
        self.net.carry = lambda data, sender, to: self.sent.append(parse(data))
        self.agent = UserAgent(
            (A, 5060),
            peers=lambda host: Peer("trunk") if knows else None,
            listener=ear,
            limits=limits,
            open_transports=self.net.open,
        )

    def take(self, message: Request, source: Address = SOURCE) -> None:
        self.agent._receive(message.encode(), source)

    def ack(self, invite: Request, *, own_branch: bool = False) -> None:
        """The ACK of the last answer."""
        fields = dict(invite.headers)
        fields["to"], fields["cseq"] = self.sent[-1].headers["to"], ["1 ACK"]
        if own_branch:
            fields["via"] = [fields["via"][0] + "ack"]
        self.take(Request("ACK", invite.uri, fields))

    def statuses(self) -> list[int]:
        return [kind(message) for message in self.sent]

    @property
    def left(self) -> tuple[int, ...]:
        agent = self.agent
        return len(agent.transactions), len(agent.core), len(agent.timers), agent.gate.half_open


def test_ten_thousand_invites_a_second_from_a_stranger_cost_nothing_and_a_line_a_minute(
    capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear, packet = Ear(), request().encode()
    monkeypatch.setattr("sip.core.parse", None)  # nothing is even read

    async def work() -> int:
        edge = Edge(ear, knows=False)
        await edge.agent.start()
        edge.agent._receive(packet, SOURCE)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(60):
            for _ in range(10_000):
                edge.agent._receive(packet, SOURCE)
            await asyncio.sleep(1)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert (edge.left, edge.sent, edge.agent.counts.errors) == ((0, 0, 0, 0), [], 0)
        assert edge.agent.gate.count == 600_001
        return grown

    assert virtual.run(work()) < 20_000
    assert "".join(capfd.readouterr()).count("unknown addresses") == 1


@pytest.mark.parametrize("ending", ["rings and is cancelled", "answered, never confirmed", "refused, never confirmed"])
def test_half_open_calls_are_bounded_and_all_gone_after_timer_h(ending: str) -> None:
    ear = Ear()
    ear.on_offer = {
        "rings and is cancelled": lambda call: call.ring(),
        "answered, never confirmed": lambda call: call.answer(ANSWER),
        "refused, never confirmed": lambda call: call.refuse(486),
    }[ending]

    async def work() -> None:
        edge = Edge(ear, Limits(requests=2_500))
        await edge.agent.start()
        for _ in range(5_000):
            edge.take(request())
        refused = [message for message in edge.sent if kind(message) == 503]
        assert (len(ear.of("offered")), len(refused)) == (200, 4_800)
        assert {message.get("retry-after") for message in refused} == {"5"}
        assert len(edge.agent.transactions) == 200
        for call in [heard[1] for heard in ear.of("offered")] if ending.startswith("rings") else []:
            call.hang_up()
        await asyncio.sleep(2 * TIMEOUT + 6)
        assert edge.left == (0, 0, 0, 0)
        assert edge.agent.core._offered == {}

    virtual.run(work())
    assert len(ear.of("ended")) == 200


def test_all_peers_together_may_have_only_so_many_half_open_calls() -> None:
    ear = Ear()

    async def work() -> None:
        edge = Edge(ear, Limits(half_open_from_one=3, half_open=5))
        await edge.agent.start()
        for host in ("10.0.0.3", "10.0.0.4", "10.0.0.5"):
            for _ in range(4):
                edge.take(request(host=host), Address(host, 5060))

    virtual.run(work())
    hosts = [heard[1].request.via.host for heard in ear.of("offered")]
    assert hosts == ["10.0.0.3"] * 3 + ["10.0.0.4"] * 2


@pytest.mark.parametrize("status", [200, 486])
def test_a_confirmed_call_makes_room_for_the_next(status: int) -> None:
    ear = Ear()
    ear.on_offer = lambda call: call.answer(ANSWER) if status == 200 else call.refuse(486)

    async def work() -> None:
        edge = Edge(ear, Limits(half_open_from_one=1))
        await edge.agent.start()
        for _ in range(3):
            invite = request()
            edge.take(invite)
            assert kind(edge.sent[-1]) == status
            edge.ack(invite, own_branch=status == 200)

    virtual.run(work())
    assert len(ear.of("offered")) == 3


def test_a_call_that_is_on_can_be_ended_whatever_else_comes() -> None:
    ear = Ear()
    ear.on_offer = lambda call: call.answer(ANSWER)

    async def work() -> None:
        edge = Edge(ear, Limits(requests=1.0, transactions=1))
        await edge.agent.start()
        invite = request()
        edge.take(invite)
        tag = edge.sent[-1].to_tag
        edge.ack(invite, own_branch=True)
        for _ in range(50):
            edge.take(request())
        bye = request("BYE", to_tag=tag, body=b"")
        bye.headers["call-id"] = invite.headers["call-id"]
        edge.take(bye)
        assert edge.statuses() == [200, 503, 200]  # one refused, the others dropped

    virtual.run(work())
    assert ear.words() == ["offered", "confirmed", "ended"]


def test_a_call_that_was_offered_can_be_cancelled_whatever_else_comes() -> None:
    ear = Ear()
    ear.on_offer = lambda call: call.ring()

    async def work() -> None:
        edge = Edge(ear, Limits(transactions=1))
        await edge.agent.start()
        invite = request()
        edge.take(invite)
        cancel = Request("CANCEL", invite.uri, {**invite.headers, "cseq": ["1 CANCEL"]})
        edge.take(cancel)
        assert edge.statuses() == [180, 200, 487]

    virtual.run(work())


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "REGISTER", "BYE"])
def test_an_agent_with_too_much_to_do_says_so_and_remembers_nothing(method: str) -> None:
    async def work() -> None:
        edge = Edge(Ear(), Limits(transactions=3))
        await edge.agent.start()
        for _ in range(3):
            edge.take(request("OPTIONS", body=b""))
        edge.take(request(method, to_tag="unknown" if method == "BYE" else ""))
        assert edge.statuses() == [200, 200, 200, 503]
        assert len(edge.agent.transactions) == 3
        await asyncio.sleep(TIMEOUT + 1)
        edge.take(request("OPTIONS", body=b""))
        assert edge.statuses()[-1] == 200

    virtual.run(work())


def test_a_peer_may_begin_so_many_a_second_and_twice_as_many_at_once(capfd: pytest.CaptureFixture) -> None:
    gate = Gate(Limits(requests=10.0))

    at_once = [gate.is_flood("a", 100.0) for _ in range(25)]
    later = [gate.is_flood("a", 101.0) for _ in range(12)]

    assert at_once == [False] * 20 + [True] * 5
    assert later == [False] * 10 + [True] * 2
    assert not gate.is_flood("b", 101.0)
    assert "".join(capfd.readouterr()).count("sends too many") == 1
