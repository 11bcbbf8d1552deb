"""Supervisors on calls: who listens to which, from when to when, and how. It is noted before it begins."""

from dataclasses import dataclass
from datetime import datetime

from dialer.call import State
from dialer.errors import AlreadyListening, CannotMonitor
from dialer.facts import CallMonitored, MonitoringEnded
from dialer.floor import Floor, LiveCall, PhoneLeg, Seat
from dialer.line_events import MonitorEnded
from dialer.operator import Event
from dialer.operator import State as Day
from dialer.phones import Phones
from dialer.shapes import CallId, LegId, MonitorMode, OperatorId, Reason
from dialer.status import ListeningView


@dataclass(slots=True, eq=False)
class Watch:
    """One supervisor on one call. `leg`: his phone; `rung`: it was called for this alone; `up`: it has answered.
    `operator`: whose talk is heard, once it is; `began_at`: since when."""

    call: LiveCall
    supervisor: OperatorId
    mode: MonitorMode
    leg: LegId
    rung: bool
    up: bool
    operator: OperatorId | None = None
    began_at: datetime | None = None


class Supervision:
    """By supervisor. One call has one at a time."""

    def __init__(self, floor: Floor, phones: Phones) -> None:
        self._floor, self._phones = floor, phones
        self._watches: dict[OperatorId, Watch] = {}
        floor.watchers.append(self)

    # ------------------------------------------------------------ the doors

    async def listen(self, call_id: CallId, supervisor: OperatorId, extension: str, mode: MonitorMode) -> None:
        """Call the supervisor's phone and let it hear the talk; the one at which he has signed in is used as it is.
        On the same call again: hear in another mode. Raises CannotMonitor, AlreadyListening, PhoneRefused."""
        watch = self._watches.get(supervisor)
        if watch is not None and watch.call.id == call_id:
            watch.mode = mode
            self._begin(watch)
            return
        self._check(call_id, supervisor)
        if self._seated(supervisor) is None:
            await self._phones.ask_rules(extension, supervisor)
        call, seated = self._check(call_id, supervisor), self._seated(supervisor)
        leg = seated or self._phones.call(extension, self, supervisor).id
        watch = Watch(call, supervisor, mode, leg, rung=seated is None, up=seated is not None)
        self._watches[supervisor] = watch
        self._begin(watch)

    def stop(self, call_id: CallId, supervisor: OperatorId) -> None:
        """Listen no more; who does not listen to this call does not mind."""
        watch = self._watches.get(supervisor)
        if watch is not None and watch.call.id == call_id:
            self._end(watch, Reason("stopped"))

    def view(self, supervisor: OperatorId) -> ListeningView | None:
        watch = self._watches.get(supervisor)
        return None if watch is None else ListeningView(watch.call.id, watch.mode, watch.began_at is not None)

    def _check(self, call_id: CallId, supervisor: OperatorId) -> LiveCall:
        call = self._floor.calls.get(call_id)
        if call is None or call.operator in (None, supervisor) or call.life.state is not State.CONNECTED:
            raise CannotMonitor
        if any(watch.call is call for watch in self._watches.values()):
            raise CannotMonitor
        if supervisor in self._watches:
            raise AlreadyListening
        return call

    def _seated(self, supervisor: OperatorId) -> LegId | None:
        """His phone, if he has signed in with it. Raises AlreadyListening where it is there for calls."""
        seat = self._floor.seats.get(supervisor)
        if seat is None or seat.day.state is Day.OFFLINE:
            return None
        if seat.day.state is not Day.NOT_READY or seat.leg is None:
            raise AlreadyListening
        return seat.leg

    # ------------------------------------------------------------ from the talk to the ear

    def _begin(self, watch: Watch) -> None:
        """Hear the talk as it is now. A held one, and a customer who waits for another operator, are waited for."""
        call = watch.call
        seat = self._floor.seats.get(call.operator) if call.operator is not None else None
        if seat is not None and call.hold.since is None and call.life.state is State.CONNECTED:
            self._hear(watch, seat)

    def _hear(self, watch: Watch, seat: Seat) -> None:
        if not watch.up or seat.leg is None:
            return
        if not watch.rung and self._has_call(watch.supervisor):
            self._end(watch, Reason("talk_ended"))
            return
        call, now = watch.call, self._floor.now()
        fact = CallMonitored(call.id, call.project, seat.id, watch.supervisor, watch.mode, now)
        self._floor.recorder.put(fact)
        watch.operator, watch.began_at = seat.id, watch.began_at or now
        try:
            self._floor.ports.lines.monitor(watch.leg, seat.leg, watch.mode)
        except CannotMonitor:
            self._end(watch, Reason("cannot_monitor"))

    def _has_call(self, supervisor: OperatorId) -> bool:
        """He has become ready while he waited for a talk that rested: his phone is another customer's now."""
        seat = self._floor.seats.get(supervisor)
        return seat is not None and seat.day.state in (Day.RESERVED, Day.TALKING)

    def ended(self, event: MonitorEnded) -> None:
        """The line's word. While the talk only rests the supervisor stays; else his phone was taken for something else,
        or the talk is over."""
        watch = next((one for one in self._watches.values() if one.leg == event.leg), None)
        if watch is None or watch.call.hold.since is not None or watch.call.life.state is State.WAITING:
            return
        self._end(watch, Reason("talk_ended"))

    def _end(self, watch: Watch | None, reason: Reason) -> None:
        if watch is None or self._watches.pop(watch.supervisor, None) is None:
            return
        self._floor.guarded(self._floor.ports.lines.stop_monitoring, watch.leg)
        if watch.rung:
            self._phones.hang_up(watch.leg)
        call, now = watch.call, self._floor.now()
        fact = MonitoringEnded(call.id, call.project, watch.operator, watch.supervisor, reason, watch.began_at, now)
        self._floor.recorder.put(fact)

    # ------------------------------------------------------------ what becomes of the call and the phone

    def bridged(self, call: LiveCall, leg: LegId) -> None:
        """Talking again, or to another operator; to a phone that is no operator's: there is nothing more to hear."""
        watch = self._of(call)
        seat = next((seat for seat in self._floor.seats.values() if seat.leg == leg), None)
        if watch is not None and seat is not None:
            self._hear(watch, seat)
        else:
            self._end(watch, Reason("talk_ended"))

    def parted(self, call: LiveCall) -> None:
        """Another operator may come."""

    def over(self, call: LiveCall) -> None:
        self._end(self._of(call), Reason("call_over"))

    def _of(self, call: LiveCall) -> Watch | None:
        return next((watch for watch in self._watches.values() if watch.call is call), None)

    def phone_up(self, leg: PhoneLeg) -> None:
        watch = self._at(leg)
        if watch is None:
            self._phones.hang_up(leg.id)
            return
        watch.up = True
        self._begin(watch)

    def phone_down(self, leg: PhoneLeg, event: Event, reason: Reason) -> None:
        self._end(self._at(leg), reason)

    def _at(self, leg: PhoneLeg) -> Watch | None:
        return next((watch for watch in self._watches.values() if watch.leg == leg.id), None)
