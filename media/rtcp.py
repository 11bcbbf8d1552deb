"""RTCP (RFC 3550 §6): sender and receiver reports, source descriptions, BYE; parse and build; pure."""

import struct
from dataclasses import dataclass

from media.errors import MalformedPacket

SR, RR, SDES, BYE = 200, 201, 202, 203
_HEAD = struct.Struct("!BBHI")
_SENDER = struct.Struct("!IIIII")
_BLOCK = struct.Struct("!IIIIII")
_CNAME = 1


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """Reception of one source: `fraction` lost in 1/256 since the last report, `lost` in all (may be negative).

    `highest`: extended highest sequence number; `jitter`: in timestamp units; `lsr` and `dlsr`: middle 32 bits
    of the NTP time of its last SR, and the delay since in 1/65536 s.
    """

    ssrc: int
    fraction: int
    lost: int
    highest: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(frozen=True, slots=True)
class Report:
    """An SR (`ntp` in 1/2**32 s is given) or an RR (`ntp` None)."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()
    ntp: int | None = None
    timestamp: int = 0
    packets: int = 0
    octets: int = 0


@dataclass(frozen=True, slots=True)
class Description:
    """SDES with the CNAME of one source."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


Part = Report | Description | Bye


def parse(data: bytes) -> tuple[Part, ...]:
    """The known parts of a compound packet, others left out. Raises MalformedPacket (RFC 3550 appendix A.2)."""
    parts: list[Part] = []
    at = 0
    while at < len(data):
        size = _size(data, at)
        part = _part(data[at : at + size])
        if part is not None:
            parts.append(part)
        at += size
    if not parts:
        raise MalformedPacket("no known part in an RTCP packet")
    return tuple(parts)


def _size(data: bytes, at: int) -> int:
    if len(data) - at < 4 or data[at] >> 6 != 2:
        raise MalformedPacket("not RTCP version 2")
    size = 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
    if at + size > len(data):
        raise MalformedPacket("RTCP length runs over the packet")
    return size


def _part(data: bytes) -> Part | None:
    kind, count = data[1], data[0] & 0x1F
    try:
        if kind in (SR, RR):
            return _report(data, count, sender=kind == SR)
        if kind == SDES:
            return _description(data)
        if kind == BYE:
            return Bye(struct.unpack_from(f"!{count}I", data, 4))
    except struct.error:
        raise MalformedPacket("RTCP part cut short") from None
    return None


def _report(data: bytes, count: int, *, sender: bool) -> Report:
    ssrc = _HEAD.unpack_from(data)[3]
    at = 8 + (_SENDER.size if sender else 0)
    blocks = tuple(_block(data, at + n * _BLOCK.size) for n in range(count))
    if not sender:
        return Report(ssrc, blocks)
    high, low, timestamp, packets, octets = _SENDER.unpack_from(data, 8)
    return Report(ssrc, blocks, high << 32 | low, timestamp, packets, octets)


def _block(data: bytes, at: int) -> ReportBlock:
    ssrc, loss, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(data, at)
    lost = loss & 0xFFFFFF
    return ReportBlock(ssrc, loss >> 24, lost - (1 << 24 if lost & 0x800000 else 0), highest, jitter, lsr, dlsr)


def _description(data: bytes) -> Description | None:
    if len(data) < 10 or data[8] != _CNAME:
        return None
    return Description(int.from_bytes(data[4:8]), data[10 : 10 + data[9]].decode("utf-8", "replace"))


def build(*parts: Part) -> bytes:
    """A compound packet of these parts, in order (RFC 3550 §6.1: a report first, then SDES)."""
    return b"".join(_build_part(part) for part in parts)


def _build_part(part: Part) -> bytes:
    if isinstance(part, Report):
        return _build_report(part)
    if isinstance(part, Bye):
        return _framed(BYE, len(part.ssrcs), struct.pack(f"!{len(part.ssrcs)}I", *part.ssrcs))
    name = part.cname.encode()[:255]
    chunk = struct.pack("!IBB", part.ssrc, _CNAME, len(name)) + name
    return _framed(SDES, 1, chunk + bytes(4 - len(chunk) % 4))


def _build_report(report: Report) -> bytes:
    body = struct.pack("!I", report.ssrc)
    if report.ntp is not None:
        counts = (report.timestamp, report.packets & 0xFFFFFFFF, report.octets & 0xFFFFFFFF)
        body += _SENDER.pack(report.ntp >> 32 & 0xFFFFFFFF, report.ntp & 0xFFFFFFFF, *counts)
    for b in report.blocks:
        loss = b.fraction << 24 | b.lost & 0xFFFFFF
        body += _BLOCK.pack(b.ssrc, loss, b.highest, b.jitter, b.lsr, b.dlsr)
    return _framed(RR if report.ntp is None else SR, len(report.blocks), body)


def _framed(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body
