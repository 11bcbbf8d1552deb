"""Two legs joined. What both have passes undecoded; else by table from one law of G.711 to the other, or by samples.

Each leg has the other's `Relay` as its feed and gives its own packets to that of the other side.
"""

from collections.abc import Callable

from media.codecs import Coder, transcoder
from media.description import TELEPHONE_EVENT, Payload
from media.session import Arrival, Leg

Route = tuple[Payload, Coder | None]
"""The payload to send under, and what to transcode by, if anything. Packets are transcoded as they come: loss and
disorder stay the far end's to mend, and nothing waits here."""


class Relay:
    """One direction of a bridge: what `source` hears is sent by `target`.

    `tap(arrival)`: gets each packet first, for whoever listens; `replaced`: the target is fed by a mix for now.
    """

    __slots__ = ("_agreed", "_payload", "_sender", "_to", "_transcode", "replaced", "source", "tap", "target")

    def __init__(self, source: Leg, target: Leg) -> None:
        self.source, self.target = source, target
        self._sender = target.sender
        self.tap: Callable[[Arrival], None] | None = None
        self.replaced = False
        self._payload: Payload | None = None
        self._agreed = target.remote
        self._to: Payload | None = None
        self._transcode: Coder | None = None

    def hear(self, arrival: Arrival) -> None:
        """A packet of the source. Hot."""
        if self.tap is not None:
            self.tap(arrival)
            if self.replaced:
                return
        sender = self._sender
        if arrival.payload is not self._payload or sender.remote is not self._agreed:
            self._payload, self._agreed = arrival.payload, sender.remote
            self._to, self._transcode = route(arrival.payload, self.target) or (None, None)
        if self._to is None:
            return
        if self._transcode is not None:
            sound = slice(arrival.start, arrival.end)
            arrival.buffer[sound] = self._transcode(bytes(arrival.buffer[sound]))
        sender.relay(arrival, self._to)

    def stop(self) -> None:
        """The target is fed by something else, or closes: the bridge ends for both."""
        self.source.sink = None
        back = self.source.fed_by()
        if isinstance(back, Relay) and back.source is self.target:
            self.source.feed(None)


def route(payload: Payload, target: Leg) -> Route | None:
    """How a packet reaches the target; None: it cannot take it."""
    same = target.payload_named(payload.name)
    if same is not None:
        return same, None
    if payload.name == TELEPHONE_EVENT or target.codec is None:
        return None
    return target.codec, transcoder(payload.name, target.codec.name)


def join(a: Leg, b: Leg) -> None:
    """Sound flows both ways from the next packet on; whatever played or was joined on either leg ends first.

    Raises LegClosed.
    """
    part(a)
    part(b)
    there, back = Relay(a, b), Relay(b, a)
    b.feed(there)
    a.feed(back)
    a.sink, b.sink = there.hear, back.hear


def part(leg: Leg) -> None:
    """Silence for the leg and for whoever it was joined to; a player on it stops without its `on_end`."""
    leg.feed(None)


def mute(leg: Leg, *, muted: bool) -> None:
    """Nothing of this leg reaches the other one, or it does again. A leg in no bridge does not mind."""
    other = joined(leg)
    towards = other.fed_by() if other is not None else None
    if isinstance(towards, Relay):
        leg.sink = _unheard if muted else towards.hear


def _unheard(_: Arrival) -> None:
    """Where the packets of a muted leg go."""


def joined(leg: Leg) -> Leg | None:
    """The other leg of the bridge, if any."""
    feed = leg.fed_by()
    return feed.source if isinstance(feed, Relay) else None
