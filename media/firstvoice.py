"""When somebody at the other end of the bridge is first heard on a leg."""

from media.bridge import joined
from media.codecs import NAMES, Decoders
from media.description import Payload
from media.g711 import level
from media.session import Arrival, Leg

AUDIBLE = 300
"""Root mean square of the samples of a packet, 0 to 32767: about 40 dB below full scale."""


class FirstVoice:
    """Taps a leg until a packet that is not silence was relayed to it; `at` is then its moment by loop.time()."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self.at: float | None = None
        self._decoders = Decoders()
        leg.taps = (*leg.taps, self)

    def heard(self, arrival: Arrival) -> None:
        """What the far end says is not looked at."""

    def sent(self, payload: Payload, timestamp: int, sound: bytes | memoryview, at: float) -> None:
        """Prompts and music are no voice: only what comes over the bridge is."""
        if payload.name not in NAMES or joined(self._leg) is None:
            return
        if level(self._decoders[payload.name](bytes(sound))) > AUDIBLE:
            self.at = at
            self._leg.taps = tuple(tap for tap in self._leg.taps if tap is not self)
