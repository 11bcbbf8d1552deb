"""The legs of a sound process: what the engine's process orders is done with them, and what happens is told."""

import asyncio
import errno
import os
import pickle
import socket
from collections.abc import Callable, Sequence
from functools import partial

from media.errors import MediaError, NoSocketsLeft
from media.events import Begun, Closed, Event, FirstPacket, Key, Left, Note, Notes, Piece, Trouble
from media.inproc import LocalSound
from media.legstate import LegState
from media.ports import PortPair
from media.session import Leg

SLOTS = 20
"""Turns of a second in which notes are made, so that they do not hold up sound all at once."""


class Desk:
    """`sounds`: by the numbers of the engine's process."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self.tell = tell
        self.sounds: dict[int, LocalSound] = {}
        self.recording: dict[int, int] = {}
        self._slot = 0

    def open(self, number: int, files: Sequence[int], state: LegState | None, first_voice_at: float | None) -> Leg:
        """A leg on these two sockets, perhaps one that another process had. Raises NoSocketsLeft."""
        sockets = [socket.socket(fileno=file) for file in files]
        if len(sockets) != 2:  # what this process has no room for does not arrive
            for sock in sockets:
                sock.close()
            raise NoSocketsLeft(os.strerror(errno.EMFILE))
        leg = Leg(PortPair(*sockets), "", state=state)
        sound = self.sounds[number] = LocalSound(leg, first_voice_at)
        sound.on_first_packet = lambda at: self.tell(FirstPacket(number, at))
        sound.on_dtmf = lambda key: self.tell(Key(number, key))
        return leg

    def leave(self, number: int) -> None:
        """Give a leg away. One that could not be opened is let go of all the same: it begins elsewhere."""
        sound, turn = self.sounds.pop(number, None), self.recording.pop(number, 0)
        tape = sound.leave() if sound is not None else None
        self.tell(Left(_note(number, sound), turn, tape))

    def close(self, number: int) -> None:
        """End a leg, also one that could not be opened: the engine's process waits for the word."""
        self.recording.pop(number, None)
        sound = self.sounds.pop(number, None)
        if sound is not None:
            sound.close()
        self.tell(Closed(_note(number, sound)))

    def beat(self) -> None:
        """Note how the legs of the next slot stand; SLOTS times a second."""
        self._slot = (self._slot + 1) % SLOTS
        due = [number for number in self.sounds if number % SLOTS == self._slot]
        if due or self._slot == 0:
            self.tell(Notes(tuple(_note(number, self.sounds[number]) for number in due)))

    def refuse(self, order: object, error: Exception) -> None:
        """Tell that an order could not be carried out."""
        why = str(error) if isinstance(error, MediaError) else repr(error)
        self.tell(Trouble(type(order).__name__, why))


def _note(number: int, sound: LocalSound | None) -> Note:
    if sound is None:
        return Note(number, b"")
    return Note(number, pickle.dumps(sound.leg.state, pickle.HIGHEST_PROTOCOL), sound.first_voice_at)


class Forward:
    """The sink of a recording whose real one is in the engine's process."""

    def __init__(self, desk: Desk, number: int, turn: int) -> None:
        self._tell = desk.tell
        self._piece = partial(Piece, number, turn)
        self._begun = partial(Begun, number, turn)

    def begin(self, law: str) -> None:
        self._tell(self._begun(law, asyncio.get_running_loop().time()))

    def write(self, piece: bytes) -> None:
        self._tell(self._piece(piece))

    def finish(self, piece: bytes) -> None:
        self._tell(self._piece(piece, last=True))
