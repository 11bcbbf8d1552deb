"""Operators' days and their phones: signing in, readiness, wrap-up. Sound and routing are the calls' part."""

from collections.abc import Callable
from typing import Protocol

from dialer import operator as days
from dialer.errors import Draining, NotSignedIn
from dialer.facts import OperatorChanged
from dialer.floor import Floor, PhoneLeg, Seat
from dialer.operator import Command, Event, State
from dialer.phones import Phones
from dialer.routing import Candidate, Choice, choose
from dialer.shapes import CallId, CampaignId, OperatorId, ProjectId, Reason


class OperatorHooks(Protocol):
    """What operators' turns mean to the calls."""

    def operator_ready(self, seat: Seat) -> None: ...

    def take_back(self, call_id: CallId) -> None: ...

    def orphan(self, call_id: CallId) -> None: ...


class Operators:
    """Every operator who has signed in since the start."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._phones = Phones(floor)
        self.hooks: OperatorHooks | None = None
        self._run: dict[Command, Callable[[Seat], None]] = {
            Command.CALL_PHONE: self._call_phone,
            Command.HANG_UP_PHONE: self._hang_up_phone,
            Command.TAKE_BACK_CALL: self._take_back,
            Command.ORPHAN_CALL: self._orphan,
            Command.START_WRAP_UP: self._start_wrap_up,
            Command.STOP_WRAP_UP: self._stop_wrap_up,
            Command.OFFER: self._offer,
        }

    @property
    def phones(self) -> Phones:
        return self._phones

    # ------------------------------------------------------------ the doors

    async def sign_in(self, operator: OperatorId, extension: str) -> Seat:
        """Call the operator's phone; again while signed in does nothing. Raises PhoneRefused, Draining."""
        seat = self._floor.seats.get(operator)
        if seat is not None and seat.day.state is not State.OFFLINE:
            self.tell(seat, Event.SIGN_IN)
            return seat
        projects = await self._floor.ports.qualifications.projects(operator)
        await self._phones.ask_rules(extension, operator)
        if self._floor.draining:
            raise Draining
        seat = self._floor.seats.setdefault(operator, Seat(operator, extension))
        seat.extension, seat.projects = extension, projects
        self.tell(seat, Event.SIGN_IN)
        return seat

    async def requalify(self) -> None:
        """Read again which projects the operators at work may take calls of."""
        for seat in list(self._floor.seats.values()):
            if seat.day.state is not State.OFFLINE:
                before, seat.projects = seat.projects, await self._floor.ports.qualifications.projects(seat.id)
                if seat.day.state is State.READY and not seat.projects <= before:
                    self._offer(seat)

    def set_ready(self, operator: OperatorId) -> Seat:
        """Ready now, or as soon as the phone is up or the call is over. Raises NotSignedIn."""
        return self._tell_signed_in(operator, Event.GO_READY, None)

    def set_not_ready(self, operator: OperatorId, reason: Reason | None) -> Seat:
        """Not ready now, or after the call. Raises NotSignedIn."""
        return self._tell_signed_in(operator, Event.GO_NOT_READY, reason)

    def sign_off(self, operator: OperatorId, reason: Reason | None = None) -> Seat | None:
        """Offline now, or after the call; a call that only rings is taken back."""
        seat = self._floor.seats.get(operator)
        if seat is not None:
            self.tell(seat, Event.SIGN_OFF, reason)
        return seat

    def close(self, seat: Seat, reason: Reason) -> None:
        """Offline whatever the operator is doing; for the engine's end, when no calls are left."""
        if seat.day.state is State.OFFLINE:
            return
        self._hang_up_phone(seat)
        self._stop_wrap_up(seat)
        self.tell(seat, Event.LEG_LOST, reason)

    def disposed(self, operator: OperatorId, call: CallId) -> None:
        """The call has its result: wrap-up ends, or will not begin."""
        seat = self._floor.seats.get(operator)
        if seat is None or seat.day.call != call:
            return
        seat.disposed = call
        if seat.day.state is State.WRAP_UP:
            self.tell(seat, Event.WRAPPED_UP)

    def _tell_signed_in(self, operator: OperatorId, event: Event, reason: Reason | None) -> Seat:
        seat = self._floor.seats.get(operator)
        if seat is None or seat.day.state is State.OFFLINE:
            raise NotSignedIn
        self.tell(seat, event, reason)
        return seat

    # ------------------------------------------------------------ what calls do with operators

    def choose(self, project: ProjectId) -> Choice:
        """The longest ready operator for a project, or why there is none."""
        seats = self._floor.seats.values()
        return choose(project, (Candidate(s.id, s.day.state, s.day.since, s.projects) for s in seats))

    def reserve(self, seat: Seat, call: CallId) -> None:
        self.tell(seat, Event.RESERVE, call=call)

    def connect(self, seat: Seat, call: CallId, campaign: CampaignId | None) -> None:
        """From ready or reserved straight into the talk; one change is noted."""
        seat.campaign = campaign
        if seat.day.state is State.READY:
            seat.day, _ = days.step(seat.day, Event.RESERVE, self._floor.monotonic(), call=call)
        self.tell(seat, Event.CONNECT, call=call)

    def let_go(self, operator: OperatorId | None, call: CallId, wrap_up_s: float) -> None:
        """The call is over for its operator: wrap-up after a talk, else free again."""
        seat = self._floor.seats.get(operator) if operator is not None else None
        if seat is None or seat.day.call != call:
            return
        if seat.day.state is State.RESERVED:
            self.tell(seat, Event.RELEASE)
        elif seat.day.state is State.TALKING:
            seat.wrap_up_s = 0.0 if seat.disposed == call else wrap_up_s
            self.tell(seat, Event.CALL_OVER)

    # ------------------------------------------------------------ their phones

    def _call_phone(self, seat: Seat) -> None:
        seat.leg = self._phones.call(seat.extension, self, seat.id).id

    def _hang_up_phone(self, seat: Seat) -> None:
        leg, seat.leg = seat.leg, None
        self._phones.hang_up(leg)

    def seat_of(self, leg: PhoneLeg) -> Seat | None:
        """Who sits at this phone; None: it is not the one in use."""
        seat = self._floor.seats.get(leg.operator) if leg.operator is not None else None
        return seat if seat is not None and seat.leg == leg.id else None

    def phone_up(self, leg: PhoneLeg) -> None:
        seat = self.seat_of(leg)
        if seat is not None:
            self.tell(seat, Event.LEG_UP)

    def phone_down(self, leg: PhoneLeg, event: Event, reason: Reason) -> None:
        seat = self.seat_of(leg)
        if seat is not None:
            seat.leg = None
            self.tell(seat, event, reason)
            for watcher in self._floor.watchers:
                self._floor.guarded(watcher.phone_down, leg, event, reason)

    # ------------------------------------------------------------ turns

    def tell(self, seat: Seat, event: Event, reason: Reason | None = None, call: CallId | None = None) -> None:
        """One turn of the table: the new state is noted for the journal, then its commands are carried out."""
        before = seat.day
        seat.day, commands = days.step(before, event, self._floor.monotonic(), reason, call)
        if seat.day.state is State.WRAP_UP and before.state is not State.WRAP_UP:
            seat.until = self._floor.in_s(seat.wrap_up_s)
            seat.wrap_up_ends = self._floor.monotonic() + seat.wrap_up_s
        if (seat.day.state, seat.day.reason) != (before.state, before.reason):
            self._note(seat)
        for command in commands:
            self._run[command](seat)

    def _note(self, seat: Seat) -> None:
        day = seat.day
        until = seat.until if day.state is State.WRAP_UP else None
        call = day.call if day.state is not State.RESERVED else None
        fact = OperatorChanged(seat.id, day.state, day.reason, self._floor.now(), call, until)
        self._floor.recorder.put(fact)

    def _offer(self, seat: Seat) -> None:
        if self.hooks is not None:
            self.hooks.operator_ready(seat)

    def _take_back(self, seat: Seat) -> None:
        for call in list(self._floor.calls.values()):
            if call.operator == seat.id and self.hooks is not None:
                self.hooks.take_back(call.id)

    def _orphan(self, seat: Seat) -> None:
        for call in list(self._floor.calls.values()):
            if call.operator == seat.id and self.hooks is not None:
                self.hooks.orphan(call.id)

    def _start_wrap_up(self, seat: Seat) -> None:
        seat.wrap_up_timer = self._floor.later(seat.wrap_up_s, self._wrapped_up, seat)

    def _wrapped_up(self, seat: Seat) -> None:
        if seat.day.state is State.WRAP_UP:
            self.tell(seat, Event.WRAPPED_UP)

    def _stop_wrap_up(self, seat: Seat) -> None:
        if seat.wrap_up_timer is not None:
            seat.wrap_up_timer.cancel()
            seat.wrap_up_timer = None
        run = self._floor.runs.get(seat.campaign) if seat.campaign is not None else None
        if run is not None:
            run.observed.wrap_up.add(seat.wrap_up_s - max(0.0, seat.wrap_up_ends - self._floor.monotonic()))
