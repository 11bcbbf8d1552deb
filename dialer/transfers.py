"""Handing a customer on: to a colleague who is ready, at once, or to a phone of the exchange, blind or after a word.

While the phone is called, and while operator and colleague speak, the customer is held; whatever goes wrong brings him
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
from kit.errors import AhizeError

TAKEN, DONE, NOT_DONE, REFUSED = 100, 200, 480, 603
"""What a peer that asked for a transfer is told (RFC 3515 §2.4.5)."""


@dataclass(slots=True, eq=False)
class Transfer:
    """One call on its way to a phone. `warm`: the operator speaks with the colleague first. `asked_by`: the leg whose
    other side asked for it by REFER."""

    call: CallId
    operator: OperatorId
    phone: PhoneLeg
    warm: bool
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

    def to_operator(self, call_id: CallId, operator: OperatorId, to: OperatorId) -> None:
        """Give the customer to a colleague, who hears him at once. Raises NotYourCall, NoTransfer, OperatorNotReady."""
        call = self._talk(call_id, operator)
        seat = self._floor.seats.get(to)
        if seat is None or not _may_take(seat, call):
            raise OperatorNotReady
        self._floor.recorder.put(CallTransferred(call.id, call.project, operator, self._floor.now(), to=to))
        self._calls.hand_on(call, seat)

    async def to_phone(
        self, call_id: CallId, operator: OperatorId, extension: str, *, warm: bool, asked_by: LegId | None = None
    ) -> None:
        """Hold the customer and call a phone; `warm`: the operator speaks with it until `complete` or `take_back`, else
        the customer does as soon as it answers. Raises NotYourCall, NoTransfer, PhoneRefused."""
        self._talk(call_id, operator)
        await self._operators.phones.ask_rules(extension, operator)
        call = self._talk(call_id, operator)
        self._holding.let_wait(call, operator)
        phone = self._operators.phones.call(extension, self, None)
        self._by_call[call.id] = Transfer(call.id, operator, phone, warm, asked_by)

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

    def _talk(self, call_id: CallId, operator: OperatorId) -> LiveCall:
        call = self._floor.talk_of(call_id, operator)
        if call_id in self._by_call:
            raise NoTransfer
        return call

    # ------------------------------------------------------------ by REFER

    def asked(self, leg: PhoneLeg, event: LegTransferAsked) -> None:
        """The operator's phone hands its customer on; a stranger to the talk is refused by the line."""
        talk = self._holding.talk_at(leg)
        if talk is None:
            return
        call, operator = talk
        colleague = next((s for s in self._floor.seats.values() if s.extension == event.target and s.leg), None)
        self._floor.ports.lines.tell_transfer(leg.id, TAKEN)
        if colleague is not None:
            self._floor.ports.lines.tell_transfer(leg.id, self._given(call, operator, colleague))
        else:
            self._floor.tasks.spawn(self._refer(call.id, operator, event.target, leg.id), "transfer")

    def _given(self, call: LiveCall, operator: OperatorId, colleague: Seat) -> int:
        try:
            self.to_operator(call.id, operator, colleague.id)
        except AhizeError:
            return NOT_DONE
        return DONE

    async def _refer(self, call: CallId, operator: OperatorId, extension: str, asked_by: LegId) -> None:
        try:
            await self.to_phone(call, operator, extension, warm=False, asked_by=asked_by)
        except AhizeError:
            self._floor.ports.lines.tell_transfer(asked_by, REFUSED)

    # ------------------------------------------------------------ the phone

    def phone_up(self, leg: PhoneLeg) -> None:
        transfer = self._of(leg)
        call = self._floor.calls.get(transfer.call) if transfer is not None else None
        if transfer is None or call is None:
            self._operators.phones.hang_up(leg.id)
            return
        transfer.answered = True
        if not transfer.warm:
            self._complete(call, transfer)
            return
        seat = self._floor.seats[transfer.operator]
        if seat.leg is not None:
            self._floor.ports.lines.join(leg.id, seat.leg)

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
        return next((one for one in self._by_call.values() if one.phone is leg), None)

    def _complete(self, call: LiveCall, transfer: Transfer) -> None:
        transfer.done = True
        self._calls.free_operator(call)
        call.hold.muted = False
        self._floor.join(call, transfer.phone.id)
        fact = CallTransferred(
            call.id, call.project, transfer.operator, self._floor.now(), extension=transfer.phone.extension
        )
        self._floor.recorder.put(fact)
        self._tell_asker(transfer, DONE)

    def _tell_asker(self, transfer: Transfer, status: int) -> None:
        if transfer.asked_by is not None:
            self._floor.ports.lines.tell_transfer(transfer.asked_by, status)

    # ------------------------------------------------------------ what becomes of the call

    def bridged(self, call: LiveCall, leg: LegId) -> None:
        """Its operator has taken the customer back."""
        transfer = self._by_call.get(call.id)
        if transfer is not None and leg != transfer.phone.id:
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
        self._operators.phones.hang_up(transfer.phone.id)


def _may_take(seat: Seat, call: LiveCall) -> bool:
    return seat.day.state is Day.READY and seat.leg is not None and call.project in seat.projects
