"""When somebody speaks: stretches of voice in a row of 20 ms frames, above a line's own noise; pure."""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

FRAME_S = 0.020
_LOUDEST_FLOOR_DB, _QUIETEST_FLOOR_DB = -42.0, -64.0
_ABOVE_FLOOR_DB = 6.5
_BELOW_PEAK_DB = 30.0
_FLOOR_FRAMES = 60
_CLICK_S = 0.05
_SYLLABLES_S = 0.13
_LOST_S = 0.06


@dataclass(slots=True)
class Stretch:
    """Unbroken speech, in seconds since the answer; gaps as between syllables (under 130 ms) are part of it."""

    begins: float
    ends: float

    @property
    def seconds(self) -> float:
        return self.ends - self.begins


class Band:
    """Levels of a part of the spectrum, dB below full scale, and what stands out among them.

    The noise is the quietest frame of the latest 1.2 s: speech dips so deep between its syllables, noise does not.
    What is 30 dB below the loudest so far is an echo or a breath.
    """

    def __init__(self) -> None:
        self._levels = deque[float](maxlen=_FLOOR_FRAMES)
        self._peak_db = -90.0

    def stands_out(self, level_db: float) -> bool:
        """Take in the next frame's level."""
        self._levels.append(level_db)
        self._peak_db = max(self._peak_db, level_db)
        floor = min(_LOUDEST_FLOOR_DB, max(_QUIETEST_FLOOR_DB, min(self._levels)))
        return level_db >= max(floor + _ABOVE_FLOOR_DB, self._peak_db - _BELOW_PEAK_DB)


class Speech:
    """Follows what is spoken. `stretches`: so far; the latest may still go on.

    A voice is looked for in the whole band, where its hiss is, and where its vowels are, which stand out of much noise.
    """

    def __init__(self) -> None:
        self.stretches: list[Stretch] = []
        self._whole, self._vowels = Band(), Band()
        self._next = 0.0
        self._latest = Stretch(-1.0, -1.0)

    def hear(self, whole_db: float, vowels_db: float, at: float) -> None:
        """A frame of these levels (dB below full scale) began `at` seconds after the answer."""
        self._bridge(at)
        voiced = self._whole.stands_out(whole_db)
        if self._vowels.stands_out(vowels_db) or voiced:
            self._voiced(at)

    def _bridge(self, at: float) -> None:
        """A few lost packets after a voice were voice too, as a listener's phone would make it sound."""
        if 0 < at - self._next <= _LOST_S and self._latest.ends == self._next:
            self._latest.ends = at
        self._next = at + FRAME_S

    def _voiced(self, at: float) -> None:
        if at - self._latest.ends >= _SYLLABLES_S:
            self._latest = Stretch(at, at)
        latest = self._latest
        latest.ends = at + FRAME_S
        counted = bool(self.stretches) and self.stretches[-1] is latest
        if not counted and latest.seconds >= _CLICK_S:  # anything shorter is a click on the line
            self.stretches.append(latest)

    def take_back(self, since: float) -> None:
        """What was heard since then was no voice."""
        self.stretches = [stretch for stretch in self.stretches if stretch.begins < since]
        self._latest = Stretch(-1.0, -1.0)

    @property
    def seconds(self) -> float:
        """How much was spoken."""
        return sum(stretch.seconds for stretch in self.stretches)

    def seconds_before(self, moment: float) -> float:
        """How much was spoken until then."""
        return sum(min(stretch.ends, moment) - stretch.begins for stretch in self.stretches if stretch.begins < moment)

    def breaks(self, least_s: float) -> bool:
        """Whether speech went on after a pause of at least `least_s`."""
        return any(b.begins - a.ends >= least_s for a, b in pairwise(self.stretches))

    def silent_for(self, now: float) -> float:
        """Seconds since the latest speech; since the answer if there was none."""
        return now - self.stretches[-1].ends if self.stretches else now
