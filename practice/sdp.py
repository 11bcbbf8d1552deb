"""Between SDP and what a leg knows of it."""

from media.description import TELEPHONE_EVENT, Description, Direction, Payload
from sip.errors import BadSdp
from sip.sdp import Format, SessionDescription
from sip.uri import is_ip

_KEYS = "0-16"


def described(sdp: bytes) -> Description:
    """What a far end says of its audio. Raises `sip.errors.BadSdp`, also for a refused stream or a host name."""
    said = SessionDescription.parse(sdp)
    if said.port == 0 or not is_ip(said.host):
        raise BadSdp("the audio stream is refused, or its address is no IP address")
    return Description(
        host=said.host,
        port=said.port,
        payloads=tuple(Payload(one.number, one.name, one.rate) for one in said.formats),
        direction=Direction.INACTIVE if said.host == "0.0.0.0" else Direction(said.direction),  # noqa: S104
        ptime=said.ptime or 20,
        rtcp_port=said.rtcp_port,
    )


def written(said: Description) -> bytes:
    """The SDP of our side."""
    return SessionDescription(
        host=said.host,
        port=said.port,
        formats=tuple(_format(one) for one in said.payloads),
        direction=said.direction.value,
        ptime=said.ptime,
    ).build()


def _format(payload: Payload) -> Format:
    return Format(payload.number, payload.name, payload.rate, _KEYS if payload.name == TELEPHONE_EVENT else None)
