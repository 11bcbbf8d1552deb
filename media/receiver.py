"""What arrives at one leg: decrypted, listened to only from the right source, counted, given to taps and sink."""

from collections.abc import Callable

from media import rtp
from media.arrival import Arrival, Tap
from media.description import PCMU, TELEPHONE_EVENT, Description, Payload
from media.errors import ForgedPacket, MalformedPacket, ReplayedPacket
from media.latch import Address
from media.legstate import LegState
from media.poller import HEADER, LARGEST, Poller
from media.ports import PortPair
from media.srtp import Srtp
from media.wire import Wire

_unpack = rtp.HEADER.unpack_from
_NONE = -1


class Receiver:
    """The hearing side of a leg; callbacks and figures as `Leg` has them. `receive`: reads a packet of the line;
    `drop_tap`: takes one that failed off the leg."""

    __slots__ = (
        "_arrival",
        "_buffer",
        "_keypad",
        "_payload",
        "_receivable",
        "_reception",
        "_reports",
        "_srtp",
        "_stats",
        "_usual",
        "drop_tap",
        "first_at",
        "last_at",
        "latch",
        "on_dtmf",
        "on_first_packet",
        "receive",
        "sink",
        "taps",
        "wire",
    )

    def __init__(self, poller: Poller, pair: PortPair, state: LegState, drop_tap: Callable[[Tap], None]) -> None:
        self.wire = Wire(poller, pair, self.read_line, self.packet, self.report)
        self.latch, self._keypad = state.latch, state.keypad
        self.first_at, self.last_at = state.first_at, state.last_at
        self.on_first_packet: Callable[[float], None] | None = None
        self.on_dtmf: Callable[[str], None] | None = None
        self.sink: Callable[[Arrival], None] | None = None
        self.taps: tuple[Tap, ...] = ()
        self.drop_tap = drop_tap
        self._stats, self._reception, self._reports = state.stats, state.reception, state.reports
        self._receivable: dict[int, Payload] = {}
        self._srtp: Srtp | None = None
        self._usual, self._payload = _NONE, PCMU  # of the sound that comes; none while packets are sealed
        self._buffer, self.receive = self.wire.buffer, self.wire.receive
        self._arrival = poller.arrival

    def allow(self, description: Description) -> None:
        """Take these payloads too from now on."""
        self._receivable.update({payload.number: payload for payload in description.payloads})
        self._usual = _NONE

    def decrypt(self, srtp: Srtp | None) -> None:
        """Open every packet with it from now on, if there is any."""
        self._srtp, self._usual = srtp, _NONE

    def read_line(self, now: float) -> None:
        """Take a packet of the connected far end, at `now`.

        Hot, so all of it in one piece for the usual packet: in clear, of the sound that came last, nothing in its
        header but the twelve bytes. Anything else is looked at closely by `packet`.
        """
        buffer = self._buffer
        try:
            length = self.receive(buffer)
        except OSError as error:
            self._unread(error)
            return
        first, second, sequence, timestamp, ssrc = _unpack(buffer)
        if second != self._usual or first != 0x80 or not HEADER <= length <= LARGEST:
            self.packet(length, None, now)
            return
        self.last_at = now
        self._reception.count(ssrc, sequence, timestamp, now)
        arrival = self._arrival
        arrival.payload, arrival.marker, arrival.start, arrival.end = self._payload, False, HEADER, length
        arrival.sequence, arrival.timestamp, arrival.ssrc, arrival.at = sequence, timestamp, ssrc, now
        if self.taps:
            for tap in self.taps:
                try:
                    tap.heard(arrival)
                except Exception:
                    self.drop_tap(tap)
        if self.sink is not None:
            self.sink(arrival)

    def _unread(self, error: OSError) -> None:
        if not isinstance(error, BlockingIOError):
            self.wire.errors += 1

    def packet(self, length: int, source: Address | None, now: float) -> None:
        """A datagram in the buffer, at `now`. `source` None: it came by the line."""
        if length > LARGEST:
            self._stats.oversize += 1
            return
        if self._srtp is not None:
            length = self._opened(self._srtp, length, source)
            if not length:
                return
        try:
            start, end = rtp.bounds(self._buffer, length)
        except MalformedPacket:
            self._stats.malformed += 1
            return
        _, second, sequence, timestamp, ssrc = _unpack(self._buffer)
        payload = self._receivable.get(second & 0x7F)
        new = self.latch.locked is None
        if source is not None and not self._knows(source, payload, ssrc, sequence, now):
            self._stats.foreign += 1
        elif payload is None:
            self._stats.unknown_payload += 1
        else:
            if payload.name != TELEPHONE_EVENT and self._srtp is None:
                self._usual, self._payload = payload.number, payload
            self._take(Arrival(payload, second > 0x7F, sequence, timestamp, ssrc, self._buffer, start, end, now))
            if new and source is not None and not self.wire.closed:
                self.wire.connect(source, now)

    def _opened(self, srtp: Srtp, length: int, source: Address | None) -> int:
        """Decrypt in place; the length of what was sealed, or 0 for what is dropped."""
        if source is not None and self.latch.locked not in (None, source):
            self._stats.foreign += 1
            return 0
        clear = self._unsealed(srtp.open, bytes(memoryview(self._buffer)[:length]))
        self._buffer[: len(clear)] = clear
        return len(clear)

    def _unsealed(self, opens: Callable[[bytes], bytes], packet: bytes) -> bytes:
        try:
            return opens(packet)
        except ForgedPacket:
            self._stats.forged += 1
        except ReplayedPacket:
            self._stats.replayed += 1
        except MalformedPacket:
            self._stats.malformed += 1
        return b""

    def _knows(self, source: Address, payload: Payload | None, ssrc: int, sequence: int, now: float) -> bool:
        if payload is None:
            return source == self.latch.locked
        return self.latch.admits(source, ssrc, sequence, now)

    def _take(self, arrival: Arrival) -> None:
        self.last_at = arrival.at
        self._reception.count(arrival.ssrc, arrival.sequence, arrival.timestamp, arrival.at)
        if arrival.payload.name == TELEPHONE_EVENT:
            self._hear_key(arrival)
        if self.first_at is None:
            self.first_at = arrival.at
            if self.on_first_packet is not None:
                self.on_first_packet(arrival.at)
        for tap in self.taps:
            try:
                tap.heard(arrival)
            except Exception:
                self.drop_tap(tap)
        if self.sink is not None:
            self.sink(arrival)

    def _hear_key(self, arrival: Arrival) -> None:
        event = bytes(arrival.buffer[arrival.start : arrival.end])
        key = self._keypad.press(event, arrival.ssrc, arrival.timestamp, arrival.at)
        if key is not None and self.on_dtmf is not None:
            self.on_dtmf(key)

    def report(self, data: bytes, source: Address, now: float) -> None:
        """A datagram at the port of RTCP."""
        known = self.latch.locked or self.latch.told
        if known is None or source[0] != known[0]:
            self._stats.foreign += 1
        elif len(data) > LARGEST:
            self._stats.oversize += 1
        elif self._srtp is None:
            self._reports.read(data, now)
        elif clear := self._unsealed(self._srtp.open_report, data):
            self._reports.read(clear, now)
