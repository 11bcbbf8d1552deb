"""Sound from files into a leg, at 50 packets a second."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from media.session import Leg
from media.sound import Sound, load
from media.ticker import Ticker
from media.tones import CADENCES, tone

_PROMPTS = Path(__file__).parent / "prompts"


class Player:
    """A sound on its way into a leg; its feed until it ends or something else takes over."""

    __slots__ = ("_beat", "_first", "_leg", "_next", "_on_end", "_repeat", "_sender", "_sound", "_ticker")

    def __init__(self, leg: Leg, sound: Sound, *, repeat: bool, on_end: Callable[[], None] | None) -> None:
        self._leg, self._sound, self._repeat, self._on_end = leg, sound, repeat, on_end
        self._sender = leg.sender
        self._next = 0
        self._first = True
        self._ticker = Ticker.of_running_loop()
        self._beat = self.beat

    def start(self) -> None:
        """Take over the leg; the first packet leaves within 20 ms. Raises LegClosed."""
        self._leg.feed(None)
        self._leg.feed(self)
        self._ticker.add(self._beat)

    def beat(self) -> None:
        """Send the next 20 ms. Hot."""
        sender, frames = self._sender, self._sound.frames
        codec = sender.codec
        if codec is not None:
            sender.send(frames[codec.name][self._next], codec, first=self._first)
            self._first = False
        self._next += 1
        if self._next == len(frames["PCMU"]):
            self._wrap()

    def _wrap(self) -> None:
        self._next = 0
        if self._repeat:
            return
        on_end, self._on_end = self._on_end, None
        self._leg.feed(None)
        if on_end is not None:
            asyncio.get_running_loop().call_soon(on_end)

    def stop(self) -> None:
        """Silence at once; `on_end` does not come."""
        self._ticker.remove(self._beat)
        if self._leg.fed_by() is self:
            self._leg.feed(None)


def play(leg: Leg, sound: Path | Sound, *, repeat: bool = False, on_end: Callable[[], None] | None = None) -> Player:
    """Play a WAV (read once and kept as it is sent). The leg is parted first.

    `on_end` comes after the last packet, never for a repeated or stopped sound. Raises BadSound, LegClosed.
    """
    loaded = load(sound) if isinstance(sound, Path) else sound
    player = Player(leg, loaded, repeat=repeat, on_end=on_end)
    player.start()
    return player


def prompt(name: str, language: str) -> Path | Sound:
    """One of the service's own prompts ("greeting", "recorded", "wait", "message", "beep") or tones ("ringback",
    "busy"; to be repeated) in "tr" or "en".

    Raises LookupError.
    """
    if language in CADENCES.get(name, ()):
        return tone(name, language)
    if name.isalnum() and language.isalpha():
        for path in (_PROMPTS / language / f"{name}.wav", _PROMPTS / f"{name}.wav"):
            if path.is_file():
                return path
    raise LookupError(f"There is no prompt {name!r} in {language!r}: see media/prompts for those there are.")
