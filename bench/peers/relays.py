"""`relays.py NAME FIRST_PORT CALLS`: join CALLS calls whose far ends are the ports from FIRST_PORT on, two a call.

Prints the ports of the legs, then "ready"; ends by SIGTERM with a line: CPU seconds and packets sent since "ready".
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable

HOST = "127.0.0.1"
Count = Callable[[], int]
"""How many packets were sent so far."""


async def ahize(first: int, calls: int) -> Count:
    """Two legs a call, joined as the service joins a customer and an operator."""
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
    return lambda: sum(leg.stats.sent for leg in legs)


async def flooded(first: int, calls: int) -> Count:
    """The same beside a user agent on the port before FIRST_PORT, which knows nobody."""
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


async def run(begin: Callable[[int, int], "asyncio.Future[Count]"], first: int, calls: int) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    count = await begin(first, calls)
    before, began = count(), time.process_time()
    print("ready", flush=True)
    await ended.wait()
    print(time.process_time() - began, count() - before, flush=True)


def main(name: str, first: int, calls: int) -> None:
    if name == "asyncio":
        asyncio.run(run(naive, first, calls))
        return
    import uvloop

    uvloop.run(run({"ahize": ahize, "flooded": flooded, "uvloop": naive}[name], first, calls))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
