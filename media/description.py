"""What one side says of its sound in an offer or answer (RFC 3264), free of SDP's text.

`sip.sdp` has the text; whoever knows both rooms translates between the two.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from media.codecs import NAMES
from media.errors import NoCommonCodec
from media.sdes import Crypto

TELEPHONE_EVENT = "TELEPHONE-EVENT"


class Direction(StrEnum):
    """The direction attribute, from the point of view of whoever describes himself (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def receives(self) -> bool:
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @property
    def sends(self) -> bool:
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def mirrored(self) -> "Direction":
        """The answer that grants all of it (RFC 3264 §6.1)."""
        return _MIRRORED[self]


_MIRRORED = {
    Direction.SENDRECV: Direction.SENDRECV,
    Direction.SENDONLY: Direction.RECVONLY,
    Direction.RECVONLY: Direction.SENDONLY,
    Direction.INACTIVE: Direction.INACTIVE,
}


@dataclass(frozen=True, slots=True)
class Payload:
    """One RTP payload type: number 0 to 127, encoding name in capitals ("PCMU"), clock rate in Hz."""

    number: int
    name: str
    rate: int = 8000


PCMU = Payload(0, "PCMU")
PCMA = Payload(8, "PCMA")
DTMF = Payload(101, TELEPHONE_EVENT)
G722 = Payload(9, "G722")
G711 = (PCMA, PCMU)
CODECS = (*G711, G722)
"""What we have, most wanted first."""


@dataclass(frozen=True, slots=True)
class Description:
    """One side of an audio stream. `host`: an IP address; `port`: RTP; `ptime`: ms of sound in a packet.

    `payloads` stand in the order of preference. `rtcp_port` None: the RTP port plus one (RFC 3550 §11). `cryptos`: the
    keys that this side may seal with; `secure`: nothing but encrypted sound is meant (RTP/SAVP).
    """

    host: str
    port: int
    payloads: tuple[Payload, ...] = (*G711, DTMF)
    direction: Direction = Direction.SENDRECV
    ptime: int = 20
    rtcp_port: int | None = None
    cryptos: tuple[Crypto, ...] = ()
    secure: bool = False

    @property
    def codecs(self) -> tuple[Payload, ...]:
        """The payloads of sound that we have too, most wanted first."""
        return tuple(p for p in self.payloads if p.name in NAMES and p.rate == 8000)

    @property
    def dtmf(self) -> Payload | None:
        """The payload of RFC 4733 events, if any."""
        return next((p for p in self.payloads if p.name == TELEPHONE_EVENT and p.rate == 8000), None)

    @property
    def rtcp(self) -> tuple[str, int]:
        """Where RTCP is expected."""
        return self.host, self.rtcp_port or self.port + 1


def answer_to(offer: Description, own: Description) -> Description:
    """Our answer: the offerer's first codec that we have too, its payload numbers, its events (RFC 3264 §6.1).

    G.722 only when there is no G.711: most calls would have to be decoded for it. Raises NoCommonCodec.
    """
    names = {p.name for p in own.codecs}
    shared = sorted((p for p in offer.codecs if p.name in names), key=lambda p: p.name == G722.name)
    if not shared:
        raise NoCommonCodec(tuple(p.name for p in offer.payloads))
    events = (offer.dtmf,) if offer.dtmf and own.dtmf else ()
    return replace(own, payloads=(shared[0], *events), direction=offer.direction.mirrored)


def common(own: Description, theirs: Description) -> Description:
    """Their answer without the codecs that we did not offer. Raises NoCommonCodec."""
    names = {p.name for p in own.payloads}
    kept = tuple(p for p in (*theirs.codecs, theirs.dtmf) if p and p.name in names)
    if not any(p.name != TELEPHONE_EVENT for p in kept):
        raise NoCommonCodec(tuple(p.name for p in theirs.payloads))
    return replace(theirs, payloads=kept)
