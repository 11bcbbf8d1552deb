"""Operators' phones: called once at sign-in, up for the whole shift, silent between calls."""

from typing import TYPE_CHECKING

from dialer.call import Event as CallEvent
from dialer.call import Life, State, outcome, step
from dialer.facts import AttemptAnswered, AttemptEnded, AttemptRinging
from dialer.floor import ENGINE, Floor, PhoneLeg, Seat
from dialer.line_events import LegAnswered, LegEnded, LegFailed, LegRinging
from dialer.operator import Event
from dialer.shapes import AttemptId, AttemptKind, AttemptStart, LegId, Reason
from kit import ids, log

if TYPE_CHECKING:
    from dialer.operators import Operators

_log = log.get("dialer.phones")
_NOT_CALLED = Reason("phone_not_called")


class Phones:
    """The legs to operators' phones, by leg."""

    def __init__(self, floor: Floor, operators: "Operators") -> None:
        self._floor, self._operators = floor, operators

    def call(self, seat: Seat) -> None:
        """Place the call to the phone; the seat hears of it by LEG_UP or LEG_FAILED."""
        now = self._floor.monotonic()
        life = Life(State.PLACING, now)
        leg = PhoneLeg(LegId(ids.new()), seat.id, AttemptId(ids.new()), life, self._floor.fence)
        seat.leg = leg.id
        self._floor.phones[leg.id] = leg
        self._floor.tasks.spawn(self._place(seat, leg), "phone_call")

    async def _place(self, seat: Seat, leg: PhoneLeg) -> None:
        try:
            begun = await self._begin(seat, leg)
        except Exception:
            _log.exception("an operator's phone could not be called", operator=seat.id)
            begun = None
        if leg.life.state is not State.PLACING or not begun or self._stale(leg):
            self._unplaced(leg, begun)
        else:
            self._send(leg)

    def _send(self, leg: PhoneLeg) -> None:
        assert leg.dialog is not None
        self._step(leg, CallEvent.SENT)
        leg.timer = self._floor.later(self._floor.settings.leg_ring_s, self._ring_limit, leg)
        try:
            self._floor.ports.lines.dial(leg.id, leg.dialog, leg.attempt)
        except Exception:
            _log.exception("the line did not take the call to an operator's phone", operator=leg.operator)
            self._end(leg, CallEvent.FAILED)
            self._down(leg, Event.LEG_FAILED, _NOT_CALLED)

    async def _begin(self, seat: Seat, leg: PhoneLeg) -> bool:
        settings, ports = self._floor.settings, self._floor.ports
        leg.dialog = ports.lines.prepare(settings.leg_trunk, seat.extension, settings.leg_caller_id)
        start = AttemptStart(
            leg.attempt,
            AttemptKind.LEG,
            seat.extension,
            settings.leg_trunk,
            leg.dialog,
            leg.fence,
            self._floor.now(),
            operator=seat.id,
        )
        return await ports.leads.begin(start)

    def _stale(self, leg: PhoneLeg) -> bool:
        return self._floor.monotonic() - leg.life.began_at > self._floor.settings.patience_s

    def _unplaced(self, leg: PhoneLeg, begun: bool | None) -> None:
        """`begun` None: the store raised, and may have the attempt all the same."""
        leg.stop_timer()
        if leg.life.state is State.PLACING:
            self._step(leg, CallEvent.TAKE_BACK)
        if begun is not False:
            self._note_end(leg, ENGINE if begun else None)
        self._floor.remove_phone(leg)
        self._down(leg, Event.LEG_FAILED, _NOT_CALLED)

    def hang_up(self, seat: Seat) -> None:
        """End the seat's phone leg, whatever its state."""
        leg = self._floor.phones.get(seat.leg) if seat.leg is not None else None
        seat.leg = None
        if leg is None:
            return
        leg.stop_timer()
        leg.timer = self._floor.later(self._floor.settings.ending_s, self._overdue, leg)
        if leg.life.state is State.PLACING:
            self._step(leg, CallEvent.TAKE_BACK)
        elif leg.life.state in (State.DIALING, State.RINGING):
            self._step(leg, CallEvent.TAKE_BACK)
            self._floor.guarded(self._floor.ports.lines.cancel, leg.id)
        elif leg.life.state is State.CONNECTED:
            self._step(leg, CallEvent.HANG_UP)
            self._floor.guarded(self._floor.ports.lines.hang_up, leg.id)

    # ------------------------------------------------------------ what the line says

    def rang(self, leg: PhoneLeg, event: LegRinging) -> None:
        leg.dialog, leg.status = event.dialog, event.status
        if leg.life.state not in (State.DIALING, State.RINGING):
            return
        self._step(leg, CallEvent.RANG)
        fact = AttemptRinging(leg.attempt, leg.fence, event.status, event.dialog, self._floor.now())
        self._floor.recorder.put(fact, owner=ENGINE)

    def answered(self, leg: PhoneLeg, event: LegAnswered) -> None:
        leg.dialog, leg.status = event.dialog, 200
        fact = AttemptAnswered(leg.attempt, leg.fence, event.dialog, self._floor.now())
        self._floor.recorder.put(fact, owner=ENGINE)
        self._step(leg, CallEvent.ANSWERED)
        if leg.life.state is not State.ANSWERED:  # crossed our CANCEL, whose timer goes on
            self._floor.ports.lines.hang_up(leg.id)
            return
        leg.stop_timer()
        self._step(leg, CallEvent.JOINED)
        seat = self._floor.seats[leg.operator]
        if seat.leg == leg.id:
            self._operators.tell(seat, Event.LEG_UP)

    def failed(self, leg: PhoneLeg, event: LegFailed) -> None:
        limit = leg.life.taken_back is CallEvent.RING_LIMIT
        leg.status = event.status
        self._end(leg, CallEvent.FAILED)
        code = "phone_no_answer" if limit or event.status == 0 else "phone_refused"
        self._down(leg, Event.LEG_FAILED, Reason(code, {"status": event.status}))

    def ended(self, leg: PhoneLeg, event: LegEnded) -> None:
        self._end(leg, CallEvent.GONE)
        self._down(leg, Event.LEG_LOST, Reason("phone_lost", {"cause": event.cause}))

    def _ring_limit(self, leg: PhoneLeg) -> None:
        if leg.life.state in (State.DIALING, State.RINGING):
            self._step(leg, CallEvent.RING_LIMIT)
            leg.timer = self._floor.later(self._floor.settings.ending_s, self._overdue, leg)
            self._floor.ports.lines.cancel(leg.id)

    def _overdue(self, leg: PhoneLeg) -> None:
        """The line never confirmed the end; whatever is left of the leg is let go."""
        if leg.id in self._floor.phones and leg.life.state in (State.CANCELLING, State.ENDING):
            self._floor.guarded(self._floor.ports.lines.hang_up, leg.id)
            self.failed(leg, LegFailed(leg.id, 0, "overdue"))

    def _end(self, leg: PhoneLeg, event: CallEvent) -> None:
        leg.stop_timer()
        self._step(leg, event)
        self._floor.remove_phone(leg)
        self._note_end(leg, ENGINE)

    def _note_end(self, leg: PhoneLeg, owner: str | None) -> None:
        life = leg.life
        fact = AttemptEnded(
            leg.attempt,
            leg.fence,
            AttemptKind.LEG,
            outcome(life, leg.status, 0.0),
            leg.status,
            life.ring_s,
            life.talk_s,
            self._floor.now(),
        )
        self._floor.recorder.put(fact, owner=owner)

    def _down(self, leg: PhoneLeg, event: Event, reason: Reason) -> None:
        seat = self._floor.seats[leg.operator]
        if seat.leg == leg.id:
            seat.leg = None
            self._operators.tell(seat, event, reason)

    def _step(self, leg: PhoneLeg, event: CallEvent) -> None:
        leg.life, _ = step(leg.life, event, self._floor.monotonic())
