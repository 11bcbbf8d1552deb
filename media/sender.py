"""What leaves one leg: numbered, encrypted, sent and counted, shown to taps."""

import asyncio
from collections.abc import Callable

from media import rtp
from media.arrival import Arrival, Feed, Tap
from media.codecs import SILENCE
from media.description import TELEPHONE_EVENT, Description, Payload
from media.errors import KeysNotTaken, MalformedPacket, ReplayedPacket
from media.keying import Typist
from media.poller import HEADER, USUAL, Poller
from media.srtp import Srtp
from media.stats import LegStats
from media.stream import Outgoing
from media.wire import Wire

_header, _pack = rtp.HEADER.pack, rtp.HEADER.pack_into


class Sender:
    """The speaking side of a leg.

    `remote`: what the far end said last; `codec`: what sound made here is sent in. `srtp`: seals every packet, if there
    is any; `put`: sends by the wire; `last_at`: when the last packet left, by loop.time(); `drop_tap`: takes one that
    failed off the leg.
    """

    __slots__ = (
        "_barred",
        "_feed",
        "_loop",
        "_mute",
        "_outgoing",
        "_poller",
        "_stats",
        "_wire",
        "codec",
        "drop_tap",
        "last_at",
        "put",
        "remote",
        "srtp",
        "taps",
        "typist",
    )

    def __init__(
        self, poller: Poller, wire: Wire, outgoing: Outgoing, stats: LegStats, drop_tap: Callable[[Tap], None]
    ) -> None:
        self.remote: Description | None = None
        self.codec: Payload | None = None
        self.srtp: Srtp | None = None
        self.taps: tuple[Tap, ...] = ()
        self.drop_tap = drop_tap
        self.last_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._wire, self._outgoing, self._stats = wire, outgoing, stats
        self._poller = poller
        self.put = wire.send
        self.typist = Typist(self._send_key, self._unbar)
        self._mute = self._barred = True
        self._feed: Feed | None = None

    def agree(self, remote: Description, *, mute: bool) -> None:
        """Send what `remote` takes from now on."""
        self.remote, self.codec, self._mute = remote, remote.codecs[0], mute
        self._unbar()

    def _unbar(self) -> None:
        """Sound may leave, unless one side asked for silence or a key is being pressed."""
        self._barred = self._mute or self.typist.busy

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
        """One packet of sound made here; `first`: silence came before it (the marker bit is set). Hot."""
        if self._barred:
            return
        now = self._loop.time()
        sequence, timestamp = self._outgoing.generate(now, first=first)
        second = payload.number | 0x80 if first else payload.number
        self._pass(_header(0x80, second, sequence, timestamp, self._outgoing.ssrc) + sound, len(sound), now)
        if self.taps:
            for tap in self.taps:
                try:
                    tap.sent(payload, timestamp, sound, now)
                except Exception:
                    self.drop_tap(tap)

    def relay(self, arrival: Arrival, payload: Payload) -> None:
        """Pass on a packet of another leg under our own header, written over the one it came with. Hot."""
        if self._barred:
            return
        outgoing, buffer = self._outgoing, arrival.buffer
        out = outgoing.follow(arrival.ssrc, arrival.sequence, arrival.timestamp, arrival.at)
        if out is None:
            self._stats.late += 1
            return
        sequence, timestamp, first = out
        second = payload.number | 0x80 if first or arrival.marker else payload.number
        start, end, poller = arrival.start, arrival.end, self._poller
        _pack(buffer, start - HEADER, 0x80, second, sequence, timestamp, outgoing.ssrc)
        if end == USUAL and start == HEADER and buffer is poller.buffer:
            packet, sound = poller.packet, poller.sound
        else:
            packet = memoryview(buffer)[start - HEADER : end]
            sound = packet[HEADER:]
        self._pass(packet, end - start, arrival.at)
        if self.taps:
            for tap in self.taps:
                try:
                    tap.sent(payload, timestamp, sound, arrival.at)
                except Exception:
                    self.drop_tap(tap)

    def press(self, keys: str) -> None:
        """Press keys for the far end (RFC 4733), 160 ms each; nothing else is sent meanwhile. They queue behind those
        that are still being pressed. Raises KeysNotTaken, NoSuchKey."""
        if self.payload_named(TELEPHONE_EVENT) is None:
            raise KeysNotTaken
        self.typist.press(keys)
        self._unbar()

    def _send_key(self, event: bytes, first: bool) -> None:
        payload = self.payload_named(TELEPHONE_EVENT)
        if payload is None or self._mute:
            return
        now = self._loop.time()
        sequence, timestamp = self._outgoing.press(now, first=first)
        self._pass(rtp.header(payload.number, sequence, timestamp, self._outgoing.ssrc, first) + event, len(event), now)

    def _pass(self, packet: bytes | memoryview, octets: int, now: float) -> None:
        """Send and count it. Hot. Full buffers and unreachable far ends are counted, never raised."""
        if self.srtp is not None:
            packet = self._sealed(self.srtp, bytes(packet))
            if not packet:
                return
        try:
            self.put(packet)
        except OSError:
            self._wire.errors += 1
            return
        outgoing = self._outgoing
        outgoing.packets += 1
        outgoing.octets += octets
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
        if self.codec is not None and not self._mute:
            self._stats.keepalives += 1
            self.send(SILENCE[self.codec.name], self.codec, first=True)

    def stop(self) -> None:
        """Nothing more: neither feed nor keys."""
        self.feed(None)
        self.typist.stop()
        self._mute = self._barred = True
        self.taps = ()
