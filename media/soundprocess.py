"""A sound process: `python -m media.soundprocess <descriptor of its channel>`, begun by `media.workers`.

It lives as long as the engine's process holds the other end of its channel; one that hangs is ended by the system.
"""

import asyncio
import ctypes
import signal
import socket
import sys
from collections.abc import Sequence

import uvloop

from kit import log
from kit.garbage import look_less_often
from media.channel import Channel
from media.desk import SLOTS, Desk
from media.events import Notes
from media.orders import Order


async def serve(sock: socket.socket) -> None:
    """Carry out orders until the other end is gone."""
    over = asyncio.Event()

    def obey(message: object, files: Sequence[int]) -> None:
        order: Order = message  # pyright: ignore[reportAssignmentType]  nothing else is sent
        try:
            order.carry_out(desk, files)
        except Exception as error:
            desk.refuse(order, error)

    channel = Channel(sock, obey, over.set)
    desk = Desk(channel.send)
    desk.tell(Notes())
    look_less_often()
    _beat(desk)
    await over.wait()


def _beat(desk: Desk) -> None:
    asyncio.get_running_loop().call_later(1 / SLOTS, _beat, desk)
    desk.beat()


_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Signals are the engine's: it ends its calls first."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    log.configure(json=not sys.stderr.isatty())
    uvloop.run(serve(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
