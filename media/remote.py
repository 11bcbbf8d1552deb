"""One leg whose sound is in a process of its own: `media.interface.Sound` by orders and events.

Here are its ports, what both sides have said, and what it is to do; the sound process has the packets. When the leg
changes its process, to be joined or because the former one died, all of that is ordered anew there. Packets wait in the
kernel meanwhile.
"""

import asyncio
import pickle
from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING

from media import dtmf
from media.description import CODECS, Description, Direction
from media.detector import Verdict
from media.doing import Bridge, Doing, Judging, Playing, Taping, Watching, Wish
from media.errors import AlreadyMonitored, KeysNotTaken, LegClosed, MediaError, NotJoined
from media.events import Beeped, Begun, Closed, FirstPacket, Judged, Key, Left, LegEvent, Note, Piece, Played
from media.interface import Figures, Sound
from media.legstate import LegState
from media.monitor import Mode
from media.negotiation import Negotiation, Terms, held
from media.orders import (
    Allow,
    Close,
    Leave,
    Mute,
    Open,
    Order,
    Part,
    Pause,
    Press,
    Record,
    Settle,
    StopRecording,
    StopWatching,
)
from media.ports import PortPair
from media.recorder import Sink
from media.sdes import Encryption
from media.sound import Source

if TYPE_CHECKING:
    from media.workers import Worker

_CLOSING_S = 0.5
"""So long a process has to give the last figures; then those of the last second are taken."""


_turns = count(1)


class Closing:
    """A leg that is on its way out."""

    def __init__(self, on_closed: Callable[[Figures], None] | None) -> None:
        self._on_closed = on_closed

    def tell(self, leg: "RemoteSound") -> None:
        """The last figures; only the first time counts."""
        on_closed, self._on_closed = self._on_closed, None
        if on_closed is not None:
            on_closed(leg.figures)


