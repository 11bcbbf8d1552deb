"""Sound from files into a leg, at 50 packets a second."""

from collections.abc import Callable
from pathlib import Path

from media.session import Leg


class Player:
    """A sound on its way into a leg."""

    def stop(self) -> None:
        """Silence at once; `on_end` does not come."""
        raise NotImplementedError


def play(leg: Leg, sound: Path, *, repeat: bool = False, on_end: Callable[[], None] | None = None) -> Player:
    """Play a WAV (8 kHz, mono, 16 bit; read once and kept as G.711). The leg is parted first.

    `on_end` comes after the last packet, never for a repeated or stopped sound. Raises BadSound.
    """
    raise NotImplementedError


def prompt(name: str, language: str) -> Path:
    """The file of one of the service's own prompts ("greeting", "wait", "message", "beep"; "tr", "en").

    Raises LookupError.
    """
    raise NotImplementedError
