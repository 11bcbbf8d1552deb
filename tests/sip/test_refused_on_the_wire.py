"""What is refused, dropped or never sent, over real UDP, with a far end that follows a script."""

import asyncio

import pytest
from listening import Ear, dial
from raw_peer import RawPeer
from wire_scenes import port_of

from sip.agent import UserAgent
from sip.errors import LocalError
from sip.uas import ALLOW


@pytest.mark.parametrize(
    ("method", "fields", "status", "header"),
    [
        ("OPTIONS", {}, 200, ("allow", ALLOW)),
        ("MESSAGE", {}, 405, ("allow", ALLOW)),
        ("REGISTER", {}, 405, ("allow", ALLOW)),
        ("BYE", {}, 481, None),
        ("INVITE", {"require": "100rel, nothing"}, 420, ("unsupported", "nothing")),
        ("INVITE", {"body": b"hello", "content_type": "text/plain"}, 415, ("accept", "application/sdp")),
        ("INVITE", {"accept": "text/nobody"}, 406, None),
        ("INVITE", {"contact": ""}, 400, None),
        ("INVITE", {"cseq": "2 OPTIONS"}, 400, None),
        ("OPTIONS", {"max_forwards": "x"}, 400, None),
    ],
)
async def test_what_cannot_be_served_is_refused_by_its_status(
    agent: UserAgent, ear: Ear, raw: RawPeer, method: str, fields: dict, status: int, header: tuple | None
) -> None:
    raw.request(method, port_of(agent), **fields)
    reply = await raw.status(status)

    assert header is None or reply.get(header[0]) == header[1]


async def test_a_stranger_gets_no_answer_and_one_log_line(ear: Ear, raw: RawPeer, capfd: pytest.CaptureFixture) -> None:
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: None, listener=ear)
    await agent.start()
    for number, method in enumerate(("INVITE", "OPTIONS", "REGISTER") * 20, 1):
        raw.request(method, port_of(agent), number=number, call_id=f"scan{number}")
    raw.send(b"\0" * 60, port_of(agent))
    await asyncio.sleep(0.2)
    printed = "".join(capfd.readouterr())
    counted, transactions = agent.gate.count, len(agent.transactions)
    await agent.stop()

    assert raw.got == []
    assert (counted, transactions, ear.heard) == (61, 0, [])
    assert printed.count("unknown addresses") == 1


async def test_a_stranger_can_be_told_403_without_a_transaction(ear: Ear, raw: RawPeer) -> None:
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: None, listener=ear, unknown_peer="403")
    await agent.start()
    raw.send(b"\0" * 60, port_of(agent))
    raw.request("INVITE", port_of(agent))
    await raw.status(403)
    transactions, errors = len(agent.transactions), agent.counts.errors
    await agent.stop()

    assert (transactions, errors) == (0, 0)


async def test_a_listener_that_fails_answers_500_and_the_next_call_works(
    agent: UserAgent, ear: Ear, raw: RawPeer
) -> None:
    def fail(call: object) -> None:
        raise ZeroDivisionError

    ear.on_offer = fail
    raw.request("INVITE", port_of(agent), call_id="one", branch="z9hG4bK1")
    await raw.status(500)
    ear.on_offer = lambda call: call.ring()
    raw.request("INVITE", port_of(agent), call_id="two", branch="z9hG4bK2")
    await raw.status(180)

    assert agent.counts.errors == 1
    assert len(agent.core) == 1


async def test_keepalives_and_rubbish_are_ignored(agent: UserAgent, ear: Ear, raw: RawPeer) -> None:
    for data in (b"", b"\r\n\r\n", b"\0" * 2000, b"INVITE", b"SIP/2.0 200 OK\r\n\r\n"):
        raw.send(data, port_of(agent))
    raw.request("OPTIONS", port_of(agent))
    await raw.status(200)

    assert len(raw.got) == 1
    assert agent.counts.errors == 0


@pytest.mark.parametrize(
    "more",
    [
        {"display_name": "Eve\r\nX: y"},
        {"headers": [("X-Lead", "a\nb")]},
        {"headers": [("X Lead", "a")]},
        {"number": "1 SIP/2.0\r\nX"},
        {"number": "1>evil<"},
        {"domain": "x>\0"},
    ],
)
async def test_nothing_unsafe_leaves(agent: UserAgent, raw: RawPeer, more: dict) -> None:
    with pytest.raises(LocalError):
        dial(agent, raw.address, **more)
    await asyncio.sleep(0.05)

    assert raw.got == []
    assert len(agent.transactions) == 0
    assert agent.core.placed == set()


async def test_a_name_is_no_destination(agent: UserAgent) -> None:
    with pytest.raises(LocalError):
        dial(agent, ("localhost", 5060))
