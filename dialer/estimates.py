"""What a campaign's calls have been like so far, learned as they end. Times in seconds."""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from math import exp

from dialer.shapes import Estimates

PRIOR_RATE = 0.40
"""Share of calls that people answer, before anything is known: high, because that is the careful side."""
PRIOR_WEIGHT = 20.0
MEMORY = 600.0
"""So many calls back, a call counts 1/e."""
_DURATIONS = 200
_MEAN_WEIGHT = 5.0

TALK_S, WRAP_UP_S, RING_S = 90.0, 15.0, 12.0
"""Means before anything is known."""


class Durations:
    """Seconds that something lasted: the latest of them, and a mean for when they are few."""

    def __init__(self, mean: float) -> None:
        self._mean = mean
        self._recent: deque[float] = deque(maxlen=_DURATIONS)
        self._sorted: list[float] = []
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        if len(self._recent) == _DURATIONS:
            oldest = self._recent[0]
            self._sum -= oldest
            del self._sorted[bisect_left(self._sorted, oldest)]
        self._recent.append(seconds)
        insort(self._sorted, seconds)
        self._sum += seconds

    @property
    def mean(self) -> float:
        return (self._sum + _MEAN_WEIGHT * self._mean) / (len(self._recent) + _MEAN_WEIGHT)

    def over_within(self, elapsed: float, horizon: float) -> float:
        """The chance that what has lasted `elapsed` ends within `horizon` more.

        From those of the recent that lasted at least as long, and an exponential law where they are few.
        """
        if horizon <= 0:
            return 0.0
        shorter = bisect_right(self._sorted, elapsed)
        ended = bisect_right(self._sorted, elapsed + horizon) - shorter
        lasted = len(self._sorted) - shorter
        law = 1 - exp(-horizon / max(1.0, self.mean))
        return (ended + _MEAN_WEIGHT * law) / (lasted + _MEAN_WEIGHT)


class Observed:
    """Answer rate and durations of one campaign: what history says, then what happens, old calls fading."""

    def __init__(self, history: Estimates | None = None) -> None:
        past = history or Estimates(0, 0, None, None, None)
        scale = min(1.0, MEMORY / past.dialed) if past.dialed else 0.0
        self._dialed, self._live = past.dialed * scale, past.live * scale
        self.talk = Durations(past.talk_s or TALK_S)
        self.wrap_up = Durations(past.wrap_up_s or WRAP_UP_S)
        self.ring = Durations(past.ring_s or RING_S)

    def ended(self, live: bool) -> None:
        """One more call has its fate: a person answered, or not."""
        keep = 1 - 1 / MEMORY
        self._dialed = self._dialed * keep + 1
        self._live = self._live * keep + live

    @property
    def rate(self) -> float:
        """The share of calls that people answer, drawn to the careful prior while calls are few."""
        return (self._live + PRIOR_WEIGHT * PRIOR_RATE) / (self._dialed + PRIOR_WEIGHT)

    def chance(self, age: float) -> float:
        """The chance that a call sent `age` seconds ago and not answered yet still will be."""
        rate = self.rate
        left = rate * exp(-age / (1.5 * self.ring.mean))
        return left / (left + 1 - rate)

    def free_after_talk(self, elapsed: float, horizon: float) -> float:
        """The chance that an operator who has talked `elapsed` seconds is ready again within `horizon`.

        A talk that ends does so on average in the middle of the horizon; the rest is for the wrap-up.
        """
        wrapped_up = 1 - exp(-0.5 * horizon / max(1.0, self.wrap_up.mean))
        return self.talk.over_within(elapsed, horizon) * wrapped_up

    def free_after_wrap_up(self, elapsed: float, left: float, horizon: float) -> float:
        """The same for one who wraps up; `left`: seconds until wrap-up ends by itself."""
        return 1.0 if left <= horizon else self.wrap_up.over_within(elapsed, horizon)
