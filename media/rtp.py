"""RTP packets (RFC 3550 §5.1): parse and build; pure."""

import struct
from dataclasses import dataclass

from media.errors import MalformedPacket

HEADER = struct.Struct("!BBHII")
VERSION = 2
_RTCP_LOOKALIKES = range(72, 77)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; CSRCs and header extensions are left out, padding is taken off."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False


def parse(data: bytes) -> Packet:
    """The packet in a datagram. Raises MalformedPacket (RFC 3550 appendix A.1)."""
    start, end = bounds(data, len(data))
    _, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    return Packet(second & 0x7F, sequence, timestamp, ssrc, bytes(data[start:end]), bool(second & 0x80))


def build(packet: Packet) -> bytes:
    """The datagram of a packet."""
    return header(packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc, packet.marker) + packet.payload


def header(payload_type: int, sequence: int, timestamp: int, ssrc: int, marker: bool = False) -> bytes:
    """The twelve bytes of a header without CSRC or extension."""
    return HEADER.pack(0x80, payload_type | (0x80 if marker else 0), sequence, timestamp, ssrc)


def bounds(data: bytes | bytearray | memoryview, length: int) -> tuple[int, int]:
    """Where the payload starts and ends in the first `length` bytes. Raises MalformedPacket."""
    if length < HEADER.size:
        raise MalformedPacket("shorter than an RTP header")
    first = data[0]
    if first >> 6 != VERSION:
        raise MalformedPacket("not RTP version 2")
    if data[1] & 0x7F in _RTCP_LOOKALIKES:
        raise MalformedPacket("RTCP on the RTP port")
    if first == 0x80:
        return HEADER.size, length
    return _long_bounds(data, length, first)


def _long_bounds(data: bytes | bytearray | memoryview, length: int, first: int) -> tuple[int, int]:
    start = HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if start + 4 > length:
            raise MalformedPacket("header extension cut short")
        start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
    end = length - (data[length - 1] if first & 0x20 else 0)
    if start > end or (first & 0x20 and end == length):
        raise MalformedPacket("lengths do not fit the packet")
    return start, end


def distance(newer: int, older: int) -> int:
    """How far one sequence number lies after another, -32768 to 32767 (RFC 1982)."""
    return ((newer - older + 0x8000) & 0xFFFF) - 0x8000
