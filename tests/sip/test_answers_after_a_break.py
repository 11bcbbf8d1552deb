"""The connection that a request came by is gone: its answer goes to where the other side listens (RFC 3261 §18.2.2)."""

import ssl
from pathlib import Path

import pytest
from certificates import Authority
from listening import ANSWER, OFFER, Ear
from stream_peer import StreamPeer, StreamServer

from sip.agent import UserAgent
from sip.listener import Peer
from sip.message import Request, Response
from sip.timers import TimerQueue
from sip.tls import Tls
from sip.transaction import State
from sip.transactions import Transactions
from sip.transport import Address


def request(method: str, sent_by: str, transport: str = "tcp", *, to_tag: str = "", number: int = 1) -> Request:
    host = sent_by.partition(":")[0]
    fields = {
        "via": f"SIP/2.0/{transport.upper()} {sent_by};branch=z9hG4bK{method}",
        "max-forwards": "70",
        "from": f"<sip:79160000001@{host}>;tag=far",
        "to": "<sip:74951234567@here>" + to_tag,
        "call-id": "c",
        "cseq": f"{number} {method}",
        "contact": f"<sip:far@{sent_by};transport={transport}>",
        "content-type": "application/sdp",
    }
    body = OFFER if method == "INVITE" else b""
    return Request(method, "sip:74951234567@here", {name: [value] for name, value in fields.items()}, body)


async def offer_and_break(agent: UserAgent, transport: str, sent_by: str, tls: ssl.SSLContext | None = None) -> None:
    """Offer a call by a connection that breaks once there was a first answer."""
    peer = await StreamPeer.connect(agent._transports[transport].local[:2], tls=tls, name="127.0.0.1" if tls else None)
    peer.send(request("INVITE", sent_by, transport).encode())
    await peer.until(lambda message: isinstance(message, Response))
    peer.transport.abort()


async def talk_by(far: StreamServer, ear: Ear, sent_by: str, transport: str = "tcp") -> StreamPeer:
    """The call goes on by a connection that we make: it rings, is answered, confirmed and hung up."""
    peer = await far.peer()
    await peer.status(100)
    _, call = await ear.until("offered")
    call.answer(ANSWER)
    answer = await peer.status(200)
    peer.send(request("ACK", sent_by, transport, to_tag=f";tag={answer.to_tag}").encode())
    await ear.until("confirmed", within=20)
    call.hang_up()
    peer.answer(await peer.method("BYE"), 200)
    return peer


async def test_the_200_comes_to_where_the_caller_listens(agent: UserAgent, ear: Ear) -> None:
    far = await StreamServer.open()
    sent_by = f"127.0.0.1:{far.address[1]}"
    await offer_and_break(agent, "tcp", sent_by)

    peer = await talk_by(far, ear, sent_by)

    assert [message.status for message in peer.got if isinstance(message, Response)] == [100, 200]
    assert ear.words() == ["offered", "confirmed", "ended"]
    assert len(far.peers) == 1
    far.close()


async def test_a_200_that_went_down_with_its_connection_comes_again(agent: UserAgent, ear: Ear) -> None:
    """It is the call that repeats a 2xx: nothing goes by the new connection before that."""
    ear.on_offer = lambda call: call.answer(ANSWER)
    far = await StreamServer.open()
    await offer_and_break(agent, "tcp", f"127.0.0.1:{far.address[1]}")

    answer = await (await far.peer()).status(200)

    assert (answer.call_id, answer.body) == ("c", ANSWER)
    far.close()


async def test_by_tls_too(tmp_path: Path, ear: Ear) -> None:
    authority = Authority(tmp_path)
    far = await StreamServer.open(tls=authority.server("127.0.0.1"))
    tls = Tls(authority.ca, *authority.sign("127.0.0.1"))
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("far"), listener=ear, tls=tls)
    await agent.start()
    sent_by = f"127.0.0.1:{far.address[1]}"
    await offer_and_break(agent, "tls", sent_by, ssl.create_default_context(cafile=authority.ca))

    peer = await talk_by(far, ear, sent_by, "tls")

    assert peer.got[0].via.transport == "TLS"
    await agent.stop()
    far.close()


