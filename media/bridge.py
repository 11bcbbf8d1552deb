"""Two legs joined, without decoding."""

from media.session import Leg


def join(a: Leg, b: Leg) -> None:
    """Sound flows both ways from the next packet on; whatever played or was joined on either leg ends first."""
    raise NotImplementedError


def part(leg: Leg) -> None:
    """Silence for the leg and for whoever it was joined to; a player on it stops without its `on_end`."""
    raise NotImplementedError


def joined(leg: Leg) -> Leg | None:
    """The other leg of the bridge, if any."""
    raise NotImplementedError
