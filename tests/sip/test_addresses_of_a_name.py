"""A name with several addresses: one is used until it is silent, then the next (RFC 3263 §4.3)."""

import asyncio

import pytest
from imagined_net import A, B, Net
from listening import Ear
from test_staying_registered import ACCOUNT, Answering

from kit import virtual
from sip.agent import UserAgent
from sip.digest import Guard
from sip.registrar import Registrar
from sip.transport import Address
from sip.whereabouts import FORMER_S, Whereabouts

C = "10.0.0.3"
BOTH = [Address(B, 5060), Address(C, 5060)]


class NameServer:
    """`found`: what it says; None: it fails. `time`: seconds on the agent's clock."""

    def __init__(self, *found: Address) -> None:
        self.found: list[Address] | None = list(found)
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    async def addresses(self, host: str, port: int, transport: str) -> list[Address]:
        if self.found is None:
            raise OSError("no name server")
        return self.found


async def test_the_address_stays_until_it_is_silent_and_the_last_is_followed_by_the_first() -> None:
    where = Whereabouts(NameServer(*BOTH), "pbx.example", 5060)  # type: ignore[arg-type]
    seen = [await where.find(), await where.find()]
    for _ in range(2):
        where.missed()
        seen.append(await where.find())

    assert [address.host for address in seen] == [B, B, C, B]
    assert where.owns(B)
    assert where.owns(C)
    assert not where.owns(A)


async def test_a_name_that_moves_is_followed_and_its_former_address_stays_its_own_for_a_shift() -> None:
    server = NameServer(BOTH[0])
    where = Whereabouts(server, "pbx.example", 5060)  # type: ignore[arg-type]
    await where.find()
    server.found = [BOTH[1]]

    assert (await where.find()).host == C
    assert where.owns(B), "calls from there go on"
    server.time += FORMER_S - 1
    await where.find()
    assert where.owns(B)
    server.time += 1
    assert not where.owns(B)
    assert where.owns(C)


async def test_a_name_that_rotates_is_remembered_by_its_latest_addresses() -> None:
    server = NameServer()
    where = Whereabouts(server, "pbx.example", 5060)  # type: ignore[arg-type]
    for n in range(100):
        server.found = [Address(f"10.0.1.{n}", 5060)]
        server.time += 20
        await where.find()

    owned = [n for n in range(100) if where.owns(f"10.0.1.{n}")]
    assert owned == list(range(35, 100)), "the present one and 64 former ones"


async def test_what_was_found_stays_while_the_name_server_fails() -> None:
    server = NameServer(*BOTH)
    where = Whereabouts(server, "pbx.example", 5060)  # type: ignore[arg-type]
    await where.find()
    server.found = None

    assert (await where.find()).host == B
    with pytest.raises(OSError, match="no name server"):
        await Whereabouts(server, "pbx.example", 5060).find()  # type: ignore[arg-type]


def test_a_registration_goes_to_the_next_address_when_the_first_is_silent() -> None:
    net, states = Net(), []

    async def work() -> None:
        agent, ear = await net.agent(A, Ear()), Ear()
        other = await net.agent(C, ear)
        ear.registrar = Answering(Registrar(Guard("pbx.test"), {"1001": "secret"}.get, other.now))
        agent.addresses = NameServer(*BOTH).addresses
        where = Whereabouts(agent, "pbx.example", 5060)
        agent.register(ACCOUNT, states.append, where)
        await asyncio.sleep(45)
        assert where.address == BOTH[1]
        await agent.stop()
        await other.stop()

    virtual.run(work())
    assert [state.up for state in states] == [False, True, False]


async def test_a_real_name_is_found_once_an_address(agent: UserAgent) -> None:
    assert await agent.addresses("localhost", 5060, "tcp") == [Address("127.0.0.1", 5060, "tcp")]
