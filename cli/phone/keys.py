"""Keys pressed on the phone, as RFC 4733 events.

The leg numbers its packets itself, but all packets of one press carry one timestamp (§2.2): the keys are a source of
their own, which the leg relays.
"""

import asyncio
import random

from kit.errors import Invalid
from media.description import TELEPHONE_EVENT, Payload
from media.dtmf import KEYS
from media.rtp import HEADER
from media.session import Arrival, Leg

_STEP_S = 0.020
_STEPS = 6
_ENDS = 3
"""The last packet goes three times, because it may be lost (RFC 4733 §2.5.1.4)."""
_PAUSE_S = 0.100
_RATE = 8000
_VOLUME = 10  # dBm0, without its sign


class NoSuchKey(Invalid):
    """A key is one of 0-9 * # A-D."""

    code = "no_such_key"


def checked(keys: str) -> str:
    """The keys in capitals. Raises NoSuchKey."""
    keys = keys.upper()
    if not set(keys) <= set(KEYS):
        raise NoSuchKey()
    return keys


async def press(leg: Leg, keys: str) -> bool:
    """Press one key after the other, 0.3 s each; False: the far end takes no keys."""
    payload = leg.payload_named(TELEPHONE_EVENT)
    if payload is None:
        return False
    leg.feed(None)
    hand = _Hand(leg, payload)
    for key in keys:
        await hand.press(KEYS.index(key))
        await asyncio.sleep(_PAUSE_S)
    return True


class _Hand:
    """One source of events. Its timestamps run with the clock."""

    def __init__(self, leg: Leg, payload: Payload) -> None:
        self._leg, self._payload = leg, payload
        self._loop = asyncio.get_running_loop()
        self._ssrc, self._sequence = random.getrandbits(32), random.getrandbits(15)
        self._began = self._loop.time()

    async def press(self, event: int) -> None:
        timestamp = int((self._loop.time() - self._began) * _RATE)
        step = int(_STEP_S * _RATE)
        for number in range(1, _STEPS + 1):
            self._send(event, timestamp, step * number, end=False, first=number == 1)
            await asyncio.sleep(_STEP_S)
        for _ in range(_ENDS):
            self._send(event, timestamp, step * _STEPS, end=True, first=False)

    def _send(self, event: int, timestamp: int, duration: int, *, end: bool, first: bool) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        told = bytes((event, (0x80 if end else 0) | _VOLUME)) + duration.to_bytes(2)
        start, now = HEADER.size, self._loop.time()
        buffer = bytearray(start) + told
        packet = (first, self._sequence, timestamp, self._ssrc, buffer, start, len(buffer), now)
        self._leg.relay(Arrival(self._payload, *packet), self._payload)
