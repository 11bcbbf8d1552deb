"""What leaves one leg: numbered, encrypted, sent and counted, shown to taps."""

import asyncio

from media import rtp
from media.arrival import Arrival, Feed, Tap
from media.codecs import SILENCE
from media.description import TELEPHONE_EVENT, Description, Payload
from media.errors import KeysNotTaken, MalformedPacket, ReplayedPacket
from media.g711 import FRAME
from media.keying import Typist
from media.srtp import Srtp
from media.stats import LegStats
from media.stream import Outgoing
from media.wire import Wire

_pack = rtp.HEADER.pack_into
_HEADER = rtp.HEADER.size
_USUAL = _HEADER + FRAME
"""The length of nearly all packets: cutting them out of the buffer once, not each time, saves a tenth of relaying."""


class Sender:
    """The speaking side of a leg.

    `remote`: what the far end said last; `codec`: what sound made here is sent in. `mute`: one side asked for silence;
    `srtp`: seals every packet, if there is any; `last_at`: when the last packet left, by loop.time().
    """

    __slots__ = (
        "_feed",
        "_loop",
        "_outgoing",
        "_packet",
        "_sound",
        "_stats",
        "_wire",
        "codec",
        "last_at",
        "mute",
        "remote",
        "srtp",
        "taps",
        "typist",
    )

    def __init__(self, wire: Wire, outgoing: Outgoing, stats: LegStats) -> None:
        self.remote: Description | None = None
        self.codec: Payload | None = None
        self.mute = True
        self.srtp: Srtp | None = None
        self.taps: tuple[Tap, ...] = ()
        self.last_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._wire, self._outgoing, self._stats = wire, outgoing, stats
        self._packet = memoryview(wire.buffer)[:_USUAL]
        self._sound = self._packet[_HEADER:]
        self.typist = Typist(self._send_key)
        self._feed: Feed | None = None

    def agree(self, remote: Description, *, mute: bool) -> None:
        """Send what `remote` takes from now on."""
        self.remote, self.codec, self.mute = remote, remote.codecs[0], mute

    def payload_named(self, name: str) -> Payload | None:
        """The far end's payload of this encoding, if it takes any."""
        if self.remote is None:
            return None
        return next((p for p in self.remote.payloads if p.name == name), None)

    def feed(self, feed: Feed | None) -> None:
        """Let `feed` be what is sent from now on; the former one is stopped."""
        former, self._feed = self._feed, feed
        self._outgoing.begin()
        if former is not None:
            former.stop()

    def fed_by(self) -> Feed | None:
        return self._feed

    def send(self, sound: bytes, payload: Payload, *, first: bool) -> None:
        """One packet of sound made here; `first`: silence came before it (the marker bit is set)."""
        if self.mute or self.typist.busy:
            return
        now = self._loop.time()
        sequence, timestamp = self._outgoing.generate(now, first=first)
        self._pass(rtp.header(payload.number, sequence, timestamp, self._outgoing.ssrc, first) + sound, len(sound), now)
        for tap in self.taps:
            tap.sent(payload, timestamp, sound, now)

    def relay(self, arrival: Arrival, payload: Payload) -> None:
        """Pass on a packet of another leg under our own header, written over the one it came with. Hot."""
        if self.mute or self.typist.busy:
            return
        out = self._outgoing.follow(arrival.ssrc, arrival.sequence, arrival.timestamp, arrival.at)
        if out is None:
            self._stats.late += 1
            return
        sequence, timestamp, first = out
        second = payload.number | 0x80 if first or arrival.marker else payload.number
        start, end = arrival.start, arrival.end
        _pack(arrival.buffer, start - _HEADER, 0x80, second, sequence, timestamp, self._outgoing.ssrc)
        if end == _USUAL and start == _HEADER and arrival.buffer is self._wire.buffer:
            packet, sound = self._packet, self._sound
        else:
            packet = memoryview(arrival.buffer)[start - _HEADER : end]
            sound = packet[_HEADER:]
        self._pass(packet, end - start, arrival.at)
        if self.taps:
            for tap in self.taps:
                tap.sent(payload, timestamp, sound, arrival.at)

    def press(self, keys: str) -> None:
        """Press keys for the far end (RFC 4733), 160 ms each; nothing else is sent meanwhile. They queue behind those
        that are still being pressed. Raises KeysNotTaken, NoSuchKey."""
        if self.payload_named(TELEPHONE_EVENT) is None:
            raise KeysNotTaken
        self.typist.press(keys)

    def _send_key(self, event: bytes, first: bool) -> None:
        payload = self.payload_named(TELEPHONE_EVENT)
        if payload is None or self.mute:
            return
        now = self._loop.time()
        sequence, timestamp = self._outgoing.press(now, first=first)
        self._pass(rtp.header(payload.number, sequence, timestamp, self._outgoing.ssrc, first) + event, len(event), now)

    def _pass(self, packet: bytes | memoryview, octets: int, now: float) -> None:
        """Send and count it. Hot. Full buffers and unreachable far ends are counted, never raised."""
        sealed = packet if self.srtp is None else self._sealed(self.srtp, bytes(packet))
        if not sealed:
            return
        try:
            self._wire.send(sealed)
        except OSError:
            self._wire.errors += 1
            return
        stats = self._stats
        stats.sent += 1
        stats.octets_sent += octets
        self.last_at = now

    def _sealed(self, srtp: Srtp, packet: bytes) -> bytes:
        try:
            return srtp.seal(packet)
        except ReplayedPacket:
            self._stats.late += 1
        except MalformedPacket:
            self._stats.oversize += 1
        return b""

    def keep_alive(self) -> None:
        """A frame of silence: an unknown payload type or an empty packet is logged as an error by some PBXs."""
        if self.codec is not None and not self.mute:
            self._stats.keepalives += 1
            self.send(SILENCE[self.codec.name], self.codec, first=True)

    def stop(self) -> None:
        """Nothing more: neither feed nor keys."""
        self.feed(None)
        self.typist.stop()
        self.mute, self.taps = True, ()
