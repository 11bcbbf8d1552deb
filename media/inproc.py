"""The sound on the running loop itself."""

import asyncio
from collections.abc import Callable, Mapping

from media import bridge, player
from media.description import Description, Direction
from media.detector import Verdict
from media.errors import MediaError
from media.firstvoice import FirstVoice
from media.interface import Figures, Sound
from media.listening import Listening
from media.monitor import Mode, Monitor
from media.ports import PortRange
from media.recorder import Recorder, Sink, Tape
from media.sdes import Encryption
from media.session import Leg
from media.sound import Source


class InProcess:
    """Legs of this process, on ports of a range."""

    def __init__(self, ports: PortRange) -> None:
        self._ports = ports

    async def start(self) -> None:
        """Nothing needs to be there before the first leg."""

    async def stop(self) -> None:
        """Nothing is left after the last one."""

    def open(self, *, advertise: str | None = None, encryption: Encryption = Encryption.OFF) -> "LocalSound":
        return LocalSound(Leg.open(self._ports, advertise=advertise, encryption=encryption))


class LocalSound:
    """A `media.session.Leg`, and what is done with it. `first_voice_at`: when it was heard before, elsewhere."""

    def __init__(self, leg: Leg, first_voice_at: float | None = None) -> None:
        self.leg = leg
        self._first_voice_at = first_voice_at
        self._voice: FirstVoice | None = None
        self._recorder: Recorder | None = None
        self._monitor: Monitor | None = None
        self._other: LocalSound | None = None
        self.on_first_packet: Callable[[float], None] | None = None
        self.on_dtmf: Callable[[str], None] | None = None
        leg.on_first_packet, leg.on_dtmf = self._first_packet, self._key

    def _first_packet(self, at: float) -> None:
        if self.on_first_packet is not None:
            self.on_first_packet(at)

    def _key(self, key: str) -> None:
        if self.on_dtmf is not None:
            self.on_dtmf(key)

    # ------------------------------------------------------------ what both sides say

    @property
    def local(self) -> Description:
        return self.leg.local

    @property
    def remote(self) -> Description | None:
        return self.leg.remote

    @property
    def held(self) -> bool:
        return self.leg.held

    def offer(self, direction: Direction = Direction.SENDRECV) -> Description:
        return self.leg.offer(direction)

    def answer(self, offer: Description) -> Description:
        return self.leg.answer(offer)

    def accept(self, answer: Description) -> None:
        self.leg.accept(answer)

    # ------------------------------------------------------------ what the far end hears

    @property
    def joined(self) -> Sound | None:
        other = self._other
        return other if other is not None and bridge.joined(self.leg) is other.leg else None

    def join(self, other: Sound) -> None:
        mate = _here(other)
        bridge.join(self.leg, mate.leg)
        self._other, mate._other = mate, self
        if self._voice is None and self._first_voice_at is None:
            self._voice = FirstVoice(self.leg)

    def part(self) -> None:
        bridge.part(self.leg)

    def play(self, source: Source, *, repeat: bool, on_end: Callable[[MediaError | None], None]) -> None:
        player.play_when_read(self.leg, source, repeat=repeat, on_end=on_end)

    def press(self, keys: str) -> None:
        self.leg.press(keys)

    def mute(self, *, muted: bool) -> None:
        bridge.mute(self.leg, muted=muted)

    def monitor(self, operator: Sound, mode: Mode, on_end: Callable[[], None]) -> None:
        talking = _here(operator).leg
        if self._monitor is not None and self._monitor.hears(talking):
            self._monitor.switch(mode)
            return
        former, self._monitor = self._monitor, None
        if former is not None:
            former.stop()
        monitor = Monitor(self.leg, talking, on_end=lambda: self._unmonitored(on_end))
        monitor.start(mode)
        self._monitor = monitor

    def _unmonitored(self, on_end: Callable[[], None]) -> None:
        """A monitor that another has followed on the same leg ends without a word."""
        if self._monitor is not None:
            self._monitor = None
            asyncio.get_running_loop().call_soon(self._tell_unmonitored, on_end)

    def _tell_unmonitored(self, on_end: Callable[[], None]) -> None:
        if self._monitor is None:  # else it hears the next bridge already
            on_end()

    def stop_monitoring(self) -> None:
        if self._monitor is not None:
            self._monitor.stop()

    # ------------------------------------------------------------ who listens along

    def judge(
        self, measures: Mapping[str, float], on_verdict: Callable[[Verdict], None], on_beep: Callable[[], None]
    ) -> None:
        Listening(self.leg, measures, on_verdict, on_beep)

    def record(self, sink: Sink, tape: Tape | None = None) -> None:
        """`tape`: of the recorder that went before, in another process."""
        self.stop_recording()
        self._recorder = Recorder(self.leg, sink, tape)

    def pause(self, *, paused: bool) -> None:
        if self._recorder is not None:
            self._recorder.paused = paused

    def stop_recording(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.stop()

    # ------------------------------------------------------------ the end, and the figures

    @property
    def figures(self) -> Figures:
        return Figures.of(self.leg.state, self.first_voice_at)

    @property
    def first_voice_at(self) -> float | None:
        return self._voice.at if self._voice is not None else self._first_voice_at

    def leave(self) -> Tape | None:
        """Stop without a word: another process goes on with the leg and its recording."""
        self.part()
        self.leg.leave()
        recorder, self._recorder = self._recorder, None
        return recorder.leave() if recorder is not None else None

    def close(self, on_closed: Callable[[Figures], None] | None = None) -> None:
        if self.leg.closed:
            return
        self.stop_recording()
        self.leg.close()
        if on_closed is not None:
            on_closed(self.figures)


def _here(sound: Sound) -> LocalSound:
    """What is joined is of one `Media`."""
    assert isinstance(sound, LocalSound)
    return sound
