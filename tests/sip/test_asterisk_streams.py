"""By TCP and TLS against the real Asterisk, whose call records are the judge."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from asterisk import Pbx
from certificates import Authority
from listening import ANSWER, Ear, dial
from test_connections import LONG

from sip.agent import UserAgent
from sip.listener import Account, Peer, RegistrationState
from sip.tls import Tls
from sip.transport import Address

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(120)]


@pytest.fixture
async def agent(ear: Ear, pbx: Pbx, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UserAgent]:
    mine = Authority(tmp_path_factory.mktemp("tls")).sign("127.0.0.1")
    tls = Tls(str(pbx.folder / "tls" / "cert.pem"), *mine)
    made = UserAgent(
        ("127.0.0.1", 0), peers=lambda source: Peer("pbx") if source.host == pbx.host else None, listener=ear, tls=tls
    )
    await made.start()
    yield made
    await made.stop()


def account(pbx: Pbx, transport: str = "tcp", host: str = "127.0.0.1", **more: object) -> Account:
    user = {"tcp": "dialer", "tls": "dialer-tls"}[transport]
    return Account(**{
        "name": "trunk",
        "host": host,
        "port": pbx.port + (transport == "tls"),
        "username": user,
        "password": f"{user}-secret",
        "realm": "pbx.test",
        "transport": transport,
        **more,
    })  # fmt: skip


class States:
    """What a registration told, in order."""

    def __init__(self) -> None:
        self.told: list[RegistrationState] = []
        self._changed = asyncio.Event()

    def __call__(self, state: RegistrationState) -> None:
        self.told.append(state)
        self._changed.set()

    async def until(self, up: bool, after: int = 0) -> RegistrationState:
        """The first one after so many that is up, or down."""
        async with asyncio.timeout(60):
            while not (found := [state for state in self.told[after:] if state.up == up]):
                self._changed.clear()
                await self._changed.wait()
        return found[0]


def by_tcp(pbx: Pbx) -> Address:
    return Address(*pbx.address, "tcp")


async def test_a_call_by_tcp_rings_is_answered_and_hung_up(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, by_tcp(pbx), "+905321001301", account(pbx))
    await ear.until("answered", within=20)
    call.hang_up()
    await ear.until("ended", within=20)
    record = await pbx.record("905321001301", within=20)
    await pbx.until_quiet(20)

    assert ear.words() == [180, "answered", "ended"]
    assert record.outcome == "ANSWERED"
    assert len(agent._transports["tcp"]) == 1


async def test_they_hang_up_a_call_by_tcp(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, by_tcp(pbx), "+905321101302", account(pbx))

    assert await ear.until("ended", within=30) == ("ended", call, False, "Q.850;cause=16")


async def test_a_ringing_call_by_tcp_is_cancelled(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, by_tcp(pbx), "+905322100303", account(pbx))
    await ear.until(180, within=20)
    call.cancel()
    await ear.until("failed", within=20)
    record = await pbx.record("905322100303", within=20)
    await pbx.until_quiet(20)

    assert ear.heard[-1] == ("failed", call, 487, "cancelled")
    assert record.outcome != "ANSWERED"


async def test_a_long_invite_on_a_trunk_by_udp_is_taken_by_tcp(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    call = dial(agent, pbx.address, "+905321001304", account(pbx), headers=LONG)
    await ear.until("answered", within=20)
    call.hang_up()
    await ear.until("ended", within=20)
    await pbx.until_quiet(20)

    assert call.request.via.transport == "TCP"
    assert (await pbx.record("905321001304", within=20)).outcome == "ANSWERED"


async def test_an_incoming_call_by_tcp_is_answered_and_they_hang_up(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    ear.on_offer = lambda call: (call.ring(), call.answer(ANSWER))
    states = States()
    registration = agent.register(account(pbx), states)
    await states.until(True)
    contacts = await pbx.command("pjsip show contacts")
    await pbx.call_in("74951234567", "79160000301", "hangup-1")
    _, call = await ear.until("offered", within=20)
    await ear.until("ended", within=30)
    await registration.stop()

    assert f"dialer/sip:ahize@{agent.local_address};transport=tcp" in contacts
    assert call.request.via.transport == "TCP"
    assert ear.of("ended") == [("ended", call, False, "Q.850;cause=16")]


async def test_an_incoming_call_by_tcp_is_hung_up_by_us(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    ear.on_offer = lambda call: call.answer(ANSWER)
    states = States()
    registration = agent.register(account(pbx), states)
    await states.until(True)
    await pbx.call_in("74951234567", "79160000302")
    _, call = await ear.until("confirmed", within=20)
    call.hang_up()
    await ear.until("ended", within=20)
    await pbx.until_quiet(20)
    await registration.stop()

    assert ear.of("ended") == [("ended", call, True, "bye")]


async def test_a_registration_by_tcp_comes_back_after_a_restart(agent: UserAgent, pbx: Pbx) -> None:
    states = States()
    agent.register(account(pbx, refresh=3600), states)
    await states.until(True)
    await asyncio.to_thread(pbx.stop)
    await states.until(False)
    seen = len(states.told)
    await asyncio.to_thread(pbx.start)
    await states.until(True, after=seen)

    assert f"ahize@{agent.local_address}" in await pbx.command("pjsip show contacts")


# ---------------------------------------------------------------- TLS


async def test_a_registration_by_tls_is_made_by_name_and_given_up(agent: UserAgent, pbx: Pbx) -> None:
    states = States()
    registration = agent.register(account(pbx, "tls", "localhost"), states)
    await states.until(True)
    contacts = await pbx.command("pjsip show contacts")
    options = await agent.options(await agent.resolve("localhost", pbx.port + 1, "tls"))
    await registration.stop()
    after = await pbx.command("pjsip show contacts")

    port = agent._transports["tls"].local.port
    assert f"dialer-tls/sip:ahize@127.0.0.1:{port};transport" in contacts  # the console cuts the line here
    assert f"127.0.0.1:{port}" not in after
    assert options == 401  # it is there, and asks who we are
    assert not states.told[-1].up


async def test_a_call_by_tls_is_asked_for_and_its_refusal_acknowledged(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    """The account wants SRTP, which this offer has not."""
    to = Address(pbx.host, pbx.port + 1, "tls")
    call = dial(agent, to, "+905321001311", account(pbx, "tls"), user="dialer-tls")

    assert (await ear.until("failed", within=20))[1:3] == (call, 488)
    assert call.request.via.transport == "TLS"
    await pbx.until_quiet(20)


async def test_an_incoming_call_by_tls_finds_us(agent: UserAgent, ear: Ear, pbx: Pbx) -> None:
    """Asterisk connects to the address that we registered."""
    ear.on_offer = lambda call: call.refuse(486)
    states = States()
    registration = agent.register(account(pbx, "tls"), states)
    await states.until(True)
    contact = f"sip:ahize@127.0.0.1:{agent._transports['tls'].local.port}"
    await pbx.command(f"channel originate PJSIP/dialer-tls/{contact}\\;transport=tls extension silent@caller")
    _, call = await ear.until("offered", within=20)
    await registration.stop()

    assert call.request.via.transport == "TLS"
    assert b"RTP/SAVP" in call.remote_sdp
    await pbx.until_quiet(20)
