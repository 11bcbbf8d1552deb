"""Agents on an imagined network under a virtual clock: packets take 1 ms, and may be lost or held."""

import asyncio
from collections.abc import Awaitable, Callable

from listening import ANSWER, Ear, dial

from kit import virtual
from sip.agent import UserAgent
from sip.client_call import ClientCall
from sip.gate import Limits
from sip.listener import Peer
from sip.message import Request, Response, parse
from sip.server_call import ServerCall
from sip.transport import Above, Address, Receive

CROWDS = Limits(half_open_from_one=1_000, half_open=1_000)
"""Tests call by the hundred, all at once."""


class Net:
    """`log`: (time, sender, message) of everything sent, lost packets too. `lose` decides what gets lost."""

    def __init__(self) -> None:
        self.log: list[tuple[float, Address, Request | Response]] = []
        self.lose: Callable[[Address, Request | Response], bool] = lambda sender, message: False
        self._ends: dict[Address, Receive] = {}

    async def open(self, bind: tuple[str, int], above: Above) -> "list[End]":
        end = End(self, Address(*bind))
        self._ends[end.local] = above.receive
        return [end]

    def carry(self, data: bytes, sender: Address, to: Address) -> None:
        loop = asyncio.get_running_loop()
        message = parse(data)
        self.log.append((round(loop.time(), 3), sender, message))
        if not self.lose(sender, message) and to in self._ends:
            loop.call_later(0.001, self._ends[to], data, sender)

    def times(self, what: str | int) -> list[float]:
        """When a method or a status was sent."""
        return [at for at, _, message in self.log if what in (kind(message), str(kind(message)))]

    def flow(self) -> list[str | int]:
        """Methods and statuses in the order sent."""
        return [kind(message) for _, _, message in self.log]

    async def agent(self, host: str, ear: Ear) -> UserAgent:
        made = UserAgent(
            (host, 5060), peers=lambda host: Peer("net"), listener=ear, open_transports=self.open, limits=CROWDS
        )
        await made.start()
        return made


def kind(message: Request | Response) -> str | int:
    return message.method if isinstance(message, Request) else message.status


class End:
    """One agent's way in and out."""

    name = "udp"
    reliable = False

    def __init__(self, net: Net, local: Address) -> None:
        self._net = net
        self.local = local

    def send(self, data: bytes, to: Address) -> None:
        self._net.carry(data, self.local, to)

    def close(self) -> None:
        """Nothing to close."""


A, B = "10.0.0.1", "10.0.0.2"

Scene = Callable[[Net, UserAgent, Ear, UserAgent, Ear], Awaitable[None]]


def play(scene: Scene) -> Net:
    """Run a scene with two agents and look at what went over the net."""
    net = Net()

    async def work() -> None:
        one, other = Ear(), Ear()
        first, second = await net.agent(A, one), await net.agent(B, other)
        await scene(net, first, one, second, other)

    virtual.run(work())
    return net


async def talking(first: UserAgent, second: UserAgent, other: Ear) -> tuple[ClientCall, ServerCall]:
    """A call that is up: the caller's side and the called one's."""
    other.on_offer = lambda call: call.answer(ANSWER)
    call = dial(first, (B, 5060))
    _, theirs = await other.until("confirmed")
    assert isinstance(theirs, ServerCall)
    return call, theirs
