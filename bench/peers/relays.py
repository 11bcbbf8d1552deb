"""`relays.py NAME FIRST_PORT CALLS [FOLDER KEY]`: join CALLS calls whose far ends are the ports from FIRST_PORT on.

Two ports a call. Prints the ports of the legs, then "ready"; ends by SIGTERM with a line: CPU seconds and packets sent
since "ready". FOLDER and KEY (64 hex digits): where each call is recorded, sealed.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

HOST = "127.0.0.1"
Count = Callable[[], int]
"""How many packets were sent so far."""


async def ahize(first: int, calls: int) -> Count:
    """Two legs a call, joined as the service joins a customer and an operator."""
    legs = _joined(first, calls)
    return lambda: sum(leg.stats.sent for leg in legs)


def _joined(first: int, calls: int) -> list:
    from kit import garbage
    from media.bridge import join
    from media.description import PCMU, Description
    from media.ports import PortRange
    from media.session import Leg

    garbage.look_less_often()  # as the service does
    ports = PortRange(HOST, first + 10_000, first + 10_000 + 4 * calls + 2_000)
    legs = [Leg.open(ports) for _ in range(2 * calls)]
    for number, leg in enumerate(legs):
        leg.answer(Description(HOST, first + number, (PCMU,)))
        print(leg.local.port)
    for a, b in zip(legs[::2], legs[1::2], strict=True):
        join(a, b)
    return legs


async def recorded(first: int, calls: int, folder: str, key: str) -> Count:
    """The same, each call recorded as the service does it: sealed by the shelf's thread."""
    from desk.recordings.shelf import Shelf
    from media.recorder import Recorder

    shelf = Shelf(Path(folder))
    shelf.start()
    legs = _joined(first, calls)
    for call, customer in enumerate(legs[::2]):
        Recorder(customer, shelf.tape(f"{call:06}", bytes.fromhex(key)))
    return lambda: sum(leg.stats.sent for leg in legs)


async def flooded(first: int, calls: int) -> Count:
    """The joined calls beside a user agent on the port before FIRST_PORT, which knows nobody."""
    from kit import log
    from sip.agent import UserAgent
    from sip.listener import Listener

    log.configure(json=True)
    await UserAgent((HOST, first - 1), peers=lambda host: None, listener=Listener()).start()
    return await ahize(first, calls)


async def naive(first: int, calls: int) -> Count:
    """What one writes first: a datagram protocol for each leg that gives what comes to the other's transport."""
    loop = asyncio.get_running_loop()
    sent = 0

    class Side(asyncio.DatagramProtocol):
        other: asyncio.DatagramTransport
        to: tuple[str, int]

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            nonlocal sent
            self.other.sendto(data, self.to)
            sent += 1

    for call in range(calls):
        pair = [await loop.create_datagram_endpoint(Side, local_addr=(HOST, 0)) for _ in range(2)]
        for side in (0, 1):
            pair[side][1].other, pair[side][1].to = pair[1 - side][0], (HOST, first + 2 * call + 1 - side)
            print(pair[side][0].get_extra_info("sockname")[1])
    return lambda: sent


async def naive_recorded(first: int, calls: int, folder: str, key: str) -> Count:
    """The protocol that does the same work as ours."""
    from bench.peers import recording_relay

    legs = await recording_relay.begin(first, calls, folder, key)
    return lambda: sum(leg.sent for leg in legs)


async def run(begun: Awaitable[Count]) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    count = await begun
    before, began = count(), time.process_time()
    print("ready", flush=True)
    await ended.wait()
    print(time.process_time() - began, count() - before, flush=True)


FORMS: dict[str, Callable[..., Awaitable[Count]]] = {
    "ahize": ahize,
    "ahize-recorded": recorded,
    "flooded": flooded,
    "asyncio": naive,
    "asyncio-recorded": naive_recorded,
    "uvloop": naive,
    "uvloop-recorded": naive_recorded,
}


def main(name: str, first: int, calls: int, *recording: str) -> None:
    running = run(FORMS[name](first, calls, *recording))
    if name.startswith("asyncio"):
        asyncio.run(running)
        return
    import uvloop

    uvloop.run(running)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
