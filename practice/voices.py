"""Ears and mouths: what a simulated person hears of a leg and says into it."""

import asyncio
from pathlib import Path

from media.g711 import loudness
from media.player import play
from media.session import Arrival, Leg
from media.sound import Sound, load, of_samples

_SOUNDS = Path(__file__).parent / "sounds"
_QUIET = of_samples(bytes(320))
_LOUD = 200
"""Root mean square of 16-bit samples above which a frame is a voice and not the line."""


class Voice:
    """One end of a conversation. A phone sends sound without a pause, so silence is sent too."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._loop = asyncio.get_running_loop()
        self._heard = asyncio.Event()
        self.first_heard_at: float | None = None
        self.last_heard_at: float | None = None
        leg.sink = self._hear

    def _hear(self, arrival: Arrival) -> None:
        codec = arrival.payload.name
        if codec not in ("PCMU", "PCMA"):
            return
        if loudness(bytes(arrival.buffer[arrival.start : arrival.end]), codec) < _LOUD:
            return
        self.last_heard_at = arrival.at
        if self.first_heard_at is None:
            self.first_heard_at = arrival.at
        self._heard.set()

    async def heard(self, seconds: float | None = None) -> bool:
        """Wait for a voice from now on; False when none came within `seconds`."""
        self._heard.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        except TimeoutError:
            return False
        return True

    async def say(self, name: str, *, times: int = 1) -> None:
        """Say one of the recorded sentences (a file of practice/sounds), then fall silent."""
        sound = load(_SOUNDS / f"{name}.wav")
        for _ in range(times):
            await self._play(sound)
        self.fall_silent()

    async def _play(self, sound: Sound) -> None:
        ended = asyncio.Event()
        play(self._leg, sound, on_end=ended.set)
        await asyncio.wait_for(ended.wait(), sound.seconds + 5)

    def fall_silent(self) -> None:
        """Send the sound of silence until something is said."""
        play(self._leg, _QUIET, repeat=True)