class RemoteSound:
    """`number`: by which all processes know it; `home`: the process that has it, None while it moves; `watcher`: the
    supervisor's leg on its bridge. `place()`: a process for a leg that may go anywhere."""

    def __init__(
        self, place: "Callable[[], Worker]", number: int, pair: PortPair, advertise: str, encryption: Encryption
    ) -> None:
        self.number, self._place, self._pair = number, place, pair
        self._said = Negotiation(advertise, pair.port, CODECS, encryption)
        self._wish = Wish()
        self._closing: Closing | None = None
        self.home: Worker | None = None
        self.watcher: RemoteSound | None = None
        self._note = Note(number, b"")
        self.on_first_packet: Callable[[float], None] | None = None
        self.on_dtmf: Callable[[str], None] | None = None

    # ------------------------------------------------------------ what both sides say

    @property
    def local(self) -> Description:
        return self._said.local

    @property
    def remote(self) -> Description | None:
        return self._said.remote

    @property
    def held(self) -> bool:
        return held(self._said.remote)

    def offer(self, direction: Direction = Direction.SENDRECV) -> Description:
        self._refuse_closed()
        offer = self._said.offer(direction)
        self.order(Allow(self.number, offer))
        return offer

    def answer(self, offer: Description) -> Description:
        self._refuse_closed()
        self._settle(self._said.answer(offer))
        return self.local

    def accept(self, answer: Description) -> None:
        self._refuse_closed()
        self._settle(self._said.accept(answer))

    def _settle(self, terms: Terms) -> None:
        self._wish.terms = terms
        self.order(Settle(self.number, terms))

    # ------------------------------------------------------------ what the far end hears

    @property
    def joined(self) -> Sound | None:
        bridge = self.bridge
        return bridge.mate(self) if bridge is not None else None

    @property
    def bridge(self) -> Bridge | None:
        return self._wish.doing if isinstance(self._wish.doing, Bridge) else None

    def join(self, other: Sound) -> None:
        assert isinstance(other, RemoteSound), "what is joined is of one Media"
        bridge = Bridge(self, other)
        for leg in (self, other):
            leg._refuse_closed()
        for leg in (self, other):
            leg._stop()
            leg._wish.doing, leg._wish.judging = bridge, None
        bridge.act(self)

    def part(self) -> None:
        self._stop()
        self.order(Part(self.number))

    def play(self, source: Source, *, repeat: bool, on_end: Callable[[MediaError | None], None]) -> None:
        self._refuse_closed()
        self._stop()
        self._do(Playing(next(_turns), source, repeat, on_end))

    def monitor(self, operator: Sound, mode: Mode, on_end: Callable[[], None]) -> None:
        assert isinstance(operator, RemoteSound), "what is monitored is of one Media"
        self._refuse_closed()
        doing, bridge = self._wish.doing, operator.bridge
        if isinstance(doing, Watching) and doing.operator is operator:
            doing.mode = mode
            doing.act(self)
            return
        if isinstance(doing, Watching):
            doing.on_end = _nobody_asks
        self._stop()
        if bridge is None:
            self.order(Part(self.number))
            raise NotJoined
        if any(leg.watcher is not None for leg in (bridge.first, bridge.second)):
            raise AlreadyMonitored
        operator.watcher = self
        self._do(Watching(operator, bridge, mode, on_end))

    def stop_monitoring(self) -> None:
        if isinstance(self._wish.doing, Watching):
            self._stop()
            self.order(StopWatching(self.number))

    def _do(self, doing: Doing) -> None:
        self._wish.doing = doing
        doing.act(self)

    def _stop(self) -> None:
        """What fed the far end is not wanted any more."""
        doing, self._wish.doing = self._wish.doing, None
        if isinstance(doing, Bridge):
            mate = doing.mate(self)
            mate._wish.doing = None
            for leg in (self, mate):
                if leg.watcher is not None:
                    leg.watcher._stop()
        elif isinstance(doing, Watching):
            doing.operator.watcher = None
            asyncio.get_running_loop().call_soon(self._tell_unmonitored, doing.on_end)

    def _tell_unmonitored(self, on_end: Callable[[], None]) -> None:
        if not isinstance(self._wish.doing, Watching):  # else it hears the next bridge already
            on_end()

    def press(self, keys: str) -> None:
        self._refuse_closed()
        if self.remote is None or self.remote.dtmf is None:
            raise KeysNotTaken
        dtmf.check(keys)
        if self.home is None:
            self._wish.keys += keys
        self.order(Press(self.number, keys))

    def mute(self, *, muted: bool) -> None:
        bridge = self.bridge
        if bridge is not None:
            (bridge.muted.add if muted else bridge.muted.discard)(self.number)
            self.order(Mute(self.number, muted))

    # ------------------------------------------------------------ who listens along

    def judge(
        self, measures: Mapping[str, float], on_verdict: Callable[[Verdict], None], on_beep: Callable[[], None]
    ) -> None:
        self._wish.judging = Judging(next(_turns), measures, on_verdict, on_beep)
        self._wish.judging.act(self)

    def record(self, sink: Sink) -> None:
        self.stop_recording()
        self._wish.recording = turn = next(_turns)
        self._wish.tapings[turn] = Taping(sink)
        self.order(Record(self.number, turn, None))

    def pause(self, *, paused: bool) -> None:
        if self._wish.taping is not None:
            self._wish.taping.paused = paused
            self.order(Pause(self.number, paused))

    def stop_recording(self) -> None:
        if self._wish.recording is not None:
            self._wish.recording = None
            self.order(StopRecording(self.number))

    # ------------------------------------------------------------ the processes that have it

    def order(self, order: Order) -> None:
        """To the process that has the leg. One that gets it later is ordered all that is wanted then."""
        if self.home is not None:
            self.home.send(order)

    def enter(self, home: "Worker", came: Left | None = None) -> None:
        """Begin, or go on, in this process. `came`: from another, which let go of it by itself."""
        self.home = home
        home.legs[self.number] = self
        opened = Open(self._note, self._wish.terms, lost=came is None)
        home.send(opened, (self._pair.rtp.fileno(), self._pair.rtcp.fileno()))
        self._record_on(came)
        if self._closing is not None:
            self._send_close()
            return
        if self._wish.judging is not None:
            self._wish.judging.act(self)
        keys, self._wish.keys = self._wish.keys, ""
        if keys:
            self.order(Press(self.number, keys))
        self.act()

    def _record_on(self, came: Left | None) -> None:
        """Go on with what is recorded, as far as the former process gave it away; end what was to end."""
        wish, taping = self._wish, self._wish.taping
        if came is None:
            self._finish_tapings(but=wish.recording)
        elif came.tape is not None:
            self.order(Record(self.number, came.turn, came.tape))
            if came.turn != wish.recording:
                self.order(StopRecording(self.number))
        if taping is None or wish.recording is None:
            return
        if came is None or came.turn != wish.recording:
            self.order(Record(self.number, wish.recording, taping.tape))
        self.order(Pause(self.number, taping.paused))

    def _finish_tapings(self, but: int | None = None) -> None:
        for turn in [turn for turn in self._wish.tapings if turn != but]:
            self._wish.tapings.pop(turn).finish(b"")

    def act(self) -> None:
        """Order what the leg is to do."""
        if self._wish.doing is not None:
            self._wish.doing.act(self)

    def move(self) -> None:
        """To where the leg is needed, as soon as its process has let go of it."""
        self.order(Leave(self.number))
        self.home = None

    def survive(self, fresh: "Worker") -> None:
        """The process died; go on in a new one."""
        if self._closing is not None:
            self._gone()
        else:
            self.enter(self._wanted_at or fresh)

    @property
    def _wanted_at(self) -> "Worker | None":
        doing = self._wish.doing
        if isinstance(doing, Bridge):
            return doing.mate(self).home
        return doing.operator.home if isinstance(doing, Watching) else None

    # ------------------------------------------------------------ what its process tells

    def hear(self, event: LegEvent) -> None:
        """Of the process that has the leg, or lets go of it."""
        match event:
            case Note():
                self._note = event
            case FirstPacket():
                if self.on_first_packet is not None:
                    self.on_first_packet(event.at)
            case Key():
                if self.on_dtmf is not None:
                    self.on_dtmf(event.key)
            case Played():
                self._played(event)
            case Judged() | Beeped():
                self._heard(event)
            case Begun() | Piece():
                self._taped(event)
            case Left():
                self._note = event.note
                self.enter(self._wanted_at or self._place(), event)
            case Closed():
                self._note = event.note
                self._gone()

    def _played(self, event: Played) -> None:
        doing = self._wish.doing
        if isinstance(doing, Playing) and doing.turn == event.turn:
            self._wish.doing = None
            doing.on_end(MediaError(event.error) if event.error is not None else None)

    def _heard(self, event: Judged | Beeped) -> None:
        judging = self._wish.judging
        if judging is None or judging.turn != event.turn:
            return
        if isinstance(event, Beeped):
            self._wish.judging = None
            judging.on_beep()
        elif not judging.judged(event.verdict):
            self._wish.judging = None

    def _taped(self, event: Begun | Piece) -> None:
        taping = self._wish.tapings.get(event.turn)
        if taping is None:
            return
        if isinstance(event, Begun):
            taping.begun(event.law, event.at)
        elif not event.last:
            taping.write(event.sound)
        else:
            self._wish.tapings.pop(event.turn).finish(event.sound)

    # ------------------------------------------------------------ the end, and the figures

    @property
    def figures(self) -> Figures:
        known = self._note.state
        state: LegState = pickle.loads(known) if known else LegState.new()  # noqa: S301  our own
        return Figures.of(state, self._note.first_voice_at)

    def close(self, on_closed: Callable[[Figures], None] | None = None) -> None:
        if self._closing is not None:
            return
        self._stop()
        self._closing = Closing(on_closed)
        self._send_close()
        asyncio.get_running_loop().call_later(_CLOSING_S, self._tell_closed)

    def _send_close(self) -> None:
        self.order(Close(self.number))
        self.home = None

    def _gone(self) -> None:
        self._finish_tapings()
        self._pair.close()
        self._tell_closed()

    def _tell_closed(self) -> None:
        if self._closing is not None:
            self._closing.tell(self)

    def _refuse_closed(self) -> None:
        if self._closing is not None:
            raise LegClosed


def _nobody_asks() -> None:
    """The end of a monitor that another has followed on the same leg."""
