"""All messages of RFC 4475 at a running agent, by UDP and by TCP: what it answers is what `expected.csv` allows."""

import asyncio
import csv
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from listening import ANSWER, Ear

from sip.agent import UserAgent
from sip.listener import Peer
from sip.transport import Address

FAR = "127.0.0.77"
"""Answers go to port 5060 there, where nobody is: the agent itself tells what it sends."""
LAST = (
    "OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.77;branch=z9hG4bKlast\r\nMax-Forwards: 70\r\n"
    "From: <sip:b@h>;tag=last\r\nTo: <sip:a@h>\r\nCall-ID: last\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


class Judge:
    """An agent that answers every call, and the final statuses that it sends."""

    def __init__(self) -> None:
        self.ear = Ear()
        self.ear.on_offer = lambda call: call.answer(ANSWER)
        self.said: list[int] = []
        self.is_done = asyncio.Event()
        self.agent = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("far"), listener=self.ear, trace=self._see)

    def _see(self, way: str, data: bytes, address: Address) -> None:
        """An answer may have to repeat what nobody can read."""
        if way == "in" or not data.startswith(b"SIP/2.0 "):
            return
        if b"Call-ID: last\r\n" in data:
            self.is_done.set()
        elif not data.startswith(b"SIP/2.0 1"):
            self.said.append(int(data[8:11]))

    @property
    def address(self) -> tuple[str, int]:
        return self.agent._transports["udp"].local[:2]


Way = Callable[[Judge, bytes], Awaitable[None]]


async def by_udp(judge: Judge, data: bytes) -> None:
    loop = asyncio.get_running_loop()
    wire, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(FAR, 0))
    for message in (data, LAST.encode()):
        wire.sendto(message, judge.address)
    await asyncio.wait_for(judge.is_done.wait(), 20)
    wire.close()


async def by_tcp(judge: Judge, data: bytes) -> None:
    """The other side sends no more after it: a message that does not become whole is not waited for."""
    reader, writer = await asyncio.open_connection(*judge.address)
    writer.write(data + LAST.replace("UDP", "TCP").encode())
    writer.write_eof()
    await asyncio.wait_for(reader.read(), 20)
    writer.close()


def allowed(row: dict[str, str]) -> set[int]:
    """The final statuses that a line of `expected.csv` lets us answer with; none: no answer."""
    text = row["ua_action"]
    if row["class"] == "drop" or text.startswith("response"):
        return set()
    served = {200} if SERVED.search(text) else set()
    return {int(code) for code in re.findall(r"\b[2-6]\d\d\b", text)} | served | ODD.get(row["file"], set())


SERVED = re.compile(r"handle|answer|lenient|ignore|matching|user part|parsed")
ODD = {"wsinv.dat": {481}, "dblreq.dat": {405}}
"""A To tag of no call of ours (RFC 3261 §12.2.2); a REGISTER at somebody who is no registrar."""
NO_END = {"clerr.dat", "baddn.dat"}
"""Not whole as a part of a stream."""


@pytest.mark.parametrize("way", [by_udp, by_tcp])
async def test_every_message_is_answered_as_it_should_be(torture: Path, way: Way) -> None:
    wrong: list[tuple[object, ...]] = []
    rows = list(csv.DictReader((torture / "expected.csv").open()))
    for row in rows:
        said, errors = await answers(way, (torture / row["file"]).read_bytes())
        fitting = set() if way is by_tcp and row["file"] in NO_END else allowed(row)
        if errors or not (set(said[:1]) <= fitting and bool(said) == bool(fitting)):
            wrong.append((row["file"], said, errors, row["ua_action"]))

    assert len(rows) == 49
    assert wrong == []


async def answers(way: Way, data: bytes) -> tuple[list[int], int]:
    """The final answers of a fresh agent to one message, and its errors."""
    judge = Judge()
    await judge.agent.start()
    try:
        await way(judge, data)
        return judge.said, judge.agent.counts.errors
    finally:
        await judge.agent.stop()
