"""Handing a customer on, to a ready colleague or to a phone of the exchange, blind or after a word (warm).

While a phone is called, and while operator and colleague speak, the customer is held; whatever goes wrong brings him
back to his operator.
"""

from dataclasses import dataclass

from dialer.calls import Calls
from dialer.errors import NoTransfer, OperatorNotReady
from dialer.facts import CallTransferred, EndedBy, TransferFailed
from dialer.floor import Floor, LiveCall, PhoneLeg, Seat
from dialer.holding import Holding
from dialer.line_events import LegTransferAsked
from dialer.operator import Event
from dialer.operator import State as Day
from dialer.operators import Operators
from dialer.shapes import CallId, LegId, OperatorId, Reason
from dialer.status import HandedOn
from kit.errors import AhizeError

TAKEN, DONE, NOT_DONE, REFUSED = 100, 200, 480, 603
"""What a peer that asked for a transfer is told (RFC 3515 §2.4.5)."""


@dataclass(slots=True, eq=False)
class Transfer:
    """One call on its way to another leg: of a phone that is called, or of a colleague who is kept for it. `warm`: the
    operator speaks with them first. `asked_by`: the leg whose other side asked for it by REFER."""

    call: CallId
    operator: OperatorId
    extension: str
    leg: LegId
    warm: bool
    colleague: Seat | None = None
    asked_by: LegId | None = None
    answered: bool = False
    done: bool = False


