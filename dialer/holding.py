"""What an operator does with the customer he talks to: hold, mute, press keys."""

from dialer.call import State
from dialer.facts import CallHeld, CallResumed, HeldBy
from dialer.floor import Floor, LiveCall, PhoneLeg, Seat
from dialer.line_events import LegHeld, LegResumed
from dialer.operator import State as Day
from dialer.shapes import CallId, OperatorId


class Holding:
    """A held customer hears music, and the operator nothing: the bridge is taken apart and made again. The customer's
    phone is not told: many exchanges would play music of their own."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    # ------------------------------------------------------------ the doors

    def hold(self, call_id: CallId, operator: OperatorId) -> None:
        """Let the customer wait; twice is fine. Raises NotYourCall."""
        self.let_wait(self._floor.talk_of(call_id, operator), operator)

    def resume(self, call_id: CallId, operator: OperatorId) -> None:
        """Talk again; twice is fine. Raises NotYourCall."""
        self.take_up(self._floor.talk_of(call_id, operator), operator)

    def mute(self, call_id: CallId, operator: OperatorId, muted: bool) -> None:
        """The customer does not hear the operator, or does again. It outlasts a hold. Raises NotYourCall."""
        call = self._floor.talk_of(call_id, operator)
        call.hold.muted = muted
        self._apply_mute(call, operator)

    def press(self, call_id: CallId, operator: OperatorId, keys: str) -> None:
        """Press keys for the customer's side. Raises NotYourCall, KeysNotTaken."""
        self._floor.ports.lines.press(self._floor.talk_of(call_id, operator).leg, keys)

    # ------------------------------------------------------------ the customer waits

    def let_wait(self, call: LiveCall, operator: OperatorId) -> None:
        """Music for the customer, nothing for the operator."""
        if call.hold.since is not None:
            return
        call.hold.since = self._floor.monotonic()
        lines = self._floor.ports.lines
        lines.part(call.leg)
        lines.play(call.leg, self._floor.settings.hold, repeat=True)
        self._note(call, CallHeld(call.id, call.project, operator, HeldBy.OPERATOR, self._floor.now()))

    def take_up(self, call: LiveCall, operator: OperatorId) -> None:
        """Join both again, the operator muted if he was."""
        seat = self._floor.seats.get(operator)
        if call.hold.since is None or seat is None or seat.leg is None:
            return
        self._floor.join(call, seat.leg)
        self._apply_mute(call, operator)
        self._note(call, self._resumed(call, operator, HeldBy.OPERATOR))

    def _apply_mute(self, call: LiveCall, operator: OperatorId) -> None:
        seat = self._floor.seats.get(operator)
        if seat is not None and seat.leg is not None and call.hold.since is None:
            self._floor.ports.lines.mute(seat.leg, muted=call.hold.muted)

    def _resumed(self, call: LiveCall, operator: OperatorId, by: HeldBy) -> CallResumed:
        hold_s = call.hold.total(self._floor.monotonic())
        return CallResumed(call.id, call.project, operator, by, hold_s, self._floor.now())

    def _note(self, call: LiveCall, fact: CallHeld | CallResumed) -> None:
        if not call.muted:
            self._floor.recorder.put(fact)

    # ------------------------------------------------------------ what the line says

    def customer_held(self, call: LiveCall, _: LegHeld) -> None:
        """The customer's own hold: the desk is told, nothing else changes."""
        if call.operator is not None and call.life.state is State.CONNECTED:
            held = CallHeld(call.id, call.project, call.operator, HeldBy.CUSTOMER, self._floor.now())
            self._note(call, held)

    def customer_resumed(self, call: LiveCall, _: LegResumed) -> None:
        if call.operator is not None and call.life.state is State.CONNECTED:
            self._note(call, self._resumed(call, call.operator, HeldBy.CUSTOMER))

    def phone_held(self, leg: PhoneLeg, _: LegHeld) -> None:
        """The hold key of the operator's phone does what the desk's does."""
        talk = self.talk_at(leg)
        if talk is not None and talk[0].hold.since is None:
            self.let_wait(*talk)
            talk[0].hold.by_phone = True

    def phone_resumed(self, leg: PhoneLeg, _: LegResumed) -> None:
        talk = self.talk_at(leg)
        if talk is not None and talk[0].hold.by_phone:
            self.take_up(*talk)

    def talk_at(self, leg: PhoneLeg) -> tuple[LiveCall, OperatorId] | None:
        """The call that goes on at an operator's phone, and whose it is."""
        seat = self._floor.seats.get(leg.operator) if leg.operator is not None else None
        call = self._floor.calls.get(seat.day.call) if seat is not None and seat.day.call is not None else None
        return (call, seat.id) if seat and call and _talks(seat, leg, call) else None


def _talks(seat: Seat, leg: PhoneLeg, call: LiveCall) -> bool:
    talking = seat.day.state is Day.TALKING and call.life.state is State.CONNECTED
    return talking and seat.leg == leg.id and call.operator == seat.id
