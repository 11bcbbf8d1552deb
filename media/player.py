"""Sound from files into a leg, at 50 packets a second."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from media.errors import MediaError
from media.session import Leg
from media.sound import Sound, Source, kept, load
from media.ticker import Ticker
from media.tones import CADENCES

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


class Reading:
    """The feed of a leg while a thread reads what is to be played: a long file would hold up the loop."""

    def __init__(self, leg: Leg, source: Source, begin: Callable[[Sound], None], fail: Callable[[MediaError], None]):
        self._leg, self._source, self._begin, self._fail = leg, source, begin, fail
        self._work: asyncio.Future[Sound] | None = None

    def start(self) -> None:
        """Take over the leg; silence until the sound is there. Raises LegClosed."""
        self._leg.feed(None)
        self._leg.feed(self)
        self._work = asyncio.get_running_loop().run_in_executor(None, load, self._source)
        self._work.add_done_callback(self._read)

    def _read(self, work: "asyncio.Future[Sound]") -> None:
        error = work.exception() if not work.cancelled() else None
        if self._leg.fed_by() is not self:
            return
        self._leg.feed(None)
        if error is None:
            self._begin(work.result())
        elif isinstance(error, MediaError):
            self._fail(error)
        else:
            raise error

    def stop(self) -> None:
        """It is not wanted any more."""
        if self._work is not None:
            self._work.cancel()
        if self._leg.fed_by() is self:
            self._leg.feed(None)


def play(leg: Leg, sound: Source | Sound, *, repeat: bool = False, on_end: Callable[[], None] | None = None) -> Player:
    """Play a sound (a file is read once and kept as it is sent). The leg is parted first.

    `on_end` comes after the last packet, never for a repeated or stopped sound. Raises BadSound, LegClosed.
    """
    player = Player(leg, sound if isinstance(sound, Sound) else load(sound), repeat=repeat, on_end=on_end)
    player.start()
    return player


def play_when_read(leg: Leg, source: Source, *, repeat: bool, on_end: Callable[[MediaError | None], None]) -> None:
    """The same without waiting for a disk. `on_end` also comes, with the error, for what cannot be played. Raises
    LegClosed."""

    def begin(sound: Sound) -> None:
        play(leg, sound, repeat=repeat, on_end=lambda: on_end(None))

    known = kept(source)
    if known is not None:
        begin(known)
    else:
        Reading(leg, source, begin, on_end).start()


def prompt(name: str, language: str) -> Source:
    """One of the service's own prompts ("greeting", "recorded", "wait", "message", "beep") or tones ("ringback",
    "busy"; to be repeated) in "tr" or "en".

    Raises LookupError.
    """
    if language in CADENCES.get(name, ()):
        return CADENCES[name][language]
    if name.isalnum() and language.isalpha():
        for path in (_PROMPTS / language / f"{name}.wav", _PROMPTS / f"{name}.wav"):
            if path.is_file():
                return path
    raise LookupError(f"There is no prompt {name!r} in {language!r}: see media/prompts for those there are.")
