"""Two legs joined, without decoding: G.711 passes as it is, or by table from one law to the other.

Each leg has the other's `Relay` as its feed and gives its own packets to that of the other side.
"""

from media.description import TELEPHONE_EVENT, Payload
from media.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW
from media.session import Arrival, Leg


class Relay:
    """One direction of a bridge: what `source` hears is sent by `target`."""

    def __init__(self, source: Leg, target: Leg) -> None:
        self.source, self.target = source, target
        self._routes: dict[Payload, tuple[Payload, bytes | None] | None] = {}
        self._agreed = target.remote

    def __call__(self, arrival: Arrival) -> None:
        route = self._route(arrival.payload)
        if route is None:
            return
        payload, table = route
        if table is not None:
            sound = slice(arrival.start, arrival.end)
            arrival.buffer[sound] = arrival.buffer[sound].translate(table)
        self.target.relay(arrival, payload)

    def _route(self, payload: Payload) -> tuple[Payload, bytes | None] | None:
        if self._agreed is not self.target.remote:
            self._routes.clear()
            self._agreed = self.target.remote
        if payload not in self._routes:
            self._routes[payload] = route(payload, self.target)
        return self._routes[payload]

    def stop(self) -> None:
        """The target is fed by something else, or closes: the bridge ends for both."""
        self.source.sink = None
        back = self.source.fed_by()
        if isinstance(back, Relay) and back.source is self.target:
            self.source.feed(None)


def route(payload: Payload, target: Leg) -> tuple[Payload, bytes | None] | None:
    """The target's payload for a packet and the table to translate it by; None: the target cannot take it."""
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
