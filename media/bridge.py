"""Two legs joined, without decoding: G.711 passes as it is, or by table from one law to the other.

Each leg has the other's `Relay` as its feed and gives its own packets to that of the other side.
"""

from media.description import TELEPHONE_EVENT, Payload
from media.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW
from media.session import Arrival, Leg

Route = tuple[Payload, bytes | None]
"""The payload to send under, and the table to translate by, if any."""


class Relay:
    """One direction of a bridge: what `source` hears is sent by `target`."""

    def __init__(self, source: Leg, target: Leg) -> None:
        self.source, self.target = source, target
        self._payload: Payload | None = None
        self._agreed = target.remote
        self._route: Route | None = None

    def __call__(self, arrival: Arrival) -> None:
        if arrival.payload is not self._payload or self.target.remote is not self._agreed:
            self._payload, self._agreed = arrival.payload, self.target.remote
            self._route = route(arrival.payload, self.target)
        if self._route is None:
            return
        payload, table = self._route
        if table is not None:
            sound = slice(arrival.start, arrival.end)
            arrival.buffer[sound] = arrival.buffer[sound].translate(table)
        self.target.relay(arrival, payload)

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
    return target.codec, ULAW_TO_ALAW if payload.name == "PCMU" else ALAW_TO_ULAW


def join(a: Leg, b: Leg) -> None:
    """Sound flows both ways from the next packet on; whatever played or was joined on either leg ends first.

    Raises LegClosed.
    """
    part(a)
    part(b)
    there, back = Relay(a, b), Relay(b, a)
    b.feed(there)
    a.feed(back)
    a.sink, b.sink = there, back


def part(leg: Leg) -> None:
    """Silence for the leg and for whoever it was joined to; a player on it stops without its `on_end`."""
    leg.feed(None)


def joined(leg: Leg) -> Leg | None:
    """The other leg of the bridge, if any."""
    feed = leg.fed_by()
    return feed.source if isinstance(feed, Relay) else None
