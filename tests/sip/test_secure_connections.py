"""The user agent by TLS: who is trusted, and what is shown (RFC 3261 §26.3, RFC 5922)."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from certificates import Authority
from listening import OFFER, Ear, dial
from stream_peer import StreamPeer, StreamServer
from test_connections import request

from sip.agent import UserAgent
from sip.errors import BadTlsFiles
from sip.listener import Account, Peer
from sip.tls import Tls
from sip.transport import Address


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@asynccontextmanager
async def speaking(tls: Tls, ear: Ear | None = None) -> AsyncIterator[UserAgent]:
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("far"), listener=ear or Ear(), tls=tls)
    await agent.start()
    try:
        yield agent
    finally:
        await agent.stop()


@asynccontextmanager
async def listening(context: ssl.SSLContext) -> AsyncIterator[StreamServer]:
    server = await StreamServer.open(tls=context)
    try:
        yield server
    finally:
        server.close()


async def first_state(agent: UserAgent, server: StreamServer, host: str):
    states: asyncio.Queue = asyncio.Queue()
    agent.register(Account("trunk", host, server.address[1], "dialer", "secret", transport="tls"), states.put_nowait)
    return await asyncio.wait_for(states.get(), 20)


async def test_a_trunk_by_tls_is_spoken_to(authority: Authority) -> None:
    async with listening(authority.server("localhost")) as far, speaking(Tls(authority.ca)) as agent:
        state = asyncio.ensure_future(first_state(agent, far, "localhost"))
        peer = await far.peer()
        register = await peer.method("REGISTER")
        peer.answer(register, 200, contact=register.get("contact"))

        assert (await state).up
        assert register.via.transport == "TLS"
        assert register.get("contact").endswith(";transport=tls>")


@pytest.mark.parametrize("names", [("pbx.example",), ("127.0.0.2", "other.example")])
async def test_a_certificate_for_another_name_is_refused(
    authority: Authority, names: tuple[str, ...], capfd: pytest.CaptureFixture
) -> None:
    async with listening(authority.server(*names)) as far, speaking(Tls(authority.ca)) as agent:
        state = await first_state(agent, far, "localhost")

        assert (state.up, state.status) == (False, 0)
        assert all(peer.got == [] for peer in far.peers)
        assert "not trusted: check sip.tls_ca" in "".join(capfd.readouterr())


async def test_a_certificate_of_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    foreign = Authority(tmp_path / "other")

    async with listening(foreign.server("localhost")) as far, speaking(Tls(authority.ca)) as agent:
        assert not (await first_state(agent, far, "localhost")).up


async def test_we_show_our_certificate_to_who_asks(authority: Authority) -> None:
    mine, asking = authority.sign("dialer.example"), authority.server("localhost", "127.0.0.1", asks=True)

    async with listening(asking) as far, speaking(Tls(authority.ca, *mine)) as agent:
        dial(agent, Address(*far.address, "tls"))

        assert (await (await far.peer()).method("INVITE")).via.transport == "TLS"


async def test_without_a_certificate_nobody_who_asks_takes_our_calls(authority: Authority) -> None:
    ear, asking = Ear(), authority.server("localhost", "127.0.0.1", asks=True)

    async with listening(asking) as far, speaking(Tls(authority.ca), ear) as agent:
        call = dial(agent, Address(*far.address, "tls"))

        assert (await ear.until("failed", within=20))[1:] == (call, 503, "transport")


async def test_a_contact_on_another_port_of_a_trunk_is_known_by_the_trunk_s_name(authority: Authority) -> None:
    ear, context = Ear(), authority.server("localhost")

    async with listening(context) as far, listening(context) as other, speaking(Tls(authority.ca), ear) as agent:
        dial(agent, await agent.resolve("localhost", far.address[1], "tls"))
        peer = await far.peer()
        host, port = other.address
        peer.answer(await peer.method("INVITE"), 200, OFFER, f"<sip:far@{host}:{port};transport=tls>")

        assert (await (await other.peer()).method("ACK")).via.transport == "TLS"


async def test_peers_connect_to_us_by_tls(authority: Authority) -> None:
    trusting = ssl.create_default_context(cafile=authority.ca)

    async with speaking(Tls(authority.ca, *authority.sign("127.0.0.1"))) as agent:
        peer = await StreamPeer.connect(agent._transports["tls"].local[:2], tls=trusting, name="127.0.0.1")
        peer.send(request("OPTIONS", peer).encode().replace(b"SIP/2.0/TCP", b"SIP/2.0/TLS"))

        assert (await peer.status(200)).via.transport == "TLS"
        peer.transport.abort()


async def test_who_connects_without_tls_to_its_port_is_let_go(authority: Authority) -> None:
    async with speaking(Tls(authority.ca, *authority.sign("127.0.0.1"))) as agent:
        peer = await StreamPeer.connect(agent._transports["tls"].local[:2])
        peer.send(request("OPTIONS", peer).encode())
        await peer.until_closed()

        assert (peer.got, agent.counts.received) == ([], 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ca": "none.pem"},
        {"ca": "rubbish.pem"},
        {"certificate": "none.pem", "key": "none.key"},
        {"certificate": "rubbish.pem", "key": "rubbish.pem"},
    ],
)
async def test_files_that_cannot_be_used_are_named_at_the_start(tmp_path: Path, wrong: dict[str, str]) -> None:
    (tmp_path / "rubbish.pem").write_text("rubbish")
    files = {name: str(tmp_path / file) for name, file in wrong.items()}
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: None, listener=Ear(), tls=Tls(**files))

    with pytest.raises(BadTlsFiles, match=next(iter(files.values()))):
        await agent.start()
