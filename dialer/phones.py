"""Phones of the exchange: an operator's is called once at sign-in, up for the whole shift, silent between calls."""

from dialer.call import Event as CallEvent
from dialer.call import Life, State, outcome, step
from dialer.errors import PhoneRefused
from dialer.facts import AttemptAnswered, AttemptEnded, AttemptRinging
from dialer.floor import ENGINE, Floor, PhoneLeg, PhoneOwner
from dialer.line_events import LegAnswered, LegEnded, LegFailed, LegRinging
from dialer.operator import Event
from dialer.shapes import AttemptId, AttemptKind, AttemptStart, DialRequest, LegId, OperatorId, Reason
from kit import ids, log

_log = log.get("dialer.phones")
_NOT_CALLED = Reason("phone_not_called")


class Phones:
    """The legs to phones of the exchange: operators', supervisors', colleagues'."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def ask_rules(self, extension: str, operator: OperatorId | None) -> None:
        """Raises PhoneRefused."""
        request = DialRequest(AttemptKind.LEG, extension, self._floor.settings.leg_trunk, operator=operator)
        verdict = await self._floor.ports.rules.may_dial(request, self._floor.now())
        if not verdict.allowed:
            raise PhoneRefused(reason=verdict.reason.code if verdict.reason else "refused")

    def call(self, extension: str, owner: PhoneOwner, operator: OperatorId | None) -> PhoneLeg:
        """Place the call to the phone; its owner hears in a later turn whether it is up."""
        life = Life(State.PLACING, self._floor.monotonic())
        attempt, fence = AttemptId(ids.new()), self._floor.fence
        leg = PhoneLeg(LegId(ids.new()), extension, owner, operator, attempt, life, fence)
        self._floor.phones[leg.id] = leg
        self._floor.tasks.spawn(self._place(leg), "phone_call")
        return leg

    async def _place(self, leg: PhoneLeg) -> None:
        try:
            begun = await self._begin(leg)
        except Exception:
            _log.exception("a phone could not be called", operator=leg.operator)
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
            _log.exception("the line did not take the call to a phone", operator=leg.operator)
            self._end(leg, CallEvent.FAILED)
            self._down(leg, Event.LEG_FAILED, _NOT_CALLED)

    async def _begin(self, leg: PhoneLeg) -> bool:
        settings, ports = self._floor.settings, self._floor.ports
        leg.dialog = ports.lines.prepare(settings.leg_trunk, leg.extension, settings.leg_caller_id)
        start = AttemptStart(
            leg.attempt,
            AttemptKind.LEG,
            leg.extension,
            settings.leg_trunk,
            leg.dialog,
            leg.fence,
            self._floor.now(),
            operator=leg.operator,
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

    def hang_up(self, leg_id: LegId | None) -> None:
        """End a phone's leg, whatever its state."""
        leg = self._floor.phones.get(leg_id) if leg_id is not None else None
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
        leg.owner.phone_up(leg)

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
        leg.owner.phone_down(leg, event, reason)

    def _step(self, leg: PhoneLeg, event: CallEvent) -> None:
        leg.life, _ = step(leg.life, event, self._floor.monotonic())
