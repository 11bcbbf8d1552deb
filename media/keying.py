"""Keys pressed for the far end, as RFC 4733 events at 50 packets a second."""

from collections import deque
from collections.abc import Callable, Iterator

from media.dtmf import KeyEvent, build, check
from media.ticker import Ticker

HELD = 8
"""Beats of 20 ms that a key is down; 160 ms are enough for any receiver."""
_ENDS = 3
"""How often the end is told, as any packet may be lost (RFC 4733 §2.5.1.4)."""
_PAUSE = 5
PRESS_S = (HELD - 1 + _ENDS + _PAUSE) * 0.020
"""What one key takes, its pause included."""
_VOLUME = 10
_SAMPLES = 160

Step = tuple[bytes, bool] | None
"""An event packet and whether it begins a press; None: a beat of silence."""


def steps(key: str) -> Iterator[Step]:
    """What is sent for one key, beat by beat."""
    for beat in range(1, HELD):
        yield build(KeyEvent(key, False, _VOLUME, beat * _SAMPLES)), beat == 1
    for _ in range(_ENDS):
        yield build(KeyEvent(key, True, _VOLUME, HELD * _SAMPLES)), False
    for _ in range(_PAUSE):
        yield None


class Typist:
    """Presses keys one after the other; `busy` until the pause after the last one, when `on_rest` is called."""

    def __init__(self, send: Callable[[bytes, bool], None], on_rest: Callable[[], None]) -> None:
        self.busy = False
        self._send, self._on_rest = send, on_rest
        self._steps: deque[Step] = deque()
        self._beat = self.beat

    def press(self, keys: str) -> None:
        """After those that are being pressed. Raises NoSuchKey."""
        check(keys)
        self._steps.extend(step for key in keys for step in steps(key))
        if self._steps and not self.busy:
            self.busy = True
            Ticker.of_running_loop().add(self._beat)

    def beat(self) -> None:
        """The next 20 ms."""
        step = self._steps.popleft()
        if step is not None:
            self._send(*step)
        if not self._steps:
            self.stop()

    def stop(self) -> None:
        """Let go of everything."""
        self._steps.clear()
        if self.busy:
            self.busy = False
            Ticker.of_running_loop().remove(self._beat)
            self._on_rest()
