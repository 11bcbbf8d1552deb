"""The user agent by TCP: connections are made, used again, let in, kept alive and given up (RFC 3261 §18, RFC 5923)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from listening import ANSWER, OFFER, Ear, dial
from stream_peer import StreamPeer, StreamServer

from kit import virtual
from sip import connection
from sip.agent import UserAgent
from sip.connection import Connection
from sip.listener import Account, Peer
from sip.message import Request
from sip.transport import Address

LONG = [("x-long", "x" * 1300)]


@pytest.fixture
async def far() -> AsyncIterator[StreamServer]:
    server = await StreamServer.open()
    yield server
    server.close()


def place(agent: UserAgent) -> tuple[str, int]:
    host, _, port = agent.local_address.rpartition(":")
    return host, int(port)


def by_tcp(server: StreamServer) -> Address:
    return Address(*server.address, "tcp")


def request(method: str, peer: StreamPeer, *, contact: str = "", call_id: str = "c", body: bytes = b"") -> Request:
    host, port = peer.address
    fields = {
        "via": f"SIP/2.0/TCP {host};branch=z9hG4bK{method}{call_id}",
        "max-forwards": "70",
        "from": "<sip:79160000001@far>;tag=far",
        "to": "<sip:74951234567@here>",
        "call-id": call_id,
        "cseq": f"1 {method}",
        "contact": contact or f"<sip:far@{host}:{port};transport=tcp>",
        "content-type": "application/sdp",
    }
    return Request(method, "sip:74951234567@here", {name: [value] for name, value in fields.items()}, body)


async def test_a_call_goes_and_ends_by_one_connection(agent: UserAgent, ear: Ear, far: StreamServer) -> None:
    call = dial(agent, by_tcp(far))
    peer = await far.peer()
    invite = await peer.method("INVITE")
    peer.answer(invite, 180)
    peer.answer(invite, 200, ANSWER, f"<sip:far@127.0.0.1:{far.address[1]};transport=tcp>")
    ack = await peer.method("ACK")
    call.hang_up()
    bye = await peer.method("BYE")
    peer.answer(bye, 200)

    assert invite.via.transport == ack.via.transport == bye.via.transport == "TCP"
    assert invite.get("contact") == f"<sip:ahize@{agent.local_address};transport=tcp>"
    assert ear.words() == [180, "answered", "ended"]
    assert len(far.peers) == 1


async def test_what_is_sent_by_tcp_is_not_repeated(far: StreamServer) -> None:
    """Timer A and E are for UDP alone."""
    loop, sent = asyncio.get_running_loop(), []
    agent = UserAgent(
        ("127.0.0.1", 0), peers=lambda host: Peer("far"), listener=Ear(), trace=lambda way, data, to: sent.append(way)
    )
    await agent.start()
    dial(agent, by_tcp(far))
    await (await far.peer()).method("INVITE")

    assert sent == ["out"]
    assert agent.timers.next_at() - loop.time() > 10
    await agent.stop()


async def test_answers_go_back_by_the_connection_that_the_request_came_by(agent: UserAgent, ear: Ear) -> None:
    """The Via names another port, where nobody listens."""
    ear.on_offer = lambda call: call.answer(ANSWER)
    peer = await StreamPeer.connect(place(agent))
    peer.send(request("INVITE", peer, body=OFFER).encode())

    response = await peer.status(200)

    assert response.get("contact") == f"<sip:ahize@{agent.local_address};transport=tcp>"
    peer.transport.abort()


async def test_a_request_uses_the_connection_that_the_other_side_made(agent: UserAgent, ear: Ear) -> None:
    ear.on_offer = lambda call: call.answer(ANSWER)
    peer = await StreamPeer.connect(place(agent))
    invite = request("INVITE", peer, body=OFFER)
    peer.send(invite.encode())
    tag = (await peer.status(200)).to_tag
    ack = request("ACK", peer)
    ack.headers["to"] = [f"<sip:74951234567@here>;tag={tag}"]
    peer.send(ack.encode())
    _, call = await ear.until("confirmed")
    call.hang_up()

    assert (await peer.method("BYE")).call_id == invite.call_id
    peer.transport.abort()


async def test_a_ping_is_answered(agent: UserAgent) -> None:
    peer = await StreamPeer.connect(place(agent))
    peer.send(b"\r\n\r\n")

    await peer.until_pong()

    peer.transport.abort()


@pytest.mark.parametrize("rubbish", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b"x" * 9_000])
async def test_a_connection_that_does_not_speak_sip_is_closed(agent: UserAgent, rubbish: bytes) -> None:
    peer = await StreamPeer.connect(place(agent))
    peer.send(request("OPTIONS", peer).encode() + rubbish)

    await peer.until_closed()

    assert [message.status for message in peer.got] == [200]
    assert agent.counts.errors == 0


async def test_a_strangers_connection_is_reset_without_a_word(ear: Ear, capfd: pytest.CaptureFixture) -> None:
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: None, listener=ear)
    await agent.start()
    for _ in range(50):
        try:
            peer = await StreamPeer.connect(place(agent))
        except ConnectionResetError:
            continue
        await peer.until_closed()
    printed = "".join(capfd.readouterr())

    assert (agent.gate.count, len(agent._transports["tcp"]), agent.counts.received) == (50, 0, 0)
    assert printed.count("unknown addresses") == 1
    await agent.stop()


async def test_one_address_may_hold_only_so_many_connections(agent: UserAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sip.stream.MAX_FROM_ONE", 3)
    peers = [await StreamPeer.connect(place(agent)) for _ in range(3)]
    for peer in peers:
        peer.send(request("OPTIONS", peer).encode())
        await peer.status(200)
    try:
        one_more = await StreamPeer.connect(place(agent))
        await one_more.until_closed()
    except ConnectionResetError:
        pass
    peers[0].transport.abort()
    while len(agent._transports["tcp"]) == 3:
        await asyncio.sleep(0)
    again = await StreamPeer.connect(place(agent))
    again.send(request("OPTIONS", again).encode())

    assert (await again.status(200)).status == 200
    for peer in [*peers, again]:
        peer.transport.abort()


async def test_a_connection_that_cannot_be_made_fails_the_call_at_once(agent: UserAgent, ear: Ear) -> None:
    server = await StreamServer.open()
    server.close()
    call = dial(agent, by_tcp(server))

    assert (await ear.until("failed", within=20))[1:] == (call, 503, "transport")
    assert len(agent.transactions) == 0


async def test_a_connection_that_breaks_fails_what_waits_on_it(agent: UserAgent, ear: Ear, far: StreamServer) -> None:
    call = dial(agent, by_tcp(far))
    peer = await far.peer()
    await peer.method("INVITE")
    peer.transport.abort()

    assert (await ear.until("failed", within=20))[1:] == (call, 503, "transport")


async def test_a_call_that_rings_while_the_connection_breaks_is_taken_back_by_another(
    agent: UserAgent, ear: Ear, far: StreamServer
) -> None:
    dial(agent, by_tcp(far))
    peer = await far.peer()
    invite = await peer.method("INVITE")
    peer.answer(invite, 180)
    await ear.until(180, within=20)
    peer.transport.abort()
    cancel = await (await far.peer(2)).method("CANCEL")

    assert (cancel.via.branch, cancel.call_id) == (invite.via.branch, invite.call_id)
    assert ear.words() == [180, "failed"]


async def test_an_offered_call_ends_when_its_connection_breaks(agent: UserAgent, ear: Ear) -> None:
    """Nobody listens at the port of its Via."""
    ear.on_offer = lambda call: call.ring()
    peer = await StreamPeer.connect(place(agent))
    invite = request("INVITE", peer, body=OFFER)
    invite.headers["via"] = [f"SIP/2.0/TCP 127.0.0.1:{peer.address[1]};branch=z9hG4bKoffered"]
    peer.send(invite.encode())
    await peer.status(180)
    peer.transport.abort()

    assert (await ear.until("ended", within=20))[2:] == (False, "transport")
    assert (len(agent.transactions), len(agent.core)) == (0, 0)


async def test_what_waits_for_a_connection_is_bounded(agent: UserAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_UNSENT", 2)
    tcp, to = agent._transports["tcp"], Address("127.0.0.1", 9, "tcp")
    tcp.send(b"1", to)
    tcp.send(b"2", to)

    with pytest.raises(OSError, match="waits"):
        tcp.send(b"3", to)


async def test_the_ends_of_all_calls_of_a_large_centre_wait_for_the_connection(
    agent: UserAgent, ear: Ear, far: StreamServer
) -> None:
    calls = 600
    for number in range(calls):
        call_id, from_tag, cseq = agent.seed()
        agent.end_lost(
            call_id=call_id,
            from_tag=from_tag,
            cseq=cseq,
            from_uri="sip:dialer@pbx.test",
            to_uri=f"sip:+90532{number:07}@pbx.test",
            request_uri=f"sip:+90532{number:07}@pbx.test",
            destination=by_tcp(far),
            to_tag="far",
            answered=True,
        )

    peer = await far.peer()
    last = await peer.method("BYE", calls)
    assert len({bye.call_id for bye in peer.got}) == calls
    assert last.to_tag == "far"


async def test_a_registration_is_renewed_when_its_connection_breaks(agent: UserAgent, far: StreamServer) -> None:
    states: asyncio.Queue = asyncio.Queue()
    account = Account("trunk", *far.address, "dialer", "secret", transport="tcp", refresh=3600, expires=7200)
    agent.register(account, states.put_nowait)
    peer = await far.peer()
    register = await peer.method("REGISTER")
    peer.answer(register, 200, contact=register.get("contact"))
    assert (await asyncio.wait_for(states.get(), 20)).up
    peer.transport.abort()
    again = await (await far.peer(2)).method("REGISTER")

    assert register.get("contact") == f"<sip:ahize@{agent.local_address};transport=tcp>"
    assert (again.call_id, again.cseq.number) == (register.call_id, register.cseq.number + 1)


# ---------------------------------------------------------------- long requests on a trunk by UDP


async def test_a_long_request_goes_by_tcp(agent: UserAgent, ear: Ear, far: StreamServer) -> None:
    call = dial(agent, far.address, headers=LONG)
    peer = await far.peer()
    invite = await peer.method("INVITE")
    peer.answer(invite, 180)
    await ear.until(180, within=20)
    call.cancel()
    cancel = await peer.method("CANCEL")

    assert (invite.via.transport, cancel.via) == ("TCP", invite.via)


async def test_a_long_request_goes_by_udp_where_tcp_is_refused(agent: UserAgent, ear: Ear, raw) -> None:
    dial(agent, raw.address, headers=LONG)
    invite = await raw.until("INVITE", within=20)
    raw.accept(invite)
    await ear.until("answered", within=20)
    sent = agent.counts.sent
    dial(agent, raw.address, headers=LONG)
    await raw.until("INVITE", 2, within=20)

    assert invite.via.transport == "UDP"
    assert invite.get("contact") == f"<sip:ahize@{agent.local_address}>"
    assert agent.counts.sent == sent + 1  # nobody asks for TCP twice


async def test_a_side_that_refused_tcp_is_asked_again_after_a_while(
    agent: UserAgent, ear: Ear, raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sip.agent.TCP_AGAIN", 0.0)
    raw.accept(await _long(agent, raw, 1))
    await ear.until("answered", within=20)
    sent = agent.counts.sent
    await _long(agent, raw, 2)

    assert agent.counts.sent == sent + 2  # by TCP, and by UDP when that was refused


async def _long(agent: UserAgent, raw, number: int):
    dial(agent, raw.address, headers=LONG)
    return await raw.until("INVITE", number, within=20)


async def test_a_short_request_stays_with_udp(agent: UserAgent, raw) -> None:
    dial(agent, raw.address)

    assert (await raw.until("INVITE")).via.transport == "UDP"


# ---------------------------------------------------------------- patience, on a virtual clock


class Wire(asyncio.Transport):
    """A transport that only remembers whether it was closed."""

    closed = False

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self

    def setsockopt(self, *option: int) -> None:
        """Nothing to set."""

    def close(self) -> None:
        self.closed = True

    def write(self, data: bytes) -> None:
        """Nobody reads."""

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closed


class Home:
    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.over: list[Connection] = []

    def receive(self, data: bytes, source: Address) -> None:
        self.got.append(data)

    def gone(self, gone: Connection) -> None:
        self.over.append(gone)


def test_a_message_that_does_not_become_whole_ends_its_connection() -> None:
    home, wire = Home(), Wire()

    async def work() -> float:
        one = Connection(home, Address("10.0.0.1", 5060, "tcp"))
        one.connection_made(wire)
        while not wire.closed:
            one.data_received(b"O")  # a byte now and then buys no more time
            await asyncio.sleep(1)
        return asyncio.get_running_loop().time()

    assert virtual.run(work()) == pytest.approx(connection.MESSAGE_S, abs=2)
    assert len(home.over) == 1


def test_a_connection_that_carries_nothing_is_given_up_in_the_end() -> None:
    home, wire = Home(), Wire()

    async def work() -> None:
        one = Connection(home, Address("10.0.0.1", 5060, "tcp"))
        one.connection_made(wire)
        await asyncio.sleep(connection.IDLE_S - 1)
        one.data_received(b"\r\n\r\n")
        await asyncio.sleep(connection.IDLE_S - 1)
        assert not wire.closed
        await asyncio.sleep(2)

    virtual.run(work())
    assert (wire.closed, len(home.over)) == (True, 1)
