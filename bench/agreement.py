"""Calls over a line that loses packets: what our side took for their ends, beside what the other side wrote down."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.lossy import LossyLine
from sip.agent import UserAgent
from sip.call import Call
from sip.client_call import ClientCall
from sip.listener import Account, Listener, Peer
from sip.message import Response

SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
)
AT_ONCE = 50
TALK_S = 0.1
"""From the answer to hanging up: longer than a packet is held."""
RINGING_S = 0.3
"""From the first sign of life to taking a call back."""
PATIENCE_S = 100.0


class Record(Protocol):
    """A call record of the PBX."""

    @property
    def number(self) -> str: ...

    @property
    def outcome(self) -> str: ...


@dataclass(slots=True)
class Fate:
    """One call of ours. `status`: of the failure, 0 for an answered one; `set_up_s`: from the INVITE to the 200."""

    number: str
    call_id: str
    began: float
    answered: bool = False
    status: int = 0
    set_up_s: float = 0.0
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Caller(Listener):
    """Places calls, AT_ONCE at a time: hangs up soon after the answer, takes back those whose number `is_cancelled`."""

    def __init__(self, destination: tuple[str, int], account: Account | None = None) -> None:
        self.fates: dict[str, Fate] = {}
        self.is_cancelled: Callable[[str], bool] = lambda number: False
        self._destination, self._account = destination, account
        self._room = asyncio.Semaphore(AT_ONCE)

    async def place_all(self, agent: UserAgent, numbers: Sequence[str]) -> list[Fate]:
        """Every call to its end, and until nothing that we asked is unanswered."""
        async with asyncio.timeout(PATIENCE_S * max(1, len(numbers) // 200)):
            async with asyncio.TaskGroup() as group:
                for number in numbers:
                    group.create_task(self._place(agent, number))
            while agent.transactions.unanswered():  # noqa: ASYNC110  the last BYEs
                await asyncio.sleep(0.02)
        return list(self.fates.values())

    async def _place(self, agent: UserAgent, number: str) -> None:
        async with self._room:
            call_id, tag, cseq = agent.seed()
            fate = self.fates[call_id] = Fate(number, call_id, agent.now())
            uri = f"sip:{number}@{self._destination[0]}:{self._destination[1]}"
            names = {"from_uri": "sip:dialer@pbx.test", "to_uri": uri, "call_id": call_id, "from_tag": tag}
            destination, account = self._destination, self._account
            agent.invite(uri, **names, cseq=cseq, sdp=SDP, destination=destination, account=account)
            await fate.over.wait()

    def on_progress(self, call: ClientCall, status: int, response: Response) -> None:
        if self.is_cancelled(self.fates[call.call_id].number):  # 180 alone may be lost, and comes once
            asyncio.get_running_loop().call_later(RINGING_S, call.cancel)

    def on_answered(self, call: ClientCall, response: Response) -> None:
        fate = self.fates[call.call_id]
        fate.answered, fate.set_up_s = True, call.agent.now() - fate.began
        asyncio.get_running_loop().call_later(TALK_S, call.hang_up)

    def on_failed(self, call: ClientCall, status: int, reason: str) -> None:
        fate = self.fates[call.call_id]
        fate.status = status
        fate.over.set()

    def on_ended(self, call: Call, by_us: bool, cause: str) -> None:
        self.fates[call.call_id].over.set()


async def over(line: LossyLine, caller: Caller, numbers: Sequence[str]) -> list[Fate]:
    """Place the calls by an agent of its own behind the line."""
    agent = UserAgent(("127.0.0.1", 0), peers=lambda host: Peer("far"), listener=caller, open_transports=line.open)
    await agent.start()
    try:
        return await caller.place_all(agent, numbers)
    finally:
        await agent.stop()


def disagreements(fates: Sequence[Fate], log: Path) -> list[str]:
    """SIPp's log against ours: each call once invited and once ended there, answered and ended here."""
    seen = Counter(line.strip() for line in log.read_text().splitlines() if line.strip())
    wrong = [
        f"{fate.call_id}: {fate.status} here"
        for fate in fates
        if not fate.answered or any(seen[f"{fate.call_id} {word}"] != 1 for word in ("invited", "ended"))
    ]
    if len(seen) != 2 * len(fates):
        wrong.append(f"{len(seen)} lines there for {len(fates)} calls")
    return wrong


def mixed(count: int) -> list[str]:
    """Numbers of the test PBX: half of them answer; the rest are busy, unknown, or ring until we take the call back."""
    behaviours = ["15", "20", "15", "23", "15", RINGS]
    return [f"90{532 + at // 1000}{behaviours[at % 6]}00{at % 1000:03d}" for at in range(count)]


RINGS = "21"


def takes_back(number: str) -> bool:
    return number[5:7] == RINGS


def disagreements_with_records(fates: Sequence[Fate], records: Sequence[Record]) -> list[str]:
    """The PBX's call records against ours: "ANSWERED" exactly where we were answered, and a record of each call.

    A number can have two: to Asterisk an INVITE that is repeated because every answer to it was lost begins another
    call. Its 200 is a fork to us, acknowledged and hung up (RFC 3261 §13.2.2.4).
    """
    outcomes: dict[str, list[str]] = {}
    for record in records:
        outcomes.setdefault(record.number, []).append(record.outcome)
    return [
        f"{fate.number}: {fate.status or 'answered'} here, {outcomes.get(fate.number)} there"
        for fate in fates
        if {outcome == "ANSWERED" for outcome in outcomes.get(fate.number, [])} != {fate.answered}
    ]
