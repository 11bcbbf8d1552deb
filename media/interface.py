"""The sound of telephone calls as the engine sees it; `media.inproc` and `media.workers` both have it.

media = InProcess(ports) or Workers(ports, 2)
await media.start()
sound = media.open()
…                       # offer and accept, or answer; then join, play, judge, record
sound.close()
await media.stop()
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from media.description import Description, Direction
from media.detector import Verdict
from media.errors import MediaError
from media.legstate import LegState
from media.monitor import Mode
from media.recorder import Sink
from media.sdes import Encryption
from media.sound import Source
from media.stats import LegStats, Quality


@dataclass(frozen=True, slots=True)
class Figures:
    """How a leg's sound travels. Moments are by loop.time(); `first_voice_at`: when the other side of the bridge was
    first heard on a leg that was the first one of a `join`."""

    stats: LegStats
    quality: Quality
    first_packet_at: float | None = None
    last_packet_at: float | None = None
    first_voice_at: float | None = None

    @classmethod
    def of(cls, state: LegState, first_voice_at: float | None) -> "Figures":
        return cls(state.stats, state.reports.quality(), state.first_at, state.last_at, first_voice_at)


class Sound(Protocol):
    """One leg's sound. Nothing here waits; callbacks come on the loop, none before the method that they belong to has
    returned, but that of `close`.

    What feeds the far end is one at a time: `join`, `play` and `monitor` end each other, and so does `part`.
    """

    on_first_packet: Callable[[float], None] | None
    """Takes loop.time() of the first packet from the far end."""
    on_dtmf: Callable[[str], None] | None
    """Takes each key that the far end presses (0-9 * # A-D), once."""

    @property
    def local(self) -> Description:
        """What was last said of this side."""
        ...

    @property
    def remote(self) -> Description | None:
        """What the far end said last, without what is not common."""
        ...

    @property
    def held(self) -> bool:
        """The far end asked for silence."""
        ...

    @property
    def joined(self) -> "Sound | None":
        """The other leg of the bridge, if any."""
        ...

    @property
    def figures(self) -> Figures:
        """As of now, or of the last second."""
        ...

    def offer(self, direction: Direction = Direction.SENDRECV) -> Description:
        """Our description for an INVITE or re-INVITE. Raises LegClosed."""
        ...

    def answer(self, offer: Description) -> Description:
        """Our answer. Raises NoCommonCodec, NoCommonCipher (all is then as before), LegClosed."""
        ...

    def accept(self, answer: Description) -> None:
        """Take the answer to our offer; may be called again. Raises as `answer`."""
        ...

    def join(self, other: "Sound") -> None:
        """Sound flows both ways, with legs of the same `Media`. Here the first voice is awaited. Raises LegClosed."""
        ...

    def part(self) -> None:
        """Silence, also for whoever was joined; a sound that plays stops without its `on_end`."""
        ...

    def play(self, source: Source, *, repeat: bool, on_end: Callable[[MediaError | None], None]) -> None:
        """Play a file or tone; silence until it is read. `on_end` comes after the last packet, never when repeated or
        stopped; with the error when it cannot be played. Raises LegClosed."""
        ...

    def judge(
        self, measures: Mapping[str, float], on_verdict: Callable[[Verdict], None], on_beep: Callable[[], None]
    ) -> None:
        """Listen to who answered, until something is joined or played. `on_beep`: after the word "machine" or "beep",
        when the beep is over."""
        ...

    def record(self, sink: Sink) -> None:
        """Record both sides until `stop_recording` or the end; another recording ends first."""
        ...

    def pause(self, *, paused: bool) -> None:
        """Silence is recorded meanwhile. A leg that is not recorded does not mind."""
        ...

    def stop_recording(self) -> None:
        """The sink is finished, at once or soon. Twice is fine."""
        ...

    def press(self, keys: str) -> None:
        """Press keys for the far end. Raises KeysNotTaken, NoSuchKey, LegClosed."""
        ...

    def mute(self, *, muted: bool) -> None:
        """Nothing of this leg reaches the other of its bridge, or it does again; a new join unmutes."""
        ...

    def monitor(self, operator: "Sound", mode: Mode, on_end: Callable[[], None]) -> None:
        """Let this leg, a supervisor's, hear the bridge that `operator` is in; again: hear in another mode.

        `on_end` comes once, soon after the bridge ended, something else fed this leg, or `stop_monitoring`; not when
        another bridge is monitored by then. Raises NotJoined, AlreadyMonitored, LegClosed.
        """
        ...

    def stop_monitoring(self) -> None:
        """The bridge is as it was. A leg that monitors nobody does not mind."""
        ...

    def close(self, on_closed: Callable[[Figures], None] | None = None) -> None:
        """End all of it, release the ports. `on_closed` takes the last figures, at once or soon. Twice is fine."""
        ...


class Media(Protocol):
    """Where legs have their sound."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Once every leg is closed; waits until the last piece of a recording was given to its sink."""
        ...

    def open(self, *, advertise: str | None = None, encryption: Encryption = Encryption.OFF) -> Sound:
        """A leg on a port pair of its own. `advertise`: the address to name in descriptions, if not the bound one.
        Raises NoPortsLeft, NoSocketsLeft."""
        ...
