"""The keys that a far end presses, each once: some send every key both in the sound (RFC 4733) and by INFO. Pure."""

from enum import Enum, auto

_TWIN_S = 2.0
"""So long after a key came one way its twin may come the other way."""


class Way(Enum):
    SOUND = auto()
    INFO = auto()


class Digits:
    """What of a leg's keys was told, as far as a twin may still come."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: list[tuple[str, Way, float]] = []

    def is_new(self, key: str, way: Way, at: float) -> bool:
        """Whether it is a press of its own; `at`: monotonic seconds. Each key told swallows one twin."""
        self._told = [told for told in self._told if at - told[2] <= _TWIN_S]
        twin = next((told for told in self._told if told[0] == key and told[1] is not way), None)
        if twin is not None:
            self._told.remove(twin)
            return False
        self._told.append((key, way, at))
        return True
