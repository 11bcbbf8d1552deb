"""A jitter buffer that adapts: packets in as they come, 20 ms of samples out at each beat; pure.

It stands where sound is decoded to be mixed. The delay follows the spread of the arrivals: up at once, down slowly.
What does not come in time is concealed.
"""

from dataclasses import dataclass

from media.codecs import Coder, decoder
from media.concealment import Concealer, crossfade
from media.g711 import FRAME
from media.rtp import distance

_FRAME_BYTES = 2 * FRAME
_FRAME_MS = 20
_PER_MS = 8
"""Timestamp units, and coded bytes, in a millisecond."""
LEAST_MS, MOST_MS = 20.0, 200.0
_DECAY = 1 / 256
_DRIFT_MS = 0.01
"""How far the two clocks may run apart in a packet."""
_RESTART = 3000
_REMEMBERED = 200
_MOST_HELD = 64
_WINDOW = 50


@dataclass(slots=True)
class JitterStats:
    """`late`: came after its turn; `lost`: never came, or not yet; `concealed`: frames of 20 ms that were filled in;
    `skipped`: frames left out because the delay had become longer than needed."""

    received: int = 0
    late: int = 0
    lost: int = 0
    duplicate: int = 0
    concealed: int = 0
    skipped: int = 0


class JitterBuffer:
    """One stream. A new SSRC or a wild jump of the numbers begins it anew."""

    def __init__(self) -> None:
        self.stats = JitterStats()
        self._spread = Spread()
        self._decoders: dict[str, Coder] = {}
        self._repair = Concealer()
        self._ready = b""
        self._begin(None, 0)

    def _begin(self, ssrc: int | None, sequence: int) -> None:
        self._ssrc = ssrc
        self._held: dict[int, tuple[str | None, bytes]] = {}
        self._bytes_held = 0
        self._newest = self._next = sequence
        self._given_up: set[int] = set()
        self._spread.begin()
        self._decoders.clear()
        self._filling, self._waited = True, 0
        self._deepest, self._beats = 0.0, 0

    @property
    def target_ms(self) -> float:
        """The delay that the arrivals call for."""
        return min(MOST_MS, LEAST_MS + self._spread.peak_ms)

    @property
    def depth_ms(self) -> float:
        """What is waiting to be played."""
        return self._bytes_held / _PER_MS + len(self._ready) / (2 * _PER_MS)

    # ------------------------------------------------------------ in

    def put(self, ssrc: int, sequence: int, timestamp: int, sound: tuple[str | None, bytes], at: float) -> None:
        """A packet that arrived at `at` (monotonic seconds). `sound`: codec and coded bytes; no codec: a packet that
        counts but is not heard, such as a key's."""
        ahead = distance(sequence, self._newest & 0xFFFF)
        if ssrc != self._ssrc or abs(ahead) > _RESTART:
            self._begin(ssrc, sequence)
            ahead = 0
        self.stats.received += 1
        self._spread.arrived(timestamp, at)
        number = self._newest + ahead
        if number < self._next and not self._begins_earlier(number):
            self._came_too_late(number)
        elif number in self._held:
            self.stats.duplicate += 1
        else:
            self._hold(number, sound)

    def _begins_earlier(self, number: int) -> bool:
        """Nothing was played yet, and the first to come was not the first that was sent."""
        if self._started or self._next - number > _WINDOW:
            return False
        self._next = number
        return True

    def _came_too_late(self, number: int) -> None:
        if number in self._given_up:
            self._given_up.remove(number)
            self.stats.lost -= 1
            self.stats.late += 1
        else:
            self.stats.duplicate += 1

    def _hold(self, number: int, sound: tuple[str | None, bytes]) -> None:
        self._held[number] = sound
        self._bytes_held += len(sound[1]) if sound[0] else 0
        self._newest = max(self._newest, number)
        while len(self._held) > _MOST_HELD:
            self._skip_to(min(self._held))
            self._advance()
            self._ready = b""
            self.stats.skipped += 1

    # ------------------------------------------------------------ out

    def pull(self) -> bytes:
        """The next 20 ms: 160 samples of 16 bit. To be called every 20 ms."""
        if self._filling and not self._filled():
            return self._concealed(FRAME)
        self._watch_depth()
        while len(self._ready) < _FRAME_BYTES and self._advance():
            pass
        if len(self._ready) < _FRAME_BYTES:
            self._filling = True
            self._ready += self._concealed(FRAME - len(self._ready) // 2)
        frame, self._ready = self._ready[:_FRAME_BYTES], self._ready[_FRAME_BYTES:]
        return frame

    def _filled(self) -> bool:
        """Whether enough waits to go on; what is still missing before it has had its time."""
        self._waited = self._waited + 1 if self._held else 0
        if not self._held or max(self.depth_ms, (self._waited - 1) * _FRAME_MS) < self.target_ms:
            return False
        self._skip_to(min(self._held))
        self._filling, self._waited = False, 0
        return True

    def _watch_depth(self) -> None:
        """Once a second a frame is left out, if the deepest moment was deeper than needed."""
        self._deepest, self._beats = max(self._deepest, self.depth_ms), self._beats + 1
        if self._beats < _WINDOW:
            return
        if self._deepest > self.target_ms + _FRAME_MS:
            self._leave_out()
        self._deepest, self._beats = 0.0, 0

    def _leave_out(self) -> None:
        while len(self._ready) < 2 * _FRAME_BYTES and self._advance():
            pass
        first, second = self._ready[:_FRAME_BYTES], self._ready[_FRAME_BYTES : 2 * _FRAME_BYTES]
        if len(second) == _FRAME_BYTES:
            self._ready = crossfade(first, second) + self._ready[2 * _FRAME_BYTES :]
            self.stats.skipped += 1

    def _advance(self) -> bool:
        """Take the next packet, or what stands in for it; False: there is nothing."""
        if not self._held:
            return False
        sound = self._held.pop(self._next, None)
        if sound is None:
            self._give_up(self._next)
            self._ready += self._concealed(FRAME)
        elif sound[0] is not None:
            self._bytes_held -= len(sound[1])
            self._ready += self._repair.heard(self._decoded(sound[0], sound[1]))
        self._next += 1
        return True

    def _decoded(self, codec: str, coded: bytes) -> bytes:
        decode = self._decoders.get(codec) or self._decoders.setdefault(codec, decoder(codec))
        return decode(coded)

    def _skip_to(self, number: int) -> None:
        for missing in range(max(self._next, number - _REMEMBERED), number):
            self._give_up(missing)
        self._next = max(self._next, number)

    def _give_up(self, number: int) -> None:
        self.stats.lost += 1
        self._given_up.add(number)
        if len(self._given_up) > _REMEMBERED:
            self._given_up.remove(min(self._given_up))

    @property
    def _started(self) -> bool:
        """Something was heard since it began."""
        return bool(self._decoders)

    def _concealed(self, count: int) -> bytes:
        if self._repair.faded or not self._started:
            return bytes(2 * count)
        self.stats.concealed += 1
        return self._repair.fill(count)


class Spread:
    """How much later than the fastest packets the slowest come: a peak that is held, then forgotten in seconds."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.peak_ms = 0.0
        self._fastest: float | None = None
        self._timestamp = 0
        self._sent_ms = 0.0

    def arrived(self, timestamp: int, at: float) -> None:
        """`timestamp` of 8 kHz, `at` in seconds."""
        step = ((timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        self._timestamp = timestamp
        self._sent_ms += step / _PER_MS
        transit = at * 1000 - self._sent_ms
        if self._fastest is None or abs(transit - self._fastest) > 10 * MOST_MS:
            self._fastest = transit
        self._fastest = min(transit, self._fastest + _DRIFT_MS)
        late = transit - self._fastest
        self.peak_ms = late if late > self.peak_ms else self.peak_ms + (late - self.peak_ms) * _DECAY
