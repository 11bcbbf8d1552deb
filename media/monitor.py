"""A supervisor on a bridge: listens, whispers to the operator, or speaks with both.

The bridge goes on by its relays, undecoded, towards everybody who hears nothing of the supervisor. A leg that does is
fed by a mix instead for as long; the keys that its other side presses do not pass meanwhile.
"""

from collections.abc import Callable
from enum import StrEnum

from media.bridge import Relay
from media.codecs import NAMES, Coder, encoder
from media.errors import AlreadyMonitored, NotJoined
from media.g711 import mixed
from media.jitter import JitterBuffer
from media.session import Arrival, Leg
from media.ticker import Ticker


class Mode(StrEnum):
    """LISTEN: nobody hears the supervisor; WHISPER: the operator alone does; BARGE: everybody does."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


SUPERVISOR, OPERATOR, CUSTOMER = "supervisor", "operator", "customer"
HEARS: dict[Mode, dict[str, tuple[str, str]]] = {
    Mode.LISTEN: {
        SUPERVISOR: (OPERATOR, CUSTOMER),
    },
    Mode.WHISPER: {
        SUPERVISOR: (OPERATOR, CUSTOMER),
        OPERATOR: (CUSTOMER, SUPERVISOR),
    },
    Mode.BARGE: {
        SUPERVISOR: (OPERATOR, CUSTOMER),
        OPERATOR: (CUSTOMER, SUPERVISOR),
        CUSTOMER: (OPERATOR, SUPERVISOR),
    },
}
"""Who is fed by a mix in each mode, and of whom. Whoever is not named is fed by the relay of the bridge."""


class Monitor:
    """The supervisor's stay on one bridge; the feed of the supervisor's leg. It ends with `stop`, with the bridge, or
    when anything else feeds that leg; `on_end` comes once in all three cases."""

    def __init__(self, supervisor: Leg, operator: Leg, *, on_end: Callable[[], None] | None = None) -> None:
        """`operator`: a leg in a bridge. Nothing happens before `start`. Raises NotJoined."""
        customer = _relay_to(operator).source
        self.mode = Mode.LISTEN
        self._legs = {SUPERVISOR: supervisor, OPERATOR: operator, CUSTOMER: customer}
        self._relays = {OPERATOR: _relay_to(operator), CUSTOMER: _relay_to(customer)}
        self._heard: dict[str, JitterBuffer] = {}
        self._voices: dict[str, _Voice] = {}
        self._on_end = on_end
        self._ticker = Ticker.of_running_loop()
        self._beat = self.beat

    def start(self, mode: Mode) -> None:
        """Take over the supervisor's leg; what it was joined to or played ends first. Raises LegClosed,
        AlreadyMonitored."""
        if any(relay.tap is not None for relay in self._relays.values()):
            raise AlreadyMonitored
        supervisor = self._legs[SUPERVISOR]
        supervisor.feed(None)
        supervisor.feed(self)
        self._relays[CUSTOMER].tap = self._into(OPERATOR)
        self._relays[OPERATOR].tap = self._into(CUSTOMER)
        self.switch(mode)
        self._ticker.add(self._beat)

    def switch(self, mode: Mode) -> None:
        """Hear and be heard otherwise, from the next 20 ms on."""
        self.mode = mode
        mixes = HEARS[mode]
        for name, relay in self._relays.items():
            relay.replaced = name in mixes
        self._voices = {name: self._voices.get(name) or _Voice(self._legs[name]) for name in mixes}
        self._legs[SUPERVISOR].sink = self._into(SUPERVISOR) if OPERATOR in mixes else None

    def hears(self, operator: Leg) -> bool:
        """Whether it is on the bridge that this operator's leg is in now."""
        return self._legs[OPERATOR] is operator and self._is_whole

    @property
    def _is_whole(self) -> bool:
        return all(self._legs[name].fed_by() is relay for name, relay in self._relays.items())

    def beat(self) -> None:
        """Mix and send the next 20 ms."""
        if not self._is_whole:
            self._legs[SUPERVISOR].feed(None)
            return
        frames = {name: buffer.pull() for name, buffer in self._heard.items()}
        quiet = bytes(320)
        for name, (one, other) in HEARS[self.mode].items():
            self._voices[name].say(mixed(frames.get(one, quiet), frames.get(other, quiet)))

    def stop(self) -> None:
        """Leave: the bridge is as it was. Twice is fine."""
        self._ticker.remove(self._beat)
        for relay in self._relays.values():
            relay.tap, relay.replaced = None, False
        supervisor = self._legs[SUPERVISOR]
        supervisor.sink = None
        if supervisor.fed_by() is self:
            supervisor.feed(None)
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

    def _into(self, name: str) -> Callable[[Arrival], None]:
        """What puts a leg's packets where they are mixed from."""
        buffer = self._heard.setdefault(name, JitterBuffer())

        def put(arrival: Arrival) -> None:
            codec = arrival.payload.name if arrival.payload.name in NAMES else None
            sound = codec, bytes(arrival.buffer[arrival.start : arrival.end])
            buffer.put(arrival.ssrc, arrival.sequence, arrival.timestamp, sound, arrival.at)

        return put


class _Voice:
    """Samples on their way out of one leg."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._codec = ""
        self._encode: Coder | None = None
        self._first = True

    def say(self, samples: bytes) -> None:
        codec = self._leg.codec
        if codec is None:
            return
        if self._encode is None or codec.name != self._codec:
            self._codec, self._encode = codec.name, encoder(codec.name)
        self._leg.send(self._encode(samples), codec, first=self._first)
        self._first = False


def _relay_to(leg: Leg) -> Relay:
    feed = leg.fed_by()
    if not isinstance(feed, Relay):
        raise NotJoined
    return feed
