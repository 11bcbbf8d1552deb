"""What a sound process says to the engine's: of one leg each, by the number that the engine gave it.

`turn`: of the order that it answers.
"""

from dataclasses import dataclass

from media.detector import Verdict
from media.recorder import Tape


@dataclass(frozen=True, slots=True)
class FirstPacket:
    leg: int
    at: float


@dataclass(frozen=True, slots=True)
class Key:
    leg: int
    key: str


@dataclass(frozen=True, slots=True)
class Played:
    """`error`: why it could not be."""

    leg: int
    turn: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    leg: int
    turn: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Beeped:
    leg: int
    turn: int


@dataclass(frozen=True, slots=True)
class Begun:
    """A recording; `at`: by loop.time()."""

    leg: int
    turn: int
    law: str
    at: float


@dataclass(frozen=True, slots=True)
class Piece:
    """One second of a recording, or with `last` the rest of it."""

    leg: int
    turn: int
    sound: bytes
    last: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """How a leg stands; one comes every second. `state`: a pickled `LegState`, from which another process can go on."""

    leg: int
    state: bytes
    first_voice_at: float | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """The process has let go of a leg that it was to leave; `tape`: of the recording under `turn`, if any."""

    note: Note
    turn: int = 0
    tape: Tape | None = None

    @property
    def leg(self) -> int:
        return self.note.leg


@dataclass(frozen=True, slots=True)
class Closed:
    note: Note

    @property
    def leg(self) -> int:
        return self.note.leg


LegEvent = FirstPacket | Key | Played | Judged | Beeped | Begun | Piece | Note | Left | Closed


@dataclass(frozen=True, slots=True)
class Notes:
    """The process lives, and so its legs stand; one comes every second at least, perhaps empty."""

    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """An order that could not be carried out."""

    order: str
    error: str


Event = LegEvent | Notes | Trouble
