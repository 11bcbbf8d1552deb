"""What a leg counts."""

from dataclasses import dataclass


@dataclass(slots=True)
class LegStats:
    """Packets of one leg since it was opened.

    `foreign`: from a source that is not listened to; `malformed`: no RTP, or RTCP that does not parse; `oversize`:
    longer than any sound; `unknown_payload`: a type that was not agreed; `late`: older than what they would follow,
    or sent a second time; `forged`, `replayed`: SRTP or SRTCP not sealed with the agreed key, or there before.
    """

    received: int = 0
    sent: int = 0
    octets_sent: int = 0
    foreign: int = 0
    malformed: int = 0
    oversize: int = 0
    unknown_payload: int = 0
    late: int = 0
    forged: int = 0
    replayed: int = 0
    keepalives: int = 0
    reports_received: int = 0
    reports_sent: int = 0
    byes: int = 0


@dataclass(frozen=True, slots=True)
class Quality:
    """How the sound travels. `lost`, `jitter_ms`: what we hear of the far end; `remote_…`: what it says of us."""

    lost: int
    jitter_ms: float
    remote_lost: int | None = None
    remote_jitter_ms: float | None = None
    round_trip_ms: float | None = None
