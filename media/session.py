"""One leg: the sound between this service and one far end."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from media import rtp
from media.codecs import SILENCE
from media.description import CODECS, DTMF, TELEPHONE_EVENT, Description, Direction, Payload, answer_to, common
from media.dtmf import Keypad
from media.errors import ForgedPacket, KeysNotTaken, LegClosed, MalformedPacket, ReplayedPacket
from media.keying import Typist
from media.latch import Address, Latch
from media.ports import PortRange
from media.reception import Reception
from media.reports import Reports, next_delay, reports_address
from media.sdes import Agreement, Encryption, Sdes
from media.srtp import Srtp
from media.stats import LegStats, Quality
from media.stream import Outgoing
from media.wire import LARGEST, Wire

__all__ = ["Arrival", "Description", "Direction", "Encryption", "Feed", "Leg", "Payload", "PortRange"]

KEEPALIVE_S = 10.0
"""Longest silence towards the far end before one packet keeps the way through NATs open (RFC 6263)."""


@dataclass(slots=True)
class Arrival:
    """A packet of the far end, good only during the call of the sink: the buffer is used again.

    The payload is `buffer[start:end]`; at least twelve bytes lie before `start`, and may be overwritten.
    """

    payload: Payload
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    buffer: bytearray
    start: int
    end: int
    at: float


class Feed(Protocol):
    """What feeds a leg's outgoing stream: a bridge or a player. A leg has one at a time."""

    def stop(self) -> None:
        """Feed no more; called by the leg when another takes over or the leg closes."""
        ...


class Tap(Protocol):
    """Sees what passes a leg. What it is given is good only during the call."""

    def heard(self, arrival: Arrival) -> None:
        """A packet of the far end, before the sink has it."""
        ...

    def sent(self, payload: Payload, timestamp: int, sound: bytes | memoryview, at: float) -> None:
        """A packet to the far end, made here or relayed."""
        ...


