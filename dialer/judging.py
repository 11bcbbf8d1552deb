"""Between the answer and the word on who it was: the call is nobody's yet, and nobody is joined to it."""

from collections.abc import Callable

from dialer.call import Event, State
from dialer.facts import Direction
from dialer.floor import Floor, LiveCall
from dialer.line_events import LegBeeped, LegJudged
from dialer.shapes import JOIN_S, Detection
from kit import metrics

VERDICTS = metrics.counter(
    "answers_judged", "Answered calls that the detector listened to, by what it heard", ("heard",)
)
_SLACK_S = 0.1
_BEEP_LIMIT_S = 40.0

_SAID = {"machine": Event.MACHINE, "beep": Event.MACHINE, "sit": Event.MACHINE, "fax": Event.FAX}
_TAKES_MESSAGES = frozenset({"machine", "beep"})


def is_judged(call: LiveCall) -> bool:
    """Whether the call's campaign wants machines told from people."""
    campaign = call.campaign if call.direction is Direction.OUT else None
    return campaign is not None and campaign.detector.detection is not Detection.OFF


class Judging:
    """`tell` and `later` are the turns of `dialer.calls.Calls`; `on_human`: a person is there, as far as is known."""

    def __init__(
        self,
        floor: Floor,
        tell: Callable[[LiveCall, Event], None],
        later: Callable[[LiveCall, float, Callable[[LiveCall], None]], None],
        on_human: Callable[[LiveCall], None],
    ) -> None:
        self._floor, self._tell, self._later, self._on_human = floor, tell, later, on_human

    def listen(self, call: LiveCall) -> None:
        """The deadline leaves time to join a person within the connect limit; without a word the call is a person's."""
        assert call.campaign is not None
        detector = call.campaign.detector
        total = max(0.0, min(detector.total_s, call.connect_s - JOIN_S))
        self._later(call, total + _SLACK_S, self._human)
        self._floor.ports.lines.judge(call.leg, {**detector.measures, "total_s": total})

    def judged(self, call: LiveCall, event: LegJudged) -> None:
        if call.life.state is not State.LISTENING:
            return
        VERDICTS.labels(event.heard).inc()
        said = _SAID.get(event.heard)
        if said is None:
            self._human(call)
        elif event.heard in _TAKES_MESSAGES and self._leaves_messages(call):
            self._tell(call, Event.VOICEMAIL)
        else:
            self._tell(call, said)

    def _leaves_messages(self, call: LiveCall) -> bool:
        campaign = call.campaign
        return campaign is not None and campaign.detector.detection is Detection.MESSAGE and bool(campaign.message)

    def _human(self, call: LiveCall) -> None:
        if call.life.state is State.LISTENING:
            call.stop_timer()
            self._on_human(call)
            self._tell(call, Event.HUMAN)

    def await_beep(self, call: LiveCall) -> None:
        call.stop_timer()
        self._later(call, _BEEP_LIMIT_S, self._no_beep)

    def _no_beep(self, call: LiveCall) -> None:
        if call.life.state is State.BEEP:
            self._tell(call, Event.OUT_OF_TIME)

    def beeped(self, call: LiveCall, _: LegBeeped) -> None:
        if call.life.state is State.BEEP:
            call.stop_timer()
            self._tell(call, Event.BEEPED)
