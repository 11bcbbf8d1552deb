"""The RTCP side of a leg: a report about every five seconds, and what the far end's reports say."""

import random

from media import rtcp
from media.errors import MalformedPacket
from media.latch import Address
from media.reception import Reception
from media.stats import LegStats, Quality
from media.stream import Outgoing

INTERVAL_S = 5.0
_JITTER_UNITS_PER_MS = 8.0


class Reports:
    """Builds and reads the reports of one leg; sends nothing itself.

    A BYE from the far end is counted and otherwise ignored: a call ends by signalling alone.
    """

    def __init__(self, outgoing: Outgoing, reception: Reception, stats: LegStats) -> None:
        self.outgoing, self._reception, self._stats = outgoing, reception, stats
        self._cname = f"{random.getrandbits(64):016x}@ahize"
        self._sent_before = 0
        self._remote: rtcp.ReportBlock | None = None
        self._round_trip: float | None = None

    def compose(self, now: float) -> bytes:
        """The compound packet to send at `now` (monotonic seconds): SR if we sent since the last one, RR if not."""
        block = self._reception.block(now)
        sent = self.outgoing.packets
        report = rtcp.Report(
            self.outgoing.ssrc,
            (block,) if block else (),
            ntp=_ntp(now) if sent > self._sent_before else None,
            timestamp=self.outgoing.timestamp,
            packets=sent,
            octets=self.outgoing.octets,
        )
        self._sent_before = sent
        self._stats.reports_sent += 1
        return rtcp.build(report, rtcp.Description(self.outgoing.ssrc, self._cname))

    def farewell(self, now: float) -> bytes:
        """The last compound packet, with a BYE (RFC 3550 §6.6)."""
        return self.compose(now) + rtcp.build(rtcp.Bye((self.outgoing.ssrc,)))

    def read(self, data: bytes, now: float) -> None:
        """Take in a compound packet of the far end."""
        try:
            parts = rtcp.parse(data)
        except MalformedPacket:
            self._stats.malformed += 1
            return
        self._stats.reports_received += 1
        for part in parts:
            if isinstance(part, rtcp.Report):
                self._read_report(part, now)
            elif isinstance(part, rtcp.Bye):
                self._stats.byes += 1

    def _read_report(self, report: rtcp.Report, now: float) -> None:
        if report.ntp is not None and report.ssrc == self._reception.ssrc:
            self._reception.heard_report(report.ntp, now)
        for block in report.blocks:
            if block.ssrc == self.outgoing.ssrc:
                self._remote = block
                self._measure(block, now)

    def _measure(self, block: rtcp.ReportBlock, now: float) -> None:
        if block.lsr:
            trip = ((_ntp(now) >> 16) - block.lsr - block.dlsr) & 0xFFFFFFFF
            # A clock that disagrees gives a trip of hours: no measure at all.
            self._round_trip = trip / 65536 if trip < 65536 * 60 else self._round_trip

    def quality(self) -> Quality:
        remote, trip = self._remote, self._round_trip
        return Quality(
            lost=self._reception.lost,
            jitter_ms=self._reception.jitter_ms,
            remote_lost=remote.lost if remote else None,
            remote_jitter_ms=remote.jitter / _JITTER_UNITS_PER_MS if remote else None,
            round_trip_ms=trip * 1000 if trip is not None else None,
        )


def next_delay() -> float:
    """Seconds to the next report, spread so that legs do not fall into step (RFC 3550 §6.3.5)."""
    return INTERVAL_S * random.uniform(0.5, 1.5)


def reports_address(told: Address, described: Address, locked: Address | None) -> Address:
    """Where reports go: as described, unless the sound was learned to come from elsewhere."""
    if locked is None or locked == told:
        return described
    return locked[0], locked[1] + 1


def _ntp(now: float) -> int:
    """The monotonic clock as an NTP timestamp; RFC 3550 §6.4.1 allows the time since start."""
    return int(now * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
