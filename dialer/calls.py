"""Live calls: what the line says, who takes them, and how they end. Outgoing and incoming alike."""

from collections.abc import Callable
from datetime import datetime

from dialer.call import IN_LINE, UNANSWERED, Command, Event, State, step
from dialer.ending import Ending
from dialer.facts import AttemptAnswered, AttemptRinging, CallConnected, CallQueued, CallStarted, Direction, EndedBy
from dialer.floor import TROUBLE, Floor, LiveCall, Seat
from dialer.judging import Judging, is_judged
from dialer.line_events import LegAnswered, LegBeeped, LegEnded, LegFailed, LegJudged, LegRinging, PromptEnded
from dialer.operator import State as Day
from dialer.operators import Operators
from dialer.queue import Place, Rank
from dialer.shapes import CallId, OperatorId, Reason, Temperature
from dialer.taping import Taping
from kit import log, metrics

_log = log.get("dialer.calls")
CONNECT = metrics.histogram("connect_seconds", "From the answer to the bridge with an operator")
_MESSAGE_LIMIT_S = 60.0


class Calls:
    """Every customer's call from its first packet to its last."""

    def __init__(self, floor: Floor, operators: Operators) -> None:
        self._floor, self._operators = floor, operators
        self._ending = Ending(floor, operators)
        self._judging = Judging(floor, self.tell, self._later, self._begin)
        self.taping = Taping(floor)
        self.divert: Callable[[LiveCall], bool] = lambda call: False
        """Place a call that its trunk could not take by another one; False: there is none."""
        self.redirected: Callable[[LiveCall], None] = lambda call: self.tell(call, Event.FAILED)
        self._run: dict[Command, Callable[[LiveCall], None]] = {
            Command.CANCEL: self._cancel,
            Command.HANG_UP: self._hang_up,
            Command.REFUSE: self._refuse,
            Command.FOLLOW: self._follow,
            Command.LISTEN: self._judging.listen,
            Command.AWAIT_BEEP: self._await_beep,
            Command.LEAVE_MESSAGE: self._leave_message,
            Command.ROUTE: self._route,
            Command.PLAY_MESSAGE: self._play_message,
            Command.PLAY_GREETING: self._play_greeting,
            Command.FINISH: self._finish,
        }

    def tell(self, call: LiveCall, event: Event, at: float | None = None) -> None:
        """One turn of the table and its commands. `at`: monotonic seconds, now if None."""
        call.life, commands = step(call.life, event, self._floor.monotonic() if at is None else at)
        for command in commands:
            self._run[command](call)

    # ------------------------------------------------------------ what the line says

    def rang(self, call: LiveCall, event: LegRinging) -> None:
        if call.life.state not in (State.DIALING, State.RINGING) or call.attempt is None:
            return
        first = call.life.rang_at is None or event.dialog != call.dialog
        call.dialog, call.status = event.dialog, event.status
        self.tell(call, Event.RANG)
        if first and not call.muted:
            fact = AttemptRinging(call.attempt, call.fence, event.status, event.dialog, self._floor.now())
            self._floor.recorder.put(fact, owner=call.owner)

    def answered(self, call: LiveCall, event: LegAnswered) -> None:
        """200 OK: the call is joined in this very turn if somebody is free; the journal hears of it after.

        Where machines are told from people it waits for that word first.
        """
        call.stop_timer()
        call.dialog = event.dialog
        if call.direction is Direction.OUT:
            call.status = 200
            self._ending.trunk_works(call)
            self._note_answered(call, event)
        judged = is_judged(call) and call.life.state in UNANSWERED
        self.tell(call, Event.PICKED_UP if judged else Event.ANSWERED, event.at)

    def _note_answered(self, call: LiveCall, event: LegAnswered) -> None:
        if call.attempt is None or call.muted:
            return
        fact = AttemptAnswered(call.attempt, call.fence, event.dialog, self._floor.now())
        self._floor.recorder.put(fact, owner=call.owner)
        if call.life.state is State.CANCELLING:
            return
        run = self._floor.runs.get(call.campaign.id) if call.campaign is not None else None
        if run is not None:
            run.observed.ring.add(max(0.0, event.at - call.life.began_at))
        if not is_judged(call):
            self._begin(call)

    def _begin(self, call: LiveCall) -> None:
        """A person is there, as far as is known: a live answer, and a call to be told of."""
        self._ending.answered_live(call)
        if not call.muted:
            self._floor.recorder.put(started(call, self._floor.now()), owner=call.owner)
            call.started = True

    def failed(self, call: LiveCall, event: LegFailed) -> None:
        call.status = event.status
        if call.direction is Direction.OUT:
            fault = self._ending.judge_trunk(call, event)
            if fault and call.life.state is State.DIALING and self.divert(call):
                return
        else:
            call.by, call.reason = EndedBy.CUSTOMER, Reason("caller_gave_up")
        first = bool(event.targets) and call.targets is None and call.life.state in (State.DIALING, State.RINGING)
        if first:
            call.targets = event.targets
        self.tell(call, Event.REDIRECTED if first else Event.FAILED)

    def _follow(self, call: LiveCall) -> None:
        call.stop_timer()
        self.redirected(call)

    def ended(self, call: LiveCall, event: LegEnded) -> None:
        call.sound = event.sound
        if not event.by_us and call.by is None:
            customer = event.cause == "bye"
            call.by = EndedBy.CUSTOMER if customer else EndedBy.LINE
            call.reason = Reason("customer_hung_up") if customer else Reason("line_lost", {"cause": event.cause})
        self.tell(call, Event.GONE)

    def judged(self, call: LiveCall, event: LegJudged) -> None:
        self._judging.judged(call, event)

    def beeped(self, call: LiveCall, event: LegBeeped) -> None:
        self._judging.beeped(call, event)

    def prompt_ended(self, call: LiveCall, event: PromptEnded) -> None:
        self._greeted(call)
        self._message_over(call)

    # ------------------------------------------------------------ who takes it

    def _route(self, call: LiveCall) -> None:
        seat = self._reserved(call)
        if seat is None:
            chosen = self._operators.choose(call.project).operator
            seat = self._floor.seats[chosen] if chosen is not None else None
        if seat is not None:
            self._join(call, seat)
        else:
            self._wait(call)

    def _reserved(self, call: LiveCall) -> Seat | None:
        seat = self._floor.seats.get(call.operator) if call.operator is not None else None
        mine = seat is not None and seat.day.state is Day.RESERVED and seat.day.call == call.id
        return seat if mine else None

    def _join(self, call: LiveCall, seat: Seat) -> None:
        """Sound first, then everything else."""
        if seat.leg is None:
            self._wait(call)
            return
        waited = self._waited_s(call)
        self._floor.join(call, seat.leg)
        if call.direction is Direction.OUT and call.served_by is None:
            CONNECT.observe(waited)
        call.stop_timer()
        self._floor.queue.remove(call.id)
        call.operator = call.served_by = seat.id
        self.tell(call, Event.JOINED)
        if not call.muted:
            connected = CallConnected(call.id, call.project, seat.id, waited * 1000, self._floor.now())
            self._floor.recorder.put(connected)
        self._operators.connect(seat, call.id, call.campaign.id if call.campaign is not None else None)
        self._ending.count(call, abandoned=False)
        self._floor.guarded(self.taping.begin, call)

    def _waited_s(self, call: LiveCall) -> float:
        """Since the answer, the arrival, or the end of the talk with somebody else."""
        if call.life.state is State.CONNECTED:
            return 0.0
        life = call.life
        since = next(at for at in (life.parted_at, life.answered_at, life.began_at) if at is not None)
        return max(0.0, self._floor.monotonic() - since)

    def hand_on(self, call: LiveCall, seat: Seat) -> None:
        """From one operator, who wraps up, to another, who must be free."""
        self._ending.free_operator(call)
        call.hold.muted = False
        self._join(call, seat)

    def _wait(self, call: LiveCall) -> None:
        orphaned = call.life.joined_at is not None
        rank = Rank.FRONT if orphaned else Rank.CALLER
        if call.life.state is State.ANSWERED:
            hot = call.campaign is not None and call.campaign.temperature is Temperature.HOT
            rank = Rank.HOT if hot else Rank.ANSWERED
            self._start_connect_limit(call)
        else:
            self._floor.ports.lines.play(call.leg, self._floor.settings.hold, repeat=True)
        place = self._floor.queue.add(Place(rank, call.life.began_at, call.id, call.project))
        if call.life.state is State.WAITING and not call.muted:
            self._floor.recorder.put(CallQueued(call.id, call.project, place, self._floor.now()))

    def _start_connect_limit(self, call: LiveCall) -> None:
        answered_at = call.life.answered_at if call.life.answered_at is not None else self._floor.monotonic()
        left = call.connect_s - (self._floor.monotonic() - answered_at)
        self._later(call, left, self._out_of_time)

    def operator_ready(self, seat: Seat) -> None:
        """Whoever waits longest gets the operator; if nobody does, the campaigns may dial."""
        place = self._floor.queue.next_for(seat.projects)
        call = self._floor.calls.get(place.call) if place is not None else None
        if call is not None and call.life.state in IN_LINE:
            self.safely(call, self._join, seat)
        else:
            self._floor.wake.set()

    # ------------------------------------------------------------ nobody takes it

    def _out_of_time(self, call: LiveCall) -> None:
        if call.life.state is State.ANSWERED:
            self._floor.queue.remove(call.id)
            self.tell(call, Event.OUT_OF_TIME)

    def _play_message(self, call: LiveCall) -> None:
        self._ending.count(call, abandoned=True)
        call.by, call.reason = EndedBy.ENGINE, Reason("not_connected_in_time", {"limit_s": call.connect_s})
        self._leave_message(call)

    def _await_beep(self, call: LiveCall) -> None:
        self._operators.let_go(call.operator, call.id, 0.0)
        call.operator = None
        self._judging.await_beep(call)

    def _leave_message(self, call: LiveCall) -> None:
        message = call.campaign.message if call.campaign is not None else None
        if message is None:
            self._message_over(call)
            return
        self._floor.ports.lines.play(call.leg, message)
        self._later(call, _MESSAGE_LIMIT_S, self._message_over)

    def _message_over(self, call: LiveCall) -> None:
        if call.life.state is State.MESSAGE:
            call.stop_timer()
            self.tell(call, Event.MESSAGE_OVER)

    def _play_greeting(self, call: LiveCall) -> None:
        self._floor.ports.lines.play(call.leg, call.prompts.pop(0))
        self._later(call, _MESSAGE_LIMIT_S, self._greeted)

    def _greeted(self, call: LiveCall) -> None:
        if call.life.state is not State.GREETING:
            return
        call.stop_timer()
        if call.prompts:
            self._play_greeting(call)
        else:
            self.tell(call, Event.GREETED)

    # ------------------------------------------------------------ ways to the end

    def hang_up_by(self, call_id: CallId, operator: OperatorId) -> None:
        """The operator ends the call. Raises NotYourCall."""
        call = self._floor.talk_of(call_id, operator)
        self.end(call, EndedBy.OPERATOR, Reason("operator_hung_up"))

    def end(self, call: LiveCall, by: EndedBy, reason: Reason) -> None:
        """End a call in whatever state it is; the line confirms it later. One taken back while being placed is over."""
        if call.life.state is State.ENDED and not call.sent and call.direction is Direction.OUT:
            return
        if call.by is None:
            call.by, call.reason = by, reason
        self.tell(call, Event.HANG_UP)

    def safely(self, call: LiveCall, work: Callable[..., None], *args: object) -> None:
        """The edge of the loop for one call: what fails in its turn ends it, and touches no other."""
        try:
            work(call, *args)
        except Exception:
            TROUBLE.labels(getattr(work, "__name__", "call")).inc()
            _log.exception("a call met an error and is ended", call=call.id, state=call.life.state)
            self._floor.guarded(self._abort, call)

    def _abort(self, call: LiveCall) -> None:
        if call.id not in self._floor.calls:
            return
        try:
            self.end(call, EndedBy.ENGINE, Reason("engine_error"))
        except Exception:
            _log.exception("a call could not be ended in order; it is dropped", call=call.id)
            self._floor.guarded(self._floor.ports.lines.hang_up, call.leg)
            self._floor.guarded(self._ending.finish, call)
            self._floor.remove(call)

    def _later(self, call: LiveCall, seconds: float, work: Callable[[LiveCall], None]) -> None:
        call.timer = self._floor.later(seconds, self.safely, call, work)

    def take_back(self, call_id: CallId) -> None:
        """Its operator is gone: another takes the place, or the call that only rings is cancelled.

        One that is listened to goes on: whoever is there when the word comes takes it.
        """
        call = self._floor.calls.get(call_id)
        if call is None or call.life.state not in (*UNANSWERED, State.LISTENING):
            return
        left, call.operator = call.operator, None
        chosen = self._operators.choose(call.project).operator
        if chosen is not None:
            call.operator = chosen
            self._operators.reserve(self._floor.seats[chosen], call.id)
        elif call.life.state in UNANSWERED:
            self.tell(call, Event.TAKE_BACK)
        self._operators.let_go(left, call.id, 0.0)

    def take_back_for_good(self, call: LiveCall) -> None:
        """No answer is wanted any more: cancel what only rings. Who is on the line already is served, or waits on."""
        if call.life.state in UNANSWERED:
            self.tell(call, Event.TAKE_BACK)

    def orphan(self, call_id: CallId) -> None:
        """The operator's leg ended while talking: the customer waits at the front."""
        call = self._floor.calls.get(call_id)
        if call is None or call.life.state is not State.CONNECTED:
            return
        call.operator = None
        self._floor.part(call)
        self.safely(call, self.tell, Event.ORPHANED)

    def ring_limit(self, call: LiveCall) -> None:
        if call.life.state in (State.DIALING, State.RINGING):
            self.tell(call, Event.RING_LIMIT)

    def _cancel(self, call: LiveCall) -> None:
        call.stop_timer()
        self._operators.let_go(call.operator, call.id, 0.0)
        call.operator = None
        self._later(call, self._floor.settings.ending_s, self._overdue)
        self._floor.guarded(self._floor.ports.lines.cancel, call.leg)

    def _hang_up(self, call: LiveCall) -> None:
        call.stop_timer()
        self._floor.queue.remove(call.id)
        self._floor.over(call)
        self._ending.free_operator(call)
        self._later(call, self._floor.settings.ending_s, self._overdue)
        self._floor.guarded(self._floor.ports.lines.hang_up, call.leg)

    def _refuse(self, call: LiveCall) -> None:
        self._floor.ports.lines.refuse(call.leg, 503)

    def _overdue(self, call: LiveCall) -> None:
        """The line never confirmed the end: the call is over all the same, and whatever is left of it is let go."""
        self._floor.guarded(self._floor.ports.lines.hang_up, call.leg)
        if call.life.state is State.CANCELLING:
            self.tell(call, Event.FAILED)
        elif call.life.state is State.ENDING:
            self.tell(call, Event.GONE)

    def free_operator(self, call: LiveCall) -> None:
        """Its operator wraps up while the call goes on with somebody else."""
        self._ending.free_operator(call)

    def _finish(self, call: LiveCall) -> None:
        self._ending.finish(call)


def started(call: LiveCall, at: datetime) -> CallStarted:
    """The fact that an outgoing call was answered."""
    lead = call.lead
    return CallStarted(
        call.id,
        call.direction,
        call.project,
        call.number,
        at,
        campaign=call.campaign.id if call.campaign is not None else None,
        lead=lead.id if lead is not None else None,
        person=lead.person if lead is not None else None,
        attempt=call.attempt,
    )
