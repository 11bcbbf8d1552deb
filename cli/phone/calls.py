"""`ahize phone register | call | answer`: each gives True when all went as it should."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from cli.phone import words
from cli.phone.ear import Ear
from cli.phone.line import Line, opened
from cli.phone.station import Station, Wish, refuse_forbidden, station_of
from kit import log
from kit.errors import Invalid
from kit.tasks import Tasks
from media import player
from media.dtmf import KEYS
from media.errors import KeysNotTaken, MediaError
from media.keying import PRESS_S
from media.session import Leg
from media.sound import Sound, load, of_samples

RING_S = 60.0
"""Seconds that a call of ours rings before it is taken back."""
_SILENCE = of_samples(bytes(320))


class NoSuchKey(Invalid):
    """A key is one of 0-9 * # A-D."""

    code = "no_such_key"


class CannotPlay(Invalid):
    """The sound to play cannot be used."""

    code = "cannot_play"


@dataclass(frozen=True, slots=True)
class Talk:
    """What happens in a call. `for_s`: seconds from the answer until we hang up; None: the far end or Ctrl-C does."""

    for_s: float | None = None
    play: Path | None = None
    record: Path | None = None
    keys: str = ""


def tell(line: str) -> None:
    """One line for the person at the terminal, at once."""
    typer.echo(line)


async def register(wish: Wish, *, trace: bool = False) -> bool:
    """Register and leave again. Raises AhizeError."""
    async with _ready(station_of(wish), trace) as line:
        return await _registered(line)


async def call(wish: Wish, number: str, caller: str | None, talk: Talk, *, trace: bool = False) -> bool:
    """Call `number`. Raises AhizeError."""
    sound, station = _prepared(talk), station_of(wish)
    refuse_forbidden(number, station.extensions)
    async with _ready(station, trace) as line:
        line.dial(number, caller)
        tell(f"calling {number} at {_where(line.station)}")
        return await converse(line, talk, sound, RING_S)


async def answer(wish: Wish, talk: Talk, *, trace: bool = False) -> bool:
    """Answer the first call that comes. Raises AhizeError."""
    sound = _prepared(talk)
    async with _ready(station_of(wish), trace) as line:
        if not await _registered(line):
            return False
        tell("waiting for a call; Ctrl-C ends it")
        return await converse(line, talk, sound, None)


@asynccontextmanager
async def _ready(station: Station, trace: bool) -> AsyncGenerator[Line]:
    log.configure(json=False, level="error")
    async with opened(station, tell, trace=trace) as line:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, line.stop)
        yield line


def _prepared(talk: Talk) -> Sound | None:
    """What is to be played, once everything that was asked for is known to be possible."""
    if not set(talk.keys.upper()) <= set(KEYS):
        raise NoSuchKey()
    try:
        return load(talk.play) if talk.play is not None else None
    except MediaError as error:
        raise CannotPlay(str(error)) from None


def _where(station: Station) -> str:
    return f"{station.trunk.host}:{station.trunk.port}"


async def _registered(line: Line) -> bool:
    state = await line.register()
    account = f"{line.station.trunk.username} at {_where(line.station)}"
    if state.up:
        tell(f"registered as {account}")
    elif state.status == 0:
        tell(f"not registered: {state.reason}; check host and port, and that the exchange runs")
    else:
        tell(f"not registered as {account}: {words.registration(state.status, state.reason)}")
    return state.up


async def converse(line: Line, talk: Talk, sound: Sound | None, ring_s: float | None) -> bool:
    """From the first ring to the end: True when it was answered and something was heard."""
    with Ear(talk.record) as ear:
        async with Tasks() as tasks:
            speaking = tasks.spawn(_speak(line, ear, talk, sound), "cli.phone")
            if not await until_answered(line, ring_s):
                return False
            await line.over.wait()
            speaking.cancel()
        assert line.leg is not None
        line.leg.sink = None  # what still comes finds the file closed
        for told in words.sound(line.leg, ear.loud):
            tell(told)
        return line.leg.stats.received > 0


async def until_answered(line: Line, ring_s: float | None) -> bool:
    """Wait for the answer, at most `ring_s` seconds; False: the call is over without one."""
    loop = asyncio.get_running_loop()
    limit = loop.call_later(ring_s, line.stop) if ring_s is not None else None
    waits = [asyncio.ensure_future(one.wait()) for one in (line.answered, line.over)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        if limit is not None:
            limit.cancel()
    return line.answered.is_set()


async def _speak(line: Line, ear: Ear, talk: Talk, sound: Sound | None) -> None:
    """Our part of the conversation: keys, then the sound, then silence, so that the far end knows that we are there."""
    await line.answered.wait()
    assert line.leg is not None
    leg = line.leg
    leg.sink = ear
    leg.on_dtmf = lambda key: tell(f"the far end pressed {key}")
    if talk.for_s is not None:
        asyncio.get_running_loop().call_later(talk.for_s, line.stop)
    await _press(leg, talk.keys.upper())
    if sound is not None:
        player.play(leg, sound, on_end=lambda: _keep_quiet(leg))
    else:
        _keep_quiet(leg)


async def _press(leg: Leg, keys: str) -> None:
    """Nothing else is sent until the last key is up."""
    if not keys:
        return
    try:
        leg.press(keys)
    except KeysNotTaken:
        tell("the keys were not pressed: the far end takes none (RFC 4733)")
    else:
        await asyncio.sleep(len(keys) * PRESS_S)


def _keep_quiet(leg: Leg) -> None:
    if not leg.closed:
        player.play(leg, _SILENCE, repeat=True)