class Leg:
    """One RTP leg on the running event loop. Not thread-safe; every callback comes on the loop.

    Life: `open` → (`offer` … `accept`) or `answer` → join, play → `close`. A re-INVITE is another `accept` or `answer`.
    Callbacks are plain attributes and may be set at any time:
    `on_first_packet(at)`: the first RTP packet from the far end, `at` in loop.time() seconds;
    `on_dtmf(key)`: one key (0-9 * # A-D), once for each press (RFC 4733);
    `sink(arrival)`: each packet of sound, set by whoever joins the leg; `taps` see all that passes, both ways.
    """

    @classmethod
    def open(
        cls,
        ports: PortRange,
        *,
        advertise: str | None = None,
        codecs: tuple[Payload, ...] = CODECS,
        encryption: Encryption = Encryption.OFF,
    ) -> "Leg":
        """Bind a port pair and start to listen. `advertise`: the address to name in descriptions, if not the bound one.
        `encryption`: by keys in the descriptions (RFC 4568).

        Raises NoPortsLeft, NoSocketsLeft.
        """
        return cls(ports, advertise or ports.host, codecs, encryption)

    def __init__(self, ports: PortRange, advertise: str, codecs: tuple[Payload, ...], encryption: Encryption) -> None:
        self._loop = asyncio.get_running_loop()
        self._wire = Wire(self._loop, ports.take(), self._on_packet, self._on_report)
        self._own = self._local = Description(advertise, self._wire.port, (*codecs, DTMF))
        self._remote: Description | None = None
        self._receivable: dict[int, Payload] = {}
        self._sdes = Sdes(encryption)
        self._srtp: Srtp | None = None
        self._latch = Latch()
        self._keypad = Keypad()
        self._reception = Reception()
        self._outgoing = Outgoing(random.getrandbits(32), random.getrandbits(15), random.getrandbits(31))
        self._typist = Typist(self._send_key)
        self._feed: Feed | None = None
        self._mute = True
        self._last_sent_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.closed = False
        self.stats = LegStats()
        self._reports = Reports(self._outgoing, self._reception, self.stats)
        self.first_packet_at: float | None = None
        self.last_packet_at: float | None = None
        self.on_first_packet: Callable[[float], None] | None = None
        self.on_dtmf: Callable[[str], None] | None = None
        self.sink: Callable[[Arrival], None] | None = None
        self.taps: tuple[Tap, ...] = ()

    # ------------------------------------------------------------ offer and answer

    @property
    def local(self) -> Description:
        """What was last said of this side."""
        return self._local

    @property
    def remote(self) -> Description | None:
        """What the far end said last, without what is not common."""
        return self._remote

    def offer(self, direction: Direction = Direction.SENDRECV) -> Description:
        """Our description for an INVITE or re-INVITE."""
        self._refuse_closed()
        cryptos, secure = self._sdes.offer(), self._sdes.insists
        self._local = replace(self._own, direction=direction, cryptos=cryptos, secure=secure)
        self._receivable.update({p.number: p for p in self._local.payloads})
        return self._local

    def answer(self, offer: Description) -> Description:
        """Take the far end's offer and give our answer. Raises NoCommonCodec, NoCommonCipher; the leg is then as
        before."""
        self._refuse_closed()
        answer = answer_to(offer, self._own)
        agreed = self._sdes.answer(offer.cryptos, secure=offer.secure)
        self._receivable.update({p.number: p for p in answer.payloads})
        self._local = replace(answer, cryptos=(agreed.ours,) if agreed else (), secure=offer.secure)
        self._agree(common(answer, offer), agreed)
        return self._local

    def accept(self, answer: Description) -> None:
        """Take the far end's answer to our offer. May be called again (183, then 200). Raises NoCommonCodec,
        NoCommonCipher; the leg is then as before."""
        self._refuse_closed()
        remote = common(self._local, answer)
        self._agree(remote, self._sdes.accept(self._local.cryptos, answer.cryptos, secure=answer.secure))

    def encrypt(self, srtp: Srtp | None) -> None:
        """Seal and open every packet with `srtp` from now on, whoever agreed on its keys; None: plain sound."""
        self._srtp = srtp

    def relearn(self) -> None:
        """Forget which source was learned; for a re-INVITE that moves the sound without a new address."""
        self._refuse_closed()
        self._latch.relearn(self._loop.time())
        if self._latch.told is not None:
            self._wire.aim(self._latch.told)

    def _agree(self, remote: Description, agreed: Agreement | None) -> None:
        self._remote = remote
        if self._sdes.wanted is not Encryption.OFF:  # keys that came another way stay
            self._sdes.use(agreed)
            self.encrypt(agreed.onto(self._srtp) if agreed else None)
        self._mute = not (remote.direction.receives and self._local.direction.sends)
        told = (remote.host, remote.port)
        self._latch.learn(told, self._loop.time())
        if self._latch.locked is None:
            self._wire.aim(told)
        if self._timer is None:
            self._keep_alive()
            self._timer = self._loop.call_later(next_delay(), self._report)

    @property
    def held(self) -> bool:
        """The far end asked for silence (sendonly or inactive)."""
        return self._remote is not None and not self._remote.direction.receives

    @property
    def codec(self) -> Payload | None:
        """What we send when the sound is made here; None before there is a far end."""
        return self._remote.codecs[0] if self._remote else None

    def payload_named(self, name: str) -> Payload | None:
        """The far end's payload of this encoding, if it takes any."""
        if self._remote is None:
            return None
        return next((p for p in self._remote.payloads if p.name == name), None)

    # ------------------------------------------------------------ what arrives

    def _on_packet(self, length: int, source: Address | None) -> None:
        buffer = self._wire.buffer
        if length > LARGEST:
            self.stats.oversize += 1
            return
        if self._srtp is not None:
            length = self._opened(self._srtp, length, source)
            if not length:
                return
        try:
            start, end = rtp.bounds(buffer, length)
        except MalformedPacket:
            self.stats.malformed += 1
            return
        _, second, sequence, timestamp, ssrc = rtp.HEADER.unpack_from(buffer)
        payload = self._receivable.get(second & 0x7F)
        now = self._loop.time()
        new = self._latch.locked is None
        if source is not None and not self._knows(source, payload, ssrc, sequence, now):
            self.stats.foreign += 1
            return
        if payload is None:
            self.stats.unknown_payload += 1
            return
        self._take(Arrival(payload, second > 0x7F, sequence, timestamp, ssrc, buffer, start, end, now))
        if new and source is not None and not self.closed:
            self._wire.connect(source)

    def _opened(self, srtp: Srtp, length: int, source: Address | None) -> int:
        """Decrypt in place; the length of what was sealed, or 0 for what is dropped."""
        buffer = self._wire.buffer
        if source is not None and self._latch.locked not in (None, source):
            self.stats.foreign += 1
            return 0
        clear = self._unsealed(srtp.open, bytes(memoryview(buffer)[:length]))
        buffer[: len(clear)] = clear
        return len(clear)

    def _unsealed(self, opens: Callable[[bytes], bytes], packet: bytes) -> bytes:
        try:
            return opens(packet)
        except ForgedPacket:
            self.stats.forged += 1
        except ReplayedPacket:
            self.stats.replayed += 1
        except MalformedPacket:
            self.stats.malformed += 1
        return b""

    def _knows(self, source: Address, payload: Payload | None, ssrc: int, sequence: int, now: float) -> bool:
        if payload is None:
            return source == self._latch.locked
        return self._latch.admits(source, ssrc, sequence, now)

    def _take(self, arrival: Arrival) -> None:
        self.stats.received += 1
        self.last_packet_at = arrival.at
        self._reception.count(arrival.ssrc, arrival.sequence, arrival.timestamp, arrival.at)
        if arrival.payload.name == TELEPHONE_EVENT:
            self._hear_key(arrival)
        if self.first_packet_at is None:
            self.first_packet_at = arrival.at
            if self.on_first_packet is not None:
                self.on_first_packet(arrival.at)
        for tap in self.taps:
            tap.heard(arrival)
        if self.sink is not None:
            self.sink(arrival)

    def _hear_key(self, arrival: Arrival) -> None:
        event = bytes(arrival.buffer[arrival.start : arrival.end])
        key = self._keypad.press(event, arrival.ssrc, arrival.timestamp, arrival.at)
        if key is not None and self.on_dtmf is not None:
            self.on_dtmf(key)

    def _on_report(self, data: bytes, source: Address) -> None:
        known = self._latch.locked or self._latch.told
        if known is None or source[0] != known[0]:
            self.stats.foreign += 1
        elif len(data) > LARGEST:
            self.stats.oversize += 1
        elif self._srtp is None:
            self._reports.read(data, self._loop.time())
        elif clear := self._unsealed(self._srtp.open_report, data):
            self._reports.read(clear, self._loop.time())

    # ------------------------------------------------------------ what leaves

    def feed(self, feed: Feed | None) -> None:
        """Let `feed` be what is sent from now on; the former one is stopped. Raises LegClosed."""
        if feed is not None:
            self._refuse_closed()
        former, self._feed = self._feed, feed
        self._outgoing.begin()
        if former is not None:
            former.stop()

    def fed_by(self) -> Feed | None:
        return self._feed

    def send(self, sound: bytes, payload: Payload, *, first: bool) -> None:
        """One packet of sound made here; `first`: silence came before it (the marker bit is set)."""
        if self._mute or self._typist.busy:
            return
        now = self._loop.time()
        sequence, timestamp = self._outgoing.generate(now, first=first)
        self._count(rtp.header(payload.number, sequence, timestamp, self._outgoing.ssrc, first) + sound, now)
        for tap in self.taps:
            tap.sent(payload, timestamp, sound, now)

    def relay(self, arrival: Arrival, payload: Payload) -> None:
        """Pass on a packet of another leg under our own header, written over the one it came with."""
        if self._mute or self._typist.busy:
            return
        out = self._outgoing.follow(arrival.ssrc, arrival.sequence, arrival.timestamp, arrival.at)
        if out is None:
            self.stats.late += 1
            return
        sequence, timestamp, first = out
        second = payload.number | (0x80 if first or arrival.marker else 0)
        start = arrival.start - rtp.HEADER.size
        rtp.HEADER.pack_into(arrival.buffer, start, 0x80, second, sequence, timestamp, self._outgoing.ssrc)
        self._count(memoryview(arrival.buffer)[start : arrival.end], arrival.at)
        for tap in self.taps:
            tap.sent(payload, timestamp, memoryview(arrival.buffer)[arrival.start : arrival.end], arrival.at)

    def press(self, keys: str) -> None:
        """Press keys for the far end (RFC 4733), 160 ms each; nothing else is sent meanwhile. They queue behind those
        that are still being pressed. Raises KeysNotTaken, NoSuchKey, LegClosed."""
        self._refuse_closed()
        if self.payload_named(TELEPHONE_EVENT) is None:
            raise KeysNotTaken
        self._typist.press(keys)

    def _send_key(self, event: bytes, first: bool) -> None:
        payload = self.payload_named(TELEPHONE_EVENT)
        if payload is None or self._mute:
            return
        now = self._loop.time()
        sequence, timestamp = self._outgoing.press(now, first=first)
        self._count(rtp.header(payload.number, sequence, timestamp, self._outgoing.ssrc, first) + event, now)

    def _count(self, packet: bytes | memoryview, now: float) -> None:
        sealed = packet if self._srtp is None else self._sealed(self._srtp, bytes(packet))
        if sealed and self._wire.send(sealed):
            self.stats.sent += 1
            self.stats.octets_sent += len(packet) - rtp.HEADER.size
            self._last_sent_at = now

    def _sealed(self, srtp: Srtp, packet: bytes) -> bytes:
        try:
            return srtp.seal(packet)
        except ReplayedPacket:
            self.stats.late += 1
        except MalformedPacket:
            self.stats.oversize += 1
        return b""

    def _keep_alive(self) -> None:
        # A frame of silence, because an unknown payload type or an empty packet is logged as an error by some PBXs.
        if self.codec is not None and not self._mute:
            self.stats.keepalives += 1
            self.send(SILENCE[self.codec.name], self.codec, first=True)

    def _report(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(next_delay(), self._report)
        if now - self._last_sent_at >= KEEPALIVE_S:
            self._keep_alive()
        self._send_report(self._reports.compose(now))

    def _send_report(self, packet: bytes) -> None:
        if self._remote is not None:
            told = (self._remote.host, self._remote.port)
            packet = packet if self._srtp is None else self._srtp.seal_report(packet)
            self._wire.send_report(packet, reports_address(told, self._remote.rtcp, self._latch.locked))

    # ------------------------------------------------------------ the end, and the figures

    @property
    def source(self) -> Address | None:
        """The address that is listened to, once known."""
        return self._latch.locked

    @property
    def quality(self) -> Quality:
        return self._reports.quality()

    def close(self) -> None:
        """Part, stop playing, say BYE by RTCP, close the sockets. Twice is fine."""
        if self.closed:
            return
        self.feed(None)
        self._typist.stop()
        self.closed = self._mute = True
        self.sink, self.taps = None, ()
        if self._timer is not None:
            self._timer.cancel()
            self._send_report(self._reports.farewell(self._loop.time()))
        self._wire.close()

    def _refuse_closed(self) -> None:
        if self.closed:
            raise LegClosed
