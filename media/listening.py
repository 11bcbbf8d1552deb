"""A detector on a leg: it gets what arrives, and the time, and gives one word on who answered."""

import asyncio
from collections.abc import Callable, Mapping

from media.codecs import NAMES, Decoders
from media.detector import Detector, Tuning, Verdict
from media.g711 import FRAME, SAMPLE_RATE
from media.session import Arrival, Leg
from media.timeline import Timeline

_BEAT_S = 0.1
_QUIET_S = 0.25


class Listening:
    """The sink of a leg from the answer on, until something is joined to it, played to it, or there is no more to hear.

    Frames have their place by the timestamps of the far end, so that jitter is not heard; a far end that sends nothing
    while it is silent is judged by the clock.
    """

    def __init__(
        self,
        leg: Leg,
        measures: Mapping[str, float],
        on_verdict: Callable[[Verdict], None],
        on_beep: Callable[[], None],
    ) -> None:
        self._leg, self._on_verdict, self._on_beep = leg, on_verdict, on_beep
        self._detector = Detector(Tuning(**measures))
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        self._timeline = Timeline(self._heard_at)
        self._told = False
        self._rest = b""
        self._decoders = Decoders()
        leg.sink = self
        self._timer = self._loop.call_later(_BEAT_S, self._beat)

    def __call__(self, arrival: Arrival) -> None:
        """A packet of the far end."""
        codec = arrival.payload.name
        if codec not in NAMES:
            return
        self._heard_at = arrival.at
        at = self._timeline.place(arrival.ssrc, arrival.timestamp, arrival.at)
        samples = self._rest + self._decoders[codec](bytes(arrival.buffer[arrival.start : arrival.end]))
        at -= len(self._rest) / 2 / SAMPLE_RATE
        whole = len(samples) - len(samples) % (2 * FRAME)
        for n in range(0, whole, 2 * FRAME):
            self._detector.hear(samples[n : n + 2 * FRAME], at + n / 2 / SAMPLE_RATE)
        self._rest = samples[whole:]
        self._conclude()

    def _beat(self) -> None:
        if self._leg.sink is not self:
            return
        self._timer = self._loop.call_later(_BEAT_S, self._beat)
        now = self._loop.time()
        if now - self._heard_at > _QUIET_S:
            self._detector.wait(now - self._timeline.began)
        self._conclude()

    def _conclude(self) -> None:
        verdict = self._detector.verdict
        if verdict is None:
            return
        if not self._told:
            self._told = True
            self._on_verdict(verdict)
        elif self._detector.beep_ended_at is not None:
            self.stop()
            self._on_beep()

    def stop(self) -> None:
        """Hear no more."""
        self._timer.cancel()
        if self._leg.sink is self:
            self._leg.sink = None
