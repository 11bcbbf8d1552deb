"""What the engine's process wants done in a sound process; each order knows how. Legs are told by numbers.

`turn`: what the answers to an order are known by.
"""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from media.description import Description
from media.desk import Desk, Forward
from media.errors import MediaError
from media.events import Beeped, Judged, Note, Played
from media.legstate import LegState
from media.monitor import Mode
from media.negotiation import Terms
from media.recorder import Tape
from media.sound import Source


class Order(Protocol):
    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        """Raises MediaError, LookupError for a leg that is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Open:
    """A leg on the two sockets that come along. `note`: of the process that had it before, empty if none had; `lost`:
    it died since."""

    note: Note
    terms: Terms | None
    lost: bool

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        state: LegState | None = pickle.loads(self.note.state) if self.note.state else None  # noqa: S301  our own
        if state is not None and self.lost:
            state.renew()
        leg = desk.open(self.note.leg, files, state, self.note.first_voice_at)
        if self.terms is not None:
            leg.settle(self.terms)


@dataclass(frozen=True, slots=True)
class Settle:
    leg: int
    terms: Terms

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].leg.settle(self.terms)


@dataclass(frozen=True, slots=True)
class Allow:
    leg: int
    local: Description

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].leg.receiver.allow(self.local)


@dataclass(frozen=True, slots=True)
class Join:
    first: int
    second: int

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.first].join(desk.sounds[self.second])


@dataclass(frozen=True, slots=True)
class Part:
    leg: int

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].part()


@dataclass(frozen=True, slots=True)
class Play:
    leg: int
    turn: int
    source: Source
    repeat: bool

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        def ended(error: MediaError | None) -> None:
            desk.tell(Played(self.leg, self.turn, str(error) if error is not None else None))

        desk.sounds[self.leg].play(self.source, repeat=self.repeat, on_end=ended)


@dataclass(frozen=True, slots=True)
class Judge:
    leg: int
    turn: int
    measures: Mapping[str, float]

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].judge(
            self.measures,
            lambda verdict: desk.tell(Judged(self.leg, self.turn, verdict)),
            lambda: desk.tell(Beeped(self.leg, self.turn)),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """`tape`: of the process that recorded before."""

    leg: int
    turn: int
    tape: Tape | None

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].record(Forward(desk, self.leg, self.turn), self.tape)
        desk.recording[self.leg] = self.turn


@dataclass(frozen=True, slots=True)
class Pause:
    leg: int
    paused: bool

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].pause(paused=self.paused)


@dataclass(frozen=True, slots=True)
class StopRecording:
    leg: int

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].stop_recording()


@dataclass(frozen=True, slots=True)
class Press:
    leg: int
    keys: str

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].press(self.keys)


@dataclass(frozen=True, slots=True)
class Mute:
    leg: int
    muted: bool

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].mute(muted=self.muted)


@dataclass(frozen=True, slots=True)
class Watch:
    """A supervisor's leg on the operator's bridge."""

    leg: int
    operator: int
    mode: Mode

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].monitor(desk.sounds[self.operator], self.mode, _known)


@dataclass(frozen=True, slots=True)
class StopWatching:
    leg: int

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.sounds[self.leg].stop_monitoring()


@dataclass(frozen=True, slots=True)
class Leave:
    """Another process is to have the leg."""

    leg: int

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.leave(self.leg)


@dataclass(frozen=True, slots=True)
class Close:
    leg: int

    def carry_out(self, desk: Desk, files: Sequence[int]) -> None:
        desk.close(self.leg)


def _known() -> None:
    """A monitor ends by orders alone: the engine's process knows."""
