"""Two agents do anything to a call at any moment; packets are lost or doubled: nothing breaks, nothing stays."""

import asyncio
import random
from collections.abc import Callable

import pytest
from imagined_net import B, Net, play
from listening import ANSWER, OFFER, Ear, dial

from sip.agent import UserAgent
from sip.call import Call
from sip.client_call import ClientCall
from sip.errors import WrongState
from sip.listener import Peer
from sip.server_call import ServerCall

NEW = OFFER.replace(b"40000", b"44000")
Deed = Callable[[Call], object]


def of_caller(deed: Callable[[ClientCall], object]) -> Deed:
    return lambda call: deed(call) if isinstance(call, ClientCall) else None


def of_called(deed: Callable[[ServerCall], object]) -> Deed:
    return lambda call: deed(call) if isinstance(call, ServerCall) else None


DEEDS: list[Deed] = [
    Call.hold,
    Call.resume,
    Call.refresh,
    lambda call: call.renegotiate(NEW),
    lambda call: call.renegotiate(NEW, by_update=True),
    lambda call: call.refer("sip:third@10.0.0.9"),
    of_called(lambda call: call.ring()),
    of_called(lambda call: call.ring(ANSWER)),
    of_called(lambda call: call.answer(ANSWER)),
    of_called(lambda call: call.answer(ANSWER)),
]
ENDS: list[Deed] = [lambda call: call.hang_up(), of_caller(ClientCall.cancel), of_called(lambda call: call.refuse(486))]


async def do(deed: Deed, call: Call) -> None:
    try:
        deed(call)
    except WrongState:
        await asyncio.sleep(0)  # the owner is told that it is not the moment


@pytest.mark.parametrize("seed", range(150))
def test_any_order_of_deeds_and_losses_leaves_nothing_behind(seed: int) -> None:
    chance = random.Random(seed)

    async def scene(net: Net, first: UserAgent, one: Ear, second: UserAgent, other: Ear) -> None:
        for agent in (first, second):
            agent.session_s = 90
            agent.peers = lambda host: Peer("net", transfer=True)
        other.declines = chance.random() < 0.2
        other.on_refer = lambda call, asked: (asked.accept(), asked.tell(200))  # type: ignore[method-assign]
        losses, once = chance.choice([0, 0.2, 0.5]), net.carry
        net.lose = lambda sender, message: chance.random() < losses
        if chance.random() < 0.3:
            net.carry = lambda data, sender, to: (once(data, sender, to), once(data, sender, to))  # type: ignore[method-assign]
        call = dial(first, (B, 5060), headers=[("require", "100rel")] if chance.random() < 0.3 else [])
        for _ in range(12):
            await asyncio.sleep(chance.choice([0, 0.0005, 0.001, 0.003, 0.3, 2, 40]))
            theirs = [entry[1] for entry in other.of("offered")]
            await do(chance.choice(DEEDS), chance.choice([call, *theirs]))
        for side in [call, *(entry[1] for entry in other.of("offered"))]:
            await do(chance.choice(ENDS), side)
        await asyncio.sleep(200)
        for side in [call, *(entry[1] for entry in other.of("offered"))]:
            side.hang_up()
        await asyncio.sleep(200)
        for agent in (first, second):
            assert (len(agent.transactions), len(agent.core), len(agent.timers), agent.counts.errors) == (0, 0, 0, 0)
        assert len(one.of("failed", "ended")) == 1
        assert all(len([end for end in other.of("ended") if end[1] is entry[1]]) == 1 for entry in other.of("offered"))

    play(scene)
