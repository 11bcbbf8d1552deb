"""One leg: the sound between this service and one far end."""

import asyncio
from collections.abc import Callable

from kit import log
from media.arrival import Arrival, Feed, Tap
from media.description import CODECS, Description, Direction, Payload
from media.errors import LegClosed
from media.latch import Address
from media.legstate import LegState
from media.negotiation import Negotiation, Terms, held
from media.poller import Poller
from media.ports import PortPair, PortRange
from media.receiver import Receiver
from media.reports import next_delay, reports_address
from media.sdes import Encryption
from media.sender import Sender
from media.srtp import Srtp
from media.stats import LegStats, Quality

_log = log.get("media.session")
__all__ = ["Arrival", "Description", "Direction", "Encryption", "Feed", "Leg", "Payload", "PortRange"]

KEEPALIVE_S = 10.0
"""Longest silence towards the far end before one packet keeps the way through NATs open (RFC 6263)."""


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
        return cls(ports.take(), advertise or ports.host, codecs, encryption)

    def __init__(
        self,
        pair: PortPair,
        advertise: str,
        codecs: tuple[Payload, ...] = CODECS,
        encryption: Encryption = Encryption.OFF,
        state: LegState | None = None,
    ) -> None:
        """`state`: of the leg that was on these sockets before, in another process. Raises NoSocketsLeft."""
        self._loop = asyncio.get_running_loop()
        self.closed = False
        self._state = state = state or LegState.new()
        poller = Poller.of_running_loop()
        self.receiver = Receiver(poller, pair, state, self._drop_tap)
        self.sender = Sender(poller, self.receiver.wire, state.outgoing, state.stats, self._drop_tap)
        self.receiver.wire.on_change = self._switch
        if state.sealing is not None:
            self.encrypt(Srtp(state.sealing))
        self._said = Negotiation(advertise, self.receiver.wire.port, codecs, encryption)
        self._timer: asyncio.TimerHandle | None = None

    def _switch(self) -> None:
        """The line is there, or gone. Both sides keep its calls at hand: one object less to touch for each packet."""
        self.receiver.receive, self.sender.put = self.receiver.wire.receive, self.receiver.wire.send

    # ------------------------------------------------------------ offer and answer

    @property
    def local(self) -> Description:
        """What was last said of this side."""
        return self._said.local

    @property
    def remote(self) -> Description | None:
        """What the far end said last, without what is not common."""
        return self.sender.remote

    def offer(self, direction: Direction = Direction.SENDRECV) -> Description:
        """Our description for an INVITE or re-INVITE."""
        self._refuse_closed()
        offer = self._said.offer(direction)
        self.receiver.allow(offer)
        return offer

    def answer(self, offer: Description) -> Description:
        """Take the far end's offer and give our answer. Raises NoCommonCodec, NoCommonCipher; the leg is then as
        before."""
        self._refuse_closed()
        self.settle(self._said.answer(offer))
        return self.local

    def accept(self, answer: Description) -> None:
        """Take the far end's answer to our offer. May be called again (183, then 200). Raises NoCommonCodec,
        NoCommonCipher; the leg is then as before."""
        self._refuse_closed()
        self.settle(self._said.accept(answer))

    def encrypt(self, srtp: Srtp | None) -> None:
        """Seal and open every packet with `srtp` from now on, whoever agreed on its keys; None: plain sound."""
        self.receiver.decrypt(srtp)
        self.sender.srtp = srtp

    def relearn(self) -> None:
        """Forget which source was learned; for a re-INVITE that moves the sound without a new address."""
        self._refuse_closed()
        latch = self.receiver.latch
        latch.relearn(self._loop.time())
        if latch.told is not None:
            self.receiver.wire.aim(latch.told)

    def settle(self, terms: Terms) -> None:
        """Do as both sides said, whoever spoke for this one."""
        self.receiver.allow(terms.local)
        if terms.keyed:  # keys that came another way stay
            self.encrypt(terms.keys.onto(self.sender.srtp) if terms.keys else None)
        self.sender.agree(terms.remote, mute=terms.mute)
        told, latch, wire = (terms.remote.host, terms.remote.port), self.receiver.latch, self.receiver.wire
        latch.learn(told, self._loop.time())
        if latch.locked is None:
            wire.aim(told)
        elif not wire.aimed:
            wire.connect(latch.locked, self._loop.time())
        if self._timer is None:
            self.sender.keep_alive()
            self._timer = self._loop.call_later(next_delay(), self._report)

    @property
    def held(self) -> bool:
        """The far end asked for silence (sendonly or inactive)."""
        return held(self.remote)

    @property
    def codec(self) -> Payload | None:
        """What we send when the sound is made here; None before there is a far end."""
        return self.sender.codec

    def payload_named(self, name: str) -> Payload | None:
        """The far end's payload of this encoding, if it takes any."""
        return self.sender.payload_named(name)

    # ------------------------------------------------------------ what arrives

    @property
    def on_first_packet(self) -> Callable[[float], None] | None:
        return self.receiver.on_first_packet

    @on_first_packet.setter
    def on_first_packet(self, callback: Callable[[float], None] | None) -> None:
        self.receiver.on_first_packet = callback

    @property
    def on_dtmf(self) -> Callable[[str], None] | None:
        return self.receiver.on_dtmf

    @on_dtmf.setter
    def on_dtmf(self, callback: Callable[[str], None] | None) -> None:
        self.receiver.on_dtmf = callback

    @property
    def sink(self) -> Callable[[Arrival], None] | None:
        return self.receiver.sink

    @sink.setter
    def sink(self, sink: Callable[[Arrival], None] | None) -> None:
        self.receiver.sink = sink

    @property
    def taps(self) -> tuple[Tap, ...]:
        return self.receiver.taps

    @taps.setter
    def taps(self, taps: tuple[Tap, ...]) -> None:
        self.receiver.taps = self.sender.taps = taps

    def _drop_tap(self, failed: Tap) -> None:
        """Where it raised: it must not hold up the sound again."""
        self.taps = tuple(tap for tap in self.taps if tap is not failed)
        _log.exception("what listened to a leg failed and is taken off it", kind=type(failed).__name__)

    @property
    def first_packet_at(self) -> float | None:
        """By loop.time()."""
        return self.receiver.first_at

    @property
    def last_packet_at(self) -> float | None:
        """By loop.time()."""
        return self.receiver.last_at

    # ------------------------------------------------------------ what leaves

    def feed(self, feed: Feed | None) -> None:
        """Let `feed` be what is sent from now on; the former one is stopped. Raises LegClosed."""
        if feed is not None:
            self._refuse_closed()
        self.sender.feed(feed)

    def fed_by(self) -> Feed | None:
        return self.sender.fed_by()

    def send(self, sound: bytes, payload: Payload, *, first: bool) -> None:
        """One packet of sound made here; `first`: silence came before it (the marker bit is set)."""
        self.sender.send(sound, payload, first=first)

    def relay(self, arrival: Arrival, payload: Payload) -> None:
        """Pass on a packet of another leg under our own header, written over the one it came with."""
        self.sender.relay(arrival, payload)

    def press(self, keys: str) -> None:
        """Press keys for the far end (RFC 4733), 160 ms each; nothing else is sent meanwhile. They queue behind those
        that are still being pressed. Raises KeysNotTaken, NoSuchKey, LegClosed."""
        self._refuse_closed()
        self.sender.press(keys)

    def _report(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(next_delay(), self._report)
        if now - self.sender.last_at >= KEEPALIVE_S:
            self.sender.keep_alive()
        self._send_report(self._state.reports.compose(now))

    def _send_report(self, packet: bytes) -> None:
        remote, srtp = self.remote, self.sender.srtp
        if remote is not None:
            packet = packet if srtp is None else srtp.seal_report(packet)
            to = reports_address((remote.host, remote.port), remote.rtcp, self.source)
            self.receiver.wire.send_report(packet, to)

    # ------------------------------------------------------------ the end, and the figures

    @property
    def source(self) -> Address | None:
        """The address that is listened to, once known."""
        return self.receiver.latch.locked

    @property
    def stats(self) -> LegStats:
        """What was counted so far; the same object each time, brought up to date."""
        stats, outgoing = self._state.stats, self._state.outgoing
        stats.received, stats.sent, stats.octets_sent = self._state.reception.total, outgoing.packets, outgoing.octets
        return stats

    @property
    def quality(self) -> Quality:
        return self._state.reports.quality()

    def close(self) -> None:
        """Part, stop playing, say BYE by RTCP, close the sockets. Twice is fine."""
        if self.closed:
            return
        self._end()
        if self._timer is not None:
            self._send_report(self._state.reports.farewell(self._loop.time()))
        self.receiver.wire.close()

    def leave(self) -> None:
        """Close without a word: the leg goes on in another process, on the same sockets, with the `state` of this."""
        self.receiver.wire.finish(self._loop.time())
        self._end()
        self.receiver.wire.close()

    def _end(self) -> None:
        self.sender.stop()
        self.closed = True
        self.sink, self.taps = None, ()
        if self._timer is not None:
            self._timer.cancel()

    @property
    def state(self) -> LegState:
        """What another process needs to go on with this leg; the same object each time, brought up to date."""
        state, srtp = self._state, self.sender.srtp
        state.stats = self.stats
        state.first_at, state.last_at = self.receiver.first_at, self.receiver.last_at
        state.sealing = srtp.progress if srtp is not None else None
        return state

    def _refuse_closed(self) -> None:
        if self.closed:
            raise LegClosed