async def test_no_other_machine_is_connected_to_than_the_one_that_asked(agent: UserAgent, ear: Ear) -> None:
    """A Via may name anybody: only its port counts."""
    here = await StreamServer.open()
    named = await StreamServer.open("127.0.0.2", here.address[1])
    await offer_and_break(agent, "tcp", f"127.0.0.2:{here.address[1]}")

    first = await (await here.peer()).status(100)

    assert "received=127.0.0.1" in first.headers["via"][0]
    _, call = await ear.until("offered")
    here.close()
    assert (await ear.until("ended", within=20))[1:] == (call, False, "transport")
    assert named.peers == []
    named.close()


# ---------------------------------------------------------------- without a socket

GONE, USUAL = Address("10.0.0.1", 40123, "tcp"), Address("10.0.0.1", 5060, "tcp")


class World:
    """The core, the user and the wire of transactions, which write down what they are told."""

    def __init__(self) -> None:
        self.told = ""
        self.sent: list[tuple[bytes, Address]] = []
        self.dead: set[Address] = set()
        self.timers = TimerQueue()
        self.transactions = Transactions(self, self.timers, self.send)

    def send(self, data: bytes, to: Address) -> None:
        if to in self.dead:
            raise OSError("gone")
        self.sent.append((data[:11], to))

    def on_request(self, transaction, request: Request, now: float) -> None:
        transaction.user = self

    def on_gone(self, transaction) -> None:
        self.told += "gone "

    def on_transport_error(self, transaction, now: float) -> None:
        self.told += "error "

    def breaks(self, address: Address) -> None:
        self.dead = {address}
        self.transactions.transport_failed(address, 1.0)
        self.timers.run(1.0)


@pytest.mark.parametrize(
    ("transport", "sent_by", "port"),
    [("tcp", "10.0.0.1", 5060), ("tls", "10.0.0.1", 5061), ("tcp", "10.9.9.9:5070", 5070)],
)
def test_without_a_port_it_is_the_usual_one_of_the_transport(transport: str, sent_by: str, port: int) -> None:
    world = World()
    options = request("OPTIONS", sent_by, transport)
    made = world.transactions.accept(options, Address("10.0.0.1", 40123, transport), 0.0)
    world.breaks(made.address)
    made.respond(options.reply(200), 2.0)

    assert world.sent == [(b"SIP/2.0 200", ("10.0.0.1", port, transport))]


@pytest.mark.parametrize(
    ("method", "said", "again"),
    [
        ("INVITE", [], []),
        ("INVITE", [180], [180]),
        ("INVITE", [200], []),
        ("INVITE", [486], [486]),
        ("OPTIONS", [], []),
    ],
)
def test_what_may_be_lost_is_said_again_there(method: str, said: list[int], again: list[int]) -> None:
    world = World()
    asked = request(method, "10.0.0.1")
    made = world.transactions.accept(asked, GONE, 0.0)
    for status in said:
        made.respond(asked.reply(status, to_tag="t"), 0.0)
    before = len(world.sent)
    world.breaks(GONE)

    assert world.sent[before:] == [(f"SIP/2.0 {status}".encode(), USUAL) for status in again]
    assert (made.address, made.instead, world.told) == (USUAL, None, "")


def test_an_answer_that_cannot_go_by_its_connection_goes_by_the_other() -> None:
    world = World()
    asked = request("OPTIONS", "10.0.0.1")
    made = world.transactions.accept(asked, GONE, 0.0)
    world.dead = {GONE}
    made.respond(asked.reply(200), 0.0)
    world.timers.run(0.0)

    assert world.sent == [(b"SIP/2.0 200", USUAL)]
    assert (made.state, world.told) == (State.TERMINATED, "gone ")


def test_when_nobody_listens_there_either_the_user_is_told() -> None:
    world = World()
    asked = request("INVITE", "10.0.0.1")
    made = world.transactions.accept(asked, GONE, 0.0)
    made.respond(asked.reply(180, to_tag="t"), 0.0)
    world.breaks(GONE)
    world.breaks(USUAL)

    assert (made.state, world.told) == (State.TERMINATED, "error gone ")


def test_by_udp_there_is_no_other_way() -> None:
    world, source = World(), Address("10.0.0.1", 5060)
    made = world.transactions.accept(request("INVITE", "10.0.0.1", "udp"), source, 0.0)
    world.breaks(source)

    assert (made.state, world.told) == (State.TERMINATED, "error gone ")
