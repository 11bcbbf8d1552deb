"""`talkers.py NAME FIRST_PORT CALLS`: legs that play a sound to the ports from FIRST_PORT on and decode what comes.

Prints the ports of the legs, then "ready"; ends by SIGTERM with a line: CPU seconds and packets decoded since "ready".
"""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

HOST = "127.0.0.1"
SILENCE = bytes(16_000)


async def ahize(first: int, calls: int) -> None:
    """Each leg is judged by the detector as the service does it: person or machine, again as soon as it is told."""
    from media.listening import Listening
    from media.session import Leg

    legs = _speaking(first, calls)
    listening: dict[Leg, Listening] = {}

    def judge(leg: Leg) -> None:
        if leg in listening:
            listening[leg].stop()
        listening[leg] = Listening(leg, {}, lambda _: again(leg), lambda: again(leg))

    def again(leg: Leg) -> None:
        asyncio.get_running_loop().call_soon(judge, leg)

    for leg in legs:
        judge(leg)
    await _until_ended(lambda: sum(leg.stats.received for leg in legs))


async def decoding(first: int, calls: int) -> None:
    """Each leg only decodes, as the peers do."""
    from media.g711 import decode
    from media.session import Arrival

    decoded = 0

    def hear(arrival: Arrival) -> None:
        nonlocal decoded
        decode(bytes(arrival.buffer[arrival.start : arrival.end]), "PCMU")
        decoded += 1

    for leg in _speaking(first, calls):
        leg.sink = hear
    await _until_ended(lambda: decoded)


def _speaking(first: int, calls: int) -> list:
    """Legs that say something without end; their ports are printed."""
    from kit import garbage
    from media.description import PCMU, Description
    from media.player import play
    from media.ports import PortRange
    from media.session import Leg
    from media.sound import of_samples

    garbage.look_less_often()  # as the service does
    ports, sound = PortRange(HOST, first + 10_000, first + 10_000 + 2 * calls + 2_000), of_samples(SILENCE)
    legs = [Leg.open(ports) for _ in range(calls)]
    for number, leg in enumerate(legs):
        leg.answer(Description(HOST, first + number, (PCMU,)))
        play(leg, sound, repeat=True)
        print(leg.local.port)
    return legs


async def _until_ended(decoded: Callable[[], int]) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    began, before = time.process_time(), decoded()
    print("ready", flush=True)
    await ended.wait()
    print(time.process_time() - began, decoded() - before, flush=True)


def pyvoip(first: int, calls: int) -> None:
    """Its RTP clients alone, without its signalling; each has a thread that sends and one that asks for packets."""
    from pyVoIP import RTP, VoIP  # noqa: F401  its rooms import each other: this one must come last

    decoded = 0

    class Client(RTP.RTPClient):
        def parse_packet(self, packet: bytes) -> None:
            nonlocal decoded
            super().parse_packet(packet)
            decoded += 1

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    codecs = {0: RTP.PayloadType.PCMU}
    for number in range(calls):
        own = first + 10_000 + 2 * number
        Client(codecs, HOST, own, HOST, first + number, RTP.TransmitType.SENDRECV).start()
        print(own)
    began, before = time.process_time(), decoded
    print("ready", flush=True)
    ended.wait()
    print(time.process_time() - began, decoded - before, flush=True)
    os._exit(0)  # its threads would keep the process


def main(name: str, first: int, calls: int) -> None:
    if name == "pyvoip":
        pyvoip(first, calls)
        return
    import uvloop

    uvloop.run({"ahize": ahize, "ahize-decoding": decoding}[name](first, calls))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
