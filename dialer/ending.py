"""The end of a call: who is free again, what is noted, what is learned from it."""

from dialer.call import UNANSWERED, outcome
from dialer.call import State as Turn
from dialer.facts import AttemptEnded, CallEnded, Direction, EndedBy
from dialer.floor import Floor, LiveCall
from dialer.line_events import LegFailed
from dialer.operator import State
from dialer.operators import Operators
from dialer.outcomes import FLAGS, Outcome
from dialer.shapes import AttemptKind, Reason
from kit import metrics

FIRST_VOICE = metrics.histogram("first_voice_seconds", "From the answer to the operator's first voice")
SILENT = metrics.counter("silent_operators", "Talks of ten seconds and more in which the operator was never heard")
MOS = metrics.histogram(
    "call_mos", "Estimated mean opinion score of talks", buckets=(1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.3)
)
_SPEAKS_WITHIN_S = 10.0
ENDED = metrics.counter("calls_ended", "Customers' calls that ended, by outcome", ("outcome",))


class Ending:
    """What is done when a call is over, once for each call."""

    def __init__(self, floor: Floor, operators: Operators) -> None:
        self._floor, self._operators = floor, operators

    def finish(self, call: LiveCall) -> None:
        """Take the call from the floor and note its end."""
        call.stop_timer()
        self._floor.queue.remove(call.id)
        self.free_operator(call)
        result = outcome(call.life, call.status, call.connect_s) if call.direction is Direction.OUT else None
        if result is not None and not call.keeps_lead:
            self._learn(call, result)
        if not call.muted:
            self._note(call, result)
        self._measure(call)
        self._floor.remove(call)
        self._floor.wake.set()
        ENDED.labels(result or "incoming").inc()

    def _measure(self, call: LiveCall) -> None:
        sound = call.sound
        if sound is None or call.life.joined_at is None:
            return
        MOS.observe(sound.mos)
        if sound.first_voice_ms is not None:
            FIRST_VOICE.observe(sound.first_voice_ms / 1000)
        elif call.life.talk_s >= _SPEAKS_WITHIN_S:
            SILENT.inc()

    def free_operator(self, call: LiveCall, *, handed_on: bool = False) -> None:
        """Its operator wraps up, or is ready again: when the call never came about, or its result is a colleague's."""
        operator, call.operator = call.operator, None
        seat = self._floor.seats.get(operator) if operator is not None else None
        if seat is None:
            return
        if seat.day.state is State.TALKING and seat.day.call == call.id and seat.leg is not None:
            self._floor.guarded(self._floor.ports.lines.part, seat.leg)
        wrap_up_s = call.campaign.wrap_up_s if call.campaign is not None else self._floor.settings.wrap_up_s
        self._operators.let_go(operator, call.id, 0.0 if handed_on else wrap_up_s)

    def count(self, call: LiveCall, *, abandoned: bool) -> None:
        """A live answer's fate goes into the budget, once."""
        run = self._floor.runs.get(call.campaign.id) if call.campaign is not None else None
        if run is None or call.counted or call.direction is not Direction.OUT:
            return
        call.counted = True
        run.count(abandoned)

    def answered_live(self, call: LiveCall) -> None:
        """A person answered, as far as is known: the answer rate hears of it, once."""
        run = self._floor.runs.get(call.campaign.id) if call.campaign is not None else None
        if run is not None and not call.learned:
            call.learned = True
            run.observed.ended(live=True)

    def trunk_works(self, call: LiveCall) -> None:
        """Somebody answered: the trunk's faults so far are forgiven."""
        guard = self._floor.trunks.get(call.trunk) if call.trunk is not None else None
        if guard is not None:
            guard.worked()

    def judge_trunk(self, call: LiveCall, event: LegFailed) -> bool:
        """Tell the trunk's guard what a failed call says of the trunk. True: it was the trunk's fault."""
        guard = self._floor.trunks.get(call.trunk) if call.trunk is not None else None
        fault = FLAGS[outcome(call.life, event.status, call.connect_s)].trunk
        if guard is not None and fault:
            guard.failed(self._floor.monotonic(), event.retry_after)
        elif guard is not None and event.status > 0:
            guard.worked()
        return fault

    def _learn(self, call: LiveCall, result: Outcome) -> None:
        run = self._floor.runs.get(call.campaign.id) if call.campaign is not None else None
        if run is None:
            return
        flags = FLAGS[result]
        if flags.human:
            self.answered_live(call)
        if flags.reached:
            run.observed.talk.add(call.life.talk_s)
        elif flags.human:
            self.count(call, abandoned=flags.abandoned)
        elif not flags.trunk and result is not Outcome.CANCELLED:
            run.observed.ended(live=False)
        if flags.machine:
            run.count_machine()

    def _note(self, call: LiveCall, result: Outcome | None) -> None:
        now = self._floor.now()
        facts: list[AttemptEnded | CallEnded] = []
        if call.started:
            facts.append(self._call_ended(call))
        if result is not None and call.attempt is not None:
            facts.append(
                AttemptEnded(
                    call.attempt,
                    call.fence,
                    AttemptKind.CALL,
                    result,
                    call.status,
                    call.life.ring_s,
                    call.life.talk_s,
                    now,
                    lead=call.lead.id if call.lead is not None else None,
                    campaign=call.campaign.id if call.campaign is not None else None,
                    project=call.project,
                    keeps_lead=call.keeps_lead,
                )
            )
        if facts:
            self._floor.recorder.put(*facts, owner=call.owner)

    def _call_ended(self, call: LiveCall) -> CallEnded:
        by = call.by or EndedBy.ENGINE
        reason = call.reason or Reason("ended")
        now, talk_s = self._floor.now(), call.life.talk_s
        hold_s = call.hold.total(self._floor.monotonic())
        return CallEnded(call.id, call.project, by, reason, talk_s, now, call.served_by, call.sound, hold_s)


def may_be_waited_for(call: LiveCall) -> bool:
    """An outgoing call that may still turn out to be a person, and has no operator of its own."""
    undecided = call.life.state in UNANSWERED or call.life.state is Turn.LISTENING
    return call.direction is Direction.OUT and call.operator is None and undecided
