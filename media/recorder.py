"""A call as stereo G.711 in pieces of one second: what we send on the left, what the far end says on the right.

Of G.711 nothing is decoded: bytes of one law are put in their places by their timestamps and interleaved. Silence
stands where packets were lost, where nothing was sent, and while the recording is paused, so that times stay true.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from media.codecs import NAMES, Coder, transcoder
from media.description import Payload
from media.g711 import SAMPLE_RATE, SILENCE
from media.session import Arrival, Leg
from media.timeline import Timeline

PIECE_S = 1
_GRACE_S = 0.1
_MOST_AHEAD = 3 * SAMPLE_RATE
_MOST_WAITING = 25
"""Packets of a side that are put in their places together: half a second of sound."""
_USUAL_LAW = "PCMA"


class Sink(Protocol):
    """Where pieces go; none of these may wait."""

    def begin(self, law: str) -> None:
        """Once, before the first piece: "PCMU" or "PCMA"."""
        ...

    def write(self, piece: bytes) -> None:
        """One second: 8,000 samples, each two bytes, left and right."""
        ...

    def finish(self, piece: bytes) -> None:
        """The rest, shorter than a second, perhaps empty; the recording is over."""
        ...


@dataclass(frozen=True, slots=True)
class Tape:
    """A recording under way, for the recorder that goes on with it. `began`: by loop.time(); `pieces`: seconds that
    were given away; `left`, `right`: what was put since."""

    law: str
    began: float
    pieces: int = 0
    paused: bool = False
    left: bytes = b""
    right: bytes = b""


class Track:
    """One side's bytes in one law, silence where nothing was put.

    `waiting`: packets as they came (source, timestamp, moment, codec, coded sound), put in their places some at a time.
    """

    __slots__ = ("_bytes", "_coders", "_first", "_law", "_silence", "_timeline", "waiting")

    def __init__(self, tape: Tape, sound: bytes) -> None:
        self.waiting: list[tuple[int, int, float, str, bytes]] = []
        self._law = tape.law
        self._silence = SILENCE[tape.law][:1]
        self._timeline = Timeline(tape.began)
        self._first = tape.pieces * PIECE_S * SAMPLE_RATE
        self._bytes = bytearray(sound)
        self._coders: dict[str, Coder] = {}

    def settle(self) -> None:
        """Put what is waiting in its place; what is no sound is left out."""
        place, law = self._timeline.place, self._law
        for source, timestamp, moment, codec, coded in self.waiting:
            if codec in NAMES:
                at = round(place(source, timestamp, moment) * SAMPLE_RATE) - self._first
                sound = coded if codec == law else self._coder(codec)(coded)
                if at == len(self._bytes) <= _MOST_AHEAD:  # as nearly all
                    self._bytes += sound
                else:
                    self._put(at, sound)
        self.waiting.clear()

    def _coder(self, codec: str) -> Coder:
        if codec not in self._coders:
            self._coders[codec] = transcoder(codec, self._law)
        return self._coders[codec]

    def _put(self, at: int, sound: bytes) -> None:
        """Sound that begins `at` samples after what was taken. What belongs there, or lies far ahead, is dropped."""
        if at < 0:
            sound, at = sound[-at:], 0
        if at > _MOST_AHEAD:
            return
        if at > len(self._bytes):
            self._bytes += self._silence * (at - len(self._bytes))
        self._bytes[at : at + len(sound)] = sound

    def rest(self) -> bytes:
        """What was put and not taken yet."""
        self.settle()
        return bytes(self._bytes)

    def take(self, count: int) -> bytes:
        """The next `count` samples."""
        self.settle()
        piece = bytes(self._bytes[:count])
        del self._bytes[:count]
        self._first += count
        return piece + self._silence * (count - len(piece))


class Recorder:
    """Taps a leg from now on until `stop`. Each second leaves 100 ms after it is over; what comes later is dropped.

    `tape`: of the recorder that it goes on for; what was not tapped meanwhile is silence.
    """

    __slots__ = (
        "_began",
        "_law",
        "_left",
        "_leg",
        "_loop",
        "_pieces",
        "_right",
        "_sink",
        "_stopped",
        "_timer",
        "paused",
    )

    def __init__(self, leg: Leg, sink: Sink, tape: Tape | None = None) -> None:
        self._leg, self._sink = leg, sink
        self._loop = asyncio.get_running_loop()
        if tape is None:
            tape = Tape(_law(leg), self._loop.time())
            sink.begin(tape.law)
        self._law, self._began, self._pieces, self.paused = tape.law, tape.began, tape.pieces, tape.paused
        self._left, self._right = Track(tape, tape.left), Track(tape, tape.right)
        self._stopped = False
        leg.taps = (*leg.taps, self)
        self._timer = self._loop.call_at(self._due(), self._flush)

    def heard(self, arrival: Arrival) -> None:
        """A packet of the far end. Hot: with the caches cold, putting it in its place at once would cost more than all
        else that recording is."""
        if self.paused:
            return
        track, sound = self._right, bytes(arrival.buffer[arrival.start : arrival.end])
        track.waiting.append((arrival.ssrc, arrival.timestamp, arrival.at, arrival.payload.name, sound))
        if len(track.waiting) >= _MOST_WAITING:
            track.settle()

    def sent(self, payload: Payload, timestamp: int, sound: bytes | memoryview, at: float) -> None:
        """A packet of ours. Hot."""
        if self.paused:
            return
        track = self._left
        track.waiting.append((0, timestamp, at, payload.name, bytes(sound)))
        if len(track.waiting) >= _MOST_WAITING:
            track.settle()

    def leave(self) -> Tape:
        """Tap no more; another recorder goes on with this."""
        self._let_go()
        return Tape(self._law, self._began, self._pieces, self.paused, self._left.rest(), self._right.rest())

    def _let_go(self) -> None:
        self._stopped = True
        self._timer.cancel()
        self._leg.taps = tuple(tap for tap in self._leg.taps if tap is not self)

    def stop(self) -> None:
        """The recording ends now. Twice is fine."""
        if self._stopped:
            return
        self._let_go()
        while (left := self._samples_left()) >= PIECE_S * SAMPLE_RATE:
            self._write()
        self._sink.finish(self._take(max(0, left)))

    def _samples_left(self) -> int:
        elapsed = self._loop.time() - self._began
        return round((elapsed - self._pieces * PIECE_S) * SAMPLE_RATE)

    def _due(self) -> float:
        return self._began + (self._pieces + 1) * PIECE_S + _GRACE_S

    def _flush(self) -> None:
        # After a stall of the loop several are due.
        while self._due() <= self._loop.time() + 0.001:
            self._write()
        self._timer = self._loop.call_at(self._due(), self._flush)

    def _write(self) -> None:
        self._pieces += 1
        self._sink.write(self._take(PIECE_S * SAMPLE_RATE))

    def _take(self, samples: int) -> bytes:
        both = np.frombuffer(self._right.take(samples), np.uint8).astype("<u2") << 8
        return (both | np.frombuffer(self._left.take(samples), np.uint8)).tobytes()


def _law(leg: Leg) -> str:
    codec = leg.codec
    return codec.name if codec is not None and codec.name in SILENCE else _USUAL_LAW
