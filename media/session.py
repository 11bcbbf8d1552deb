"""One leg: the sound between this service and one far end."""

from collections.abc import Callable

from media.description import G711, Description, Direction, Payload
from media.ports import PortRange

__all__ = ["Description", "Direction", "Leg", "Payload", "PortRange"]


class Leg:
    """One RTP leg on the running event loop. Not thread-safe; every callback comes on the loop.

    Life: `open` → (`offer` … `accept`) or `answer` → join, play → `close`. A re-INVITE is another `accept` or `answer`.
    Callbacks are plain attributes and may be set at any time:
    `on_first_packet(at)`: the first RTP packet from the far end, `at` in loop.time() seconds;
    `on_dtmf(digit)`: one key (0-9 * # A-D), once for each press (RFC 4733).
    """

    on_first_packet: Callable[[float], None] | None
    on_dtmf: Callable[[str], None] | None

    @classmethod
    def open(cls, ports: PortRange, *, advertise: str | None = None, codecs: tuple[Payload, ...] = G711) -> "Leg":
        """Bind a port pair and start to listen. `advertise`: the address to name in descriptions, if not the bound one.

        Raises NoPortsLeft.
        """
        raise NotImplementedError

    def offer(self, direction: Direction = Direction.SENDRECV) -> Description:
        """Our description for an INVITE."""
        raise NotImplementedError

    def answer(self, offer: Description) -> Description:
        """Take the far end's offer and give our answer. Raises NoCommonCodec; the leg is then as before."""
        raise NotImplementedError

    def accept(self, answer: Description) -> None:
        """Take the far end's answer to our offer. May be called again (183, then 200). Raises NoCommonCodec."""
        raise NotImplementedError

    def relearn(self) -> None:
        """Forget which source was learned; for a re-INVITE that moves the sound without a new address."""
        raise NotImplementedError

    def close(self) -> None:
        """Part, stop playing, close the sockets. Twice is fine."""
        raise NotImplementedError

    @property
    def last_packet_at(self) -> float | None:
        """loop.time() of the latest RTP packet from the far end; None before the first."""
        raise NotImplementedError

    @property
    def held(self) -> bool:
        """The far end asked for silence (sendonly or inactive)."""
        raise NotImplementedError
