"""What an exchange may do to the phone and Asterisk does not in the tests: no offer, hold, a second call, no codec."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from caller_double import Caller, caller, sdp

from cli.phone.calls import Talk, converse
from cli.phone.line import Line, opened
from cli.phone.station import Wish, station_of
from sip.sdp import SessionDescription

PATIENCE_S = 10.0


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
async def line(told: list[str]) -> AsyncIterator[Line]:
    async with opened(station_of(Wish(Path("none.yaml"), host="127.0.0.1")), told.append) as line:
        yield line


@pytest.fixture
async def far(line: Line) -> AsyncIterator[Caller]:
    host, _, port = line.agent.local_address.rpartition(":")
    async with caller((host, int(port))) as far:
        yield far


async def test_a_call_without_an_offer_gets_ours_and_answers_in_its_ack(line: Line, far: Caller, told: list[str]):
    far.send("INVITE", 1)
    offer = SessionDescription.parse((await far.final(1)).body)
    far.send("ACK", 1, sdp())
    far.send("BYE", 2)
    bye = await far.final(2)
    await asyncio.wait_for(line.over.wait(), PATIENCE_S)

    assert {one.name for one in offer.formats} >= {"PCMA", "PCMU"}
    assert bye.status == 200
    assert line.leg is not None
    assert line.leg.codec is not None
    assert line.leg.codec.name == "PCMA"
    assert told == ["a call from +905320000001 to phone", "answered", "the far end hung up"]


async def test_hold_is_granted_and_said(line: Line, far: Caller, told: list[str]):
    far.send("INVITE", 1, sdp())
    await far.final(1)
    far.send("ACK", 1)
    far.send("INVITE", 2, sdp("sendonly"))
    answer = SessionDescription.parse((await far.final(2)).body)
    far.send("ACK", 2)

    assert answer.direction == "recvonly"
    assert told[-1] == "the far end put us on hold"


async def test_sound_that_moves_by_the_ack_of_a_reinvite_without_an_offer_is_followed(line: Line, far: Caller):
    far.send("INVITE", 1, sdp())
    await far.final(1)
    far.send("ACK", 1)
    far.send("INVITE", 2)
    await far.final(2)
    far.send("ACK", 2, sdp().replace(b"24998", b"24996"))
    far.send("BYE", 3)
    await far.final(3)

    assert line.leg is not None
    assert line.leg.remote is not None
    assert line.leg.remote.port == 24996


async def test_sound_that_comes_after_the_end_finds_no_closed_file(line: Line, far: Caller, tmp_path: Path):
    talking = asyncio.create_task(converse(line, Talk(record=tmp_path / "kept.wav"), None, None))
    far.send("INVITE", 1, sdp())
    await far.final(1)
    far.send("ACK", 1)
    far.send("BYE", 2)
    await asyncio.wait_for(talking, PATIENCE_S)

    assert line.leg is not None
    assert not line.leg.closed
    assert line.leg.sink is None


async def test_a_second_call_finds_the_phone_busy(line: Line, far: Caller):
    far.send("INVITE", 1, sdp())
    await far.final(1)
    far.send("ACK", 1)
    host, _, port = line.agent.local_address.rpartition(":")
    async with caller((host, int(port))) as second:
        second.call_id = "another-call"
        second.send("INVITE", 1, sdp())
        answer = await second.final(1)
        second.send("ACK", 1)

    assert answer.status == 486


async def test_sound_that_nobody_here_speaks_is_refused(line: Line, far: Caller, told: list[str]):
    far.send("INVITE", 1, sdp().replace(b"RTP/AVP 8", b"RTP/AVP 3"))
    answer = await far.final(1)
    far.send("ACK", 1)

    assert answer.status == 488
    assert "it cannot be answered: The other side offers GSM" in told[1]