class Transfers:
    """By call: those under way, and those whose customer talks to a phone of the exchange now."""

    def __init__(self, floor: Floor, operators: Operators, calls: Calls, holding: Holding) -> None:
        self._floor, self._operators, self._calls, self._holding = floor, operators, calls, holding
        self._by_call: dict[CallId, Transfer] = {}
        floor.watchers.append(self)

    # ------------------------------------------------------------ the doors

    def to_operator(self, call_id: CallId, operator: OperatorId, to: OperatorId, *, warm: bool = False) -> None:
        """Give the customer to a colleague, who hears him at once; `warm`: who hears the operator first, until
        `complete` or `take_back`. Raises NotYourCall, NoTransfer, OperatorNotReady."""
        call = self._talk(call_id, operator)
        seat = self._floor.seats.get(to)
        if seat is None or seat.leg is None or not _may_take(seat, call):
            raise OperatorNotReady
        if not warm:
            self._hand_on(call, operator, seat)
            return
        self._operators.reserve(seat, call.id)
        self._let_wait(call, operator, warm)
        transfer = Transfer(call.id, operator, seat.extension, seat.leg, warm, colleague=seat, answered=True)
        self._by_call[call.id] = transfer
        self._consult(transfer)

    def _hand_on(self, call: LiveCall, operator: OperatorId, seat: Seat) -> None:
        self._floor.recorder.put(CallTransferred(call.id, call.project, operator, self._floor.now(), to=seat.id))
        self._calls.hand_on(call, seat)

    async def to_phone(
        self, call_id: CallId, operator: OperatorId, extension: str, *, warm: bool, asked_by: LegId | None = None
    ) -> None:
        """Hold the customer and call a phone; `warm`: the operator speaks with it until `complete` or `take_back`, else
        the customer does as soon as it answers. A phone at which a colleague has signed in is that colleague's.
        Raises NotYourCall, NoTransfer, PhoneRefused, OperatorNotReady."""
        self._talk(call_id, operator)
        colleague = next((s for s in self._floor.seats.values() if s.extension == extension and s.leg), None)
        if colleague is not None:
            self.to_operator(call_id, operator, colleague.id, warm=warm)
            return
        await self._operators.phones.ask_rules(extension, operator)
        call = self._talk(call_id, operator)
        self._let_wait(call, operator, warm)
        phone = self._operators.phones.call(extension, self, None)
        self._by_call[call.id] = Transfer(call.id, operator, extension, phone.id, warm, asked_by=asked_by)

    def complete(self, call_id: CallId, operator: OperatorId) -> None:
        """Join the customer to the colleague who has answered, and leave. Raises NotYourCall, NoTransfer."""
        call = self._floor.talk_of(call_id, operator)
        transfer = self._by_call.get(call_id)
        if transfer is None or not transfer.answered:
            raise NoTransfer
        self._complete(call, transfer)

    def take_back(self, call_id: CallId, operator: OperatorId) -> None:
        """Let the phone go and talk to the customer again. Raises NotYourCall, NoTransfer."""
        call = self._floor.talk_of(call_id, operator)
        if call_id not in self._by_call:
            raise NoTransfer
        self._holding.take_up(call, operator)

    def _let_wait(self, call: LiveCall, operator: OperatorId, warm: bool) -> None:
        """Hold the customer. Who had done so by the key of his phone presses it again to speak with the colleague: that
        does not end this hold."""
        self._holding.let_wait(call, operator)
        call.hold.by_phone = call.hold.by_phone and not warm

    def _talk(self, call_id: CallId, operator: OperatorId) -> LiveCall:
        call = self._floor.talk_of(call_id, operator)
        if call_id in self._by_call:
            raise NoTransfer
        return call

    def of(self, call_id: CallId) -> HandedOn | None:
        """To whom a call is being handed on; None: to nobody."""
        transfer = self._by_call.get(call_id)
        return None if transfer is None else HandedOn(transfer.extension, transfer.warm, transfer.answered)

    # ------------------------------------------------------------ by REFER

    def asked(self, leg: PhoneLeg, event: LegTransferAsked) -> None:
        """The operator's phone hands its customer on; a stranger to the talk is refused by the line."""
        talk = self._holding.talk_at(leg)
        if talk is None:
            return
        call, operator = talk
        self._floor.ports.lines.tell_transfer(leg.id, TAKEN)
        self._floor.tasks.spawn(self._refer(call.id, operator, event.target, leg.id), "transfer")

    async def _refer(self, call: CallId, operator: OperatorId, extension: str, asked_by: LegId) -> None:
        try:
            await self.to_phone(call, operator, extension, warm=False, asked_by=asked_by)
        except AhizeError:
            self._floor.ports.lines.tell_transfer(asked_by, REFUSED)
            return
        if call not in self._by_call:  # a colleague has taken it already
            self._floor.ports.lines.tell_transfer(asked_by, DONE)

    # ------------------------------------------------------------ the phone

    def phone_up(self, leg: PhoneLeg) -> None:
        transfer = self._of(leg)
        call = self._floor.calls.get(transfer.call) if transfer is not None else None
        if transfer is None or call is None:
            self._operators.phones.hang_up(leg.id)
            return
        transfer.answered = True
        if transfer.warm:
            self._consult(transfer)
        else:
            self._complete(call, transfer)

    def _consult(self, transfer: Transfer) -> None:
        """The operator speaks with the colleague, and the customer does not hear it."""
        seat = self._floor.seats[transfer.operator]
        if seat.leg is not None:
            self._floor.ports.lines.join(transfer.leg, seat.leg)

    def phone_down(self, leg: PhoneLeg, event: Event, reason: Reason) -> None:
        transfer = self._of(leg)
        call = self._floor.calls.get(transfer.call) if transfer is not None else None
        if transfer is None or call is None:
            return
        if transfer.done:
            self._calls.end(call, EndedBy.OPERATOR, Reason("colleague_hung_up"))
            return
        del self._by_call[call.id]
        now, operator = self._floor.now(), transfer.operator
        self._floor.recorder.put(TransferFailed(call.id, call.project, operator, leg.extension, reason, now))
        self._tell_asker(transfer, NOT_DONE)
        self._holding.take_up(call, operator)

    def _of(self, leg: PhoneLeg) -> Transfer | None:
        return next((one for one in self._by_call.values() if one.leg == leg.id), None)

    def _complete(self, call: LiveCall, transfer: Transfer) -> None:
        seat = transfer.colleague
        if seat is not None:
            if seat.day.state is not Day.RESERVED or seat.day.call != call.id:
                raise NoTransfer
            del self._by_call[call.id]
            self._hand_on(call, transfer.operator, seat)
            return
        transfer.done = True
        self._calls.free_operator(call)
        call.hold.muted = False
        self._floor.join(call, transfer.leg)
        now, extension = self._floor.now(), transfer.extension
        self._floor.recorder.put(CallTransferred(call.id, call.project, transfer.operator, now, extension=extension))
        self._tell_asker(transfer, DONE)

    def _tell_asker(self, transfer: Transfer, status: int) -> None:
        if transfer.asked_by is not None:
            self._floor.ports.lines.tell_transfer(transfer.asked_by, status)

    # ------------------------------------------------------------ what becomes of the call

    def bridged(self, call: LiveCall, leg: LegId) -> None:
        """Its operator has taken the customer back."""
        transfer = self._by_call.get(call.id)
        if transfer is not None and leg != transfer.leg:
            self._drop(transfer)

    def parted(self, call: LiveCall) -> None:
        self.over(call)

    def over(self, call: LiveCall) -> None:
        transfer = self._by_call.get(call.id)
        if transfer is not None:
            self._drop(transfer)

    def _drop(self, transfer: Transfer) -> None:
        del self._by_call[transfer.call]
        if not transfer.done:
            self._tell_asker(transfer, NOT_DONE)
        if transfer.colleague is None:
            self._operators.phones.hang_up(transfer.leg)
        else:
            self._floor.guarded(self._floor.ports.lines.part, transfer.leg)
            self._operators.let_go(transfer.colleague.id, transfer.call, 0.0)


def _may_take(seat: Seat, call: LiveCall) -> bool:
    return seat.day.state is Day.READY and seat.leg is not None and call.project in seat.projects
