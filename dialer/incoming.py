"""Incoming calls: who calls, then accepted and greeted; from there on they live like all others."""

from dialer.call import Event, Life, State
from dialer.calls import Calls
from dialer.facts import CallStarted, Direction, EndedBy
from dialer.floor import ENGINE, Floor, LiveCall
from dialer.line_events import LegOffered
from dialer.shapes import Caller, CallId, LegId, ProjectId, Reason
from kit import ids, log, metrics

_log = log.get("dialer.incoming")
REFUSED = metrics.counter("incoming_refused", "Incoming calls to no number of ours, or while stopping", ("status",))
NOT_OURS, NOT_NOW = 404, 503


class Incoming:
    """Takes what trunks offer."""

    def __init__(self, floor: Floor, calls: Calls) -> None:
        self._floor, self._calls = floor, calls
        self._offered: set[LegId] = set()

    def offered(self, event: LegOffered) -> None:
        """An INVITE from a trunk: asked after in a task of its own."""
        if self._floor.draining:
            self._refuse(event.leg, NOT_NOW)
            return
        self._offered.add(event.leg)
        self._floor.tasks.spawn(self._identify(event), "incoming")

    def gave_up(self, leg: LegId) -> bool:
        """The caller hung up before it was known who calls. True: it was such a leg."""
        known = leg in self._offered
        self._offered.discard(leg)
        return known

    async def _identify(self, event: LegOffered) -> None:
        try:
            caller = await self._floor.ports.callers.identify(event.number, event.called)
        except Exception:
            _log.exception("a caller could not be looked up; the call is refused", trunk=event.trunk)
            caller = None
        if event.leg not in self._offered:
            return
        self._offered.discard(event.leg)
        if caller is None or self._floor.draining:
            self._refuse(event.leg, NOT_NOW)
        elif caller.project is None:
            self._refuse(event.leg, NOT_OURS)
        else:
            self._floor.guarded(self._take, event, caller, caller.project)

    def _take(self, event: LegOffered, caller: Caller, project: ProjectId) -> None:
        call = LiveCall(
            CallId(ids.new()),
            event.leg,
            Direction.IN,
            project,
            Life(State.OFFERED, self._floor.monotonic()),
            self._floor.fence,
            ENGINE,
            number=caller.number or event.number,
            caller=caller,
            prompts=[caller.greeting or self._floor.settings.greeting, *([caller.notice] if caller.notice else [])],
        )
        self._floor.add(call)
        self._floor.recorder.put(_started(call, event, caller, self._floor))
        call.started = True
        self._floor.ports.lines.accept(event.leg)
        call.timer = self._floor.later(self._floor.settings.ending_s, self._never_up, call)

    def _never_up(self, call: LiveCall) -> None:
        """Our 200 OK was never acknowledged."""
        if call.life.state is State.OFFERED:
            call.by, call.reason = EndedBy.LINE, Reason("line_lost", {"cause": "no_ack"})
            self._calls.tell(call, Event.FAILED)

    def _refuse(self, leg: LegId, status: int) -> None:
        REFUSED.labels(str(status)).inc()
        self._floor.ports.lines.refuse(leg, status)


def _started(call: LiveCall, event: LegOffered, caller: Caller, floor: Floor) -> CallStarted:
    return CallStarted(
        call.id,
        Direction.IN,
        call.project,
        call.number,
        floor.now(),
        campaign=caller.campaign,
        lead=caller.lead,
        person=caller.person,
        called=event.called,
        withheld=event.withheld,
        diverted_by=event.diverted_by,
    )
