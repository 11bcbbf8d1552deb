"""What a leg does whose sound is in another process, as the engine wants it: it is ordered again wherever the leg goes.

Nothing is known here of how far the other process has come.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from media.detector import Heard, Verdict
from media.errors import MediaError
from media.monitor import Mode
from media.negotiation import Terms
from media.orders import Join, Judge, Mute, Part, Play, Watch
from media.recorder import Sink, Tape
from media.sound import Source

if TYPE_CHECKING:
    from media.remote import RemoteSound


@dataclass(slots=True, eq=False)
class Bridge:
    """Two legs joined; on the first one the first voice is awaited."""

    first: "RemoteSound"
    second: "RemoteSound"
    muted: set[int] = field(default_factory=set[int])

    @property
    def stands(self) -> bool:
        """Both legs are in one process."""
        return self.first.home is not None and self.first.home is self.second.home

    def mate(self, leg: "RemoteSound") -> "RemoteSound":
        return self.second if leg is self.first else self.first

    def act(self, leg: "RemoteSound") -> None:
        """Join them, or bring the second one to the first."""
        if not self.stands:
            for one in (self.first, self.second):
                one.order(Part(one.number))
            if self.first.home is not None:
                self.second.move()
            return
        leg.order(Join(self.first.number, self.second.number))
        for number in self.muted:
            leg.order(Mute(number, True))
        for one in (self.first, self.second):
            if one.watcher is not None:
                one.watcher.act()


@dataclass(slots=True, eq=False)
class Playing:
    turn: int
    source: Source
    repeat: bool
    on_end: Callable[[MediaError | None], None]

    def act(self, leg: "RemoteSound") -> None:
        leg.order(Play(leg.number, self.turn, self.source, self.repeat))


@dataclass(slots=True, eq=False)
class Watching:
    """A supervisor on the bridge of an operator."""

    operator: "RemoteSound"
    bridge: Bridge
    mode: Mode
    on_end: Callable[[], None]

    def act(self, leg: "RemoteSound") -> None:
        """Listen, or come to where the bridge is."""
        if not self.bridge.stands:
            return
        if leg.home is self.operator.home:
            leg.order(Watch(leg.number, self.operator.number, self.mode))
        else:
            leg.move()


Doing = Bridge | Playing | Watching


@dataclass(slots=True, eq=False)
class Judging:
    turn: int
    measures: Mapping[str, float]
    on_verdict: Callable[[Verdict], None]
    on_beep: Callable[[], None]
    heard: Heard | None = None

    def act(self, leg: "RemoteSound") -> None:
        leg.order(Judge(leg.number, self.turn, self.measures))

    def judged(self, verdict: Verdict) -> bool:
        """Tell the verdict, once. Whether there is more to listen for."""
        if self.heard is None:
            self.heard = verdict.heard
            self.on_verdict(verdict)
        return self.heard in (Heard.MACHINE, Heard.BEEP)


@dataclass(slots=True, eq=False)
class Taping:
    """A recording and how far it has come here."""

    sink: Sink
    paused: bool = False
    tape: Tape | None = None

    def begun(self, law: str, at: float) -> None:
        self.tape = Tape(law, at)
        self.sink.begin(law)

    def write(self, piece: bytes) -> None:
        assert self.tape is not None
        self.tape = replace(self.tape, pieces=self.tape.pieces + 1)
        self.sink.write(piece)

    def finish(self, piece: bytes) -> None:
        if self.tape is None:
            self.begun("PCMA", 0.0)
        self.sink.finish(piece)


@dataclass(slots=True, eq=False)
class Wish:
    """All that a leg is to do. `tapings`: by turns, those too that are being finished; `recording`: the present one;
    `keys`: to be pressed by the process that the leg comes to next."""

    terms: Terms | None = None
    doing: Doing | None = None
    judging: Judging | None = None
    tapings: dict[int, Taping] = field(default_factory=dict[int, Taping])
    recording: int | None = None
    keys: str = ""

    @property
    def taping(self) -> Taping | None:
        return self.tapings.get(self.recording) if self.recording is not None else None
