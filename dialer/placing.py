"""One outgoing call from the decision to the INVITE: the rules, the attempt's row, then the line."""

import asyncio
from dataclasses import replace
from itertools import chain, repeat

from dialer.call import Event, Life, State
from dialer.calls import Calls
from dialer.facts import AttemptEnded, Direction
from dialer.floor import Floor, LiveCall, Run, Seat
from dialer.operators import Operators
from dialer.outcomes import Outcome
from dialer.shapes import AttemptId, AttemptKind, AttemptStart, CallId, DialRequest, Lead, LegId, Reason
from dialer.ways import Ways, read_trunks
from kit import ids, log, metrics

_log = log.get("dialer.placing")
PLACED = metrics.counter("calls_placed", "INVITEs sent to customers")
DIVERTED = metrics.counter("calls_diverted", "Calls that their trunk could not take and that went on by another")
NOT_PLACED = metrics.counter("calls_not_placed", "Leads reserved and given back undialed", ("reason",))
NOT_RELEASED = metrics.counter("releases_failed", "Times that the store did not take a lead back")

_RELEASE_AGAIN_S = (0.2, 1.0, 5.0)
"""Pauses of a lead's release that the store does not take; the last one for ever."""
_TARGETS = 4
"""Of the numbers that a 3xx names, so many are asked after."""
_REFUSED_REST_S = 1.0
"""When the rules say "later" and nothing is on the line, the campaign shows why and waits this long."""


class Placing:
    """Places calls; each in a task of its own, so that a slow store holds up nobody else."""

    def __init__(self, floor: Floor, operators: Operators, calls: Calls) -> None:
        self._floor, self._operators, self._calls = floor, operators, calls
        calls.divert = self.divert
        calls.redirected = self.follow

    def place(self, run: Run, lead: Lead, seat: Seat | None, trunk: str) -> None:
        """Begin with one reserved lead, by a trunk that has room; `seat`: the operator to reserve for it."""
        call = self._new(CallId(ids.new()), run, lead, trunk)
        if seat is not None:
            call.operator = seat.id
            self._operators.reserve(seat, call.id)
        self._floor.tasks.spawn(self._place(run, call, lead), "place_call")

    def _new(self, name: CallId, run: Run, lead: Lead, trunk: str) -> LiveCall:
        call = LiveCall(
            name,
            LegId(ids.new()),
            Direction.OUT,
            lead.project,
            Life(State.PLACING, self._floor.monotonic()),
            run.fence,
            run.owner,
            number=lead.number,
            campaign=run.campaign,
            lead=lead,
            trunk=trunk,
        )
        self._floor.add(call)
        return call

    async def give_back(self, run: Run, lead: Lead) -> None:
        """Release a lead until the store has taken it: one that stays reserved is never called again."""
        for pause in chain(_RELEASE_AGAIN_S, repeat(_RELEASE_AGAIN_S[-1])):
            try:
                await self._floor.ports.leads.release(lead.id, run.fence, None, None)
                return
            except Exception:
                NOT_RELEASED.inc()
                _log.exception("a lead could not be given back; it is tried again", campaign=run.campaign.id)
                await asyncio.sleep(pause)

    async def _place(self, run: Run, call: LiveCall, lead: Lead) -> None:
        try:
            reason = await self._try(run, call, lead)
        except Exception:
            _log.exception("a call could not be placed", campaign=run.campaign.id, call=call.id)
            await self._failed(run, call, lead)
            return
        if reason is not None:
            self._give_up(call, reason)

    async def _failed(self, run: Run, call: LiveCall, lead: Lead) -> None:
        """The store raised; an attempt that it has all the same is ended, the end of one that it has not is refused."""
        reason = Reason("placing_failed")
        run.rests_until, run.rest_reason = self._floor.monotonic() + 1.0, reason
        self._give_up(call, reason)
        if call.attempt is not None:
            self._close(call, lead, call.attempt, None)
        await self.give_back(run, lead)

    async def _try(self, run: Run, call: LiveCall, lead: Lead) -> Reason | None:
        """None: the INVITE is out. Else why not; the lead is given back or the attempt closed."""
        refused = await self._ask_rules(run, call, lead)
        if refused is not None:
            return refused
        gone = self._unwanted(run, call)
        if gone is not None:
            await self._floor.ports.leads.release(lead.id, run.fence, None, None)
            return gone
        start = self._start(run, call, lead)
        call.attempt, call.dialog = start.id, start.dialog
        if not await self._floor.ports.leads.begin(start):
            rest = self._floor.in_s(run.campaign.ring_s + 32.0)
            await self._floor.ports.leads.release(lead.id, run.fence, rest, Reason("number_is_being_dialed"))
            return Reason("not_begun")
        gone = self._unwanted(run, call)
        if gone is not None:
            self._close(call, lead, start.id, call.owner)
            return gone
        self._send(call, start)
        return None

    async def _ask_rules(self, run: Run, call: LiveCall, lead: Lead) -> Reason | None:
        if call.targets is not None:
            return None  # they were asked before the call went on
        verdict = await self._floor.ports.rules.may_dial(self._request(run, call, lead.number), self._floor.now())
        if verdict.allowed:
            return None
        reason = verdict.reason or Reason("refused_by_rules")
        await self._floor.ports.leads.release(lead.id, run.fence, verdict.next_at, reason)
        run.refused = reason
        if verdict.next_at is not None and not any(c.sent for c in self._floor.lines_of(run.campaign.id)):
            run.rests_until, run.rest_reason = self._floor.monotonic() + _REFUSED_REST_S, reason
        return reason

    def _unwanted(self, run: Run, call: LiveCall) -> Reason | None:
        """The last look before sending: everything that made this call right must still hold."""
        if call.life.state is not State.PLACING:
            return Reason("taken_back")
        stopped = self._stopped(run)
        if stopped is not None:
            return stopped
        if self._floor.monotonic() - call.life.began_at > self._floor.settings.patience_s:
            return Reason("too_late")
        guard = self._floor.trunks.get(call.trunk or "")
        return guard.closed(self._floor.monotonic()) if guard is not None else Reason("no_trunk")

    def _stopped(self, run: Run) -> Reason | None:
        if run.overtaken or self._floor.draining or not run.running:
            return Reason("overtaken" if run.overtaken else "draining" if self._floor.draining else "paused")
        return None

    def _start(self, run: Run, call: LiveCall, lead: Lead) -> AttemptStart:
        campaign, trunk, number = run.campaign, call.trunk or "", call.number or lead.number
        return AttemptStart(
            AttemptId(ids.new()),
            AttemptKind.CALL,
            number,
            trunk,
            self._floor.ports.lines.prepare(trunk, number, campaign.caller_id),
            run.fence,
            self._floor.now(),
            lead=lead.id,
            no=lead.tries + 1,
            campaign=campaign.id,
            project=lead.project,
            operator=call.operator,
        )

    # ------------------------------------------------------------ a call that goes on

    def divert(self, call: LiveCall) -> bool:
        """Place a call that its trunk could not take, and that rang nowhere, by the next trunk, once.

        False: there is no other trunk, nothing more is to be placed, or a 3xx had sent the call on already.
        """
        run = self._run_of(call)
        if run is None or call.diverted or call.targets or self._stopped(run) is not None:
            return False
        read_trunks(self._floor)
        trunk = Ways(self._floor, run.campaign, but_not=call.trunk).take()
        if trunk is None:
            return False
        call.diverted = True
        DIVERTED.inc()
        self._go_on(run, call, trunk, call.number)
        return True

    def follow(self, call: LiveCall) -> None:
        """Call the first number that a 3xx named and the rules allow, by the same trunk; else the call fails."""
        self._floor.tasks.spawn(self._follow(call), "follow_redirect")

    async def _follow(self, call: LiveCall) -> None:
        run, number = self._run_of(call), None
        try:
            if run is not None:
                async with asyncio.timeout(self._floor.settings.patience_s):
                    number = await self._allowed(run, call)
        except Exception:
            _log.exception("the rules could not be asked after a redirect", call=call.id)
        if call.life.state is not State.REDIRECTED:
            return
        if run is None or number is None or self._stopped(run) is not None:
            self._calls.safely(call, self._calls.tell, Event.FAILED)
        else:
            self._go_on(run, call, call.trunk or "", number)

    def _go_on(self, run: Run, call: LiveCall, trunk: str, number: str | None) -> None:
        """End the call's attempt as it stands and begin a new one for the same lead; the operator stays reserved."""
        assert call.lead is not None
        operator, call.operator, call.keeps_lead = call.operator, None, True
        self._calls.tell(call, Event.FAILED)
        again = self._new(call.id, run, replace(call.lead, tries=call.lead.tries + 1), trunk)
        again.number, again.operator = number, operator
        again.diverted, again.targets = call.diverted, call.targets
        self._floor.tasks.spawn(self._place_again(run, again), "place_again")

    async def _place_again(self, run: Run, call: LiveCall) -> None:
        """The first attempt must be over in the store before the second begins: a number has one live attempt."""
        assert call.lead is not None
        try:
            async with asyncio.timeout(self._floor.settings.patience_s):
                await self._floor.recorder.flush()
        except TimeoutError:
            self._give_up(call, Reason("too_late"))
            await self._floor.recorder.flush()
            await self.give_back(run, call.lead)
            return
        await self._place(run, call, call.lead)

    def _run_of(self, call: LiveCall) -> Run | None:
        """The run of a call that has a lead."""
        return self._floor.runs.get(call.campaign.id) if call.campaign is not None and call.lead is not None else None

    async def _allowed(self, run: Run, call: LiveCall) -> str | None:
        for target in (call.targets or ())[:_TARGETS]:
            number = target if target.startswith(("+", "0")) else f"+{target}"
            verdict = await self._floor.ports.rules.may_dial(self._request(run, call, number), self._floor.now())
            if verdict.allowed:
                return number
            _log.info("a redirect is not followed", call=call.id, reason=verdict.reason and verdict.reason.code)
        return None

    def _request(self, run: Run, call: LiveCall, number: str) -> DialRequest:
        lead = call.lead
        assert lead is not None
        return DialRequest(
            AttemptKind.CALL,
            number,
            call.trunk or "",
            run.campaign.id,
            lead.project,
            lead.id,
            call.operator,
            redirected_from=lead.number if number != lead.number else None,
        )

    def _send(self, call: LiveCall, start: AttemptStart) -> None:
        now = self._floor.monotonic()
        guard = self._floor.trunks.get(start.trunk)
        if guard is not None:
            guard.sent(now)
        self._calls.tell(call, Event.SENT)
        call.sent = True
        PLACED.inc()
        if call.campaign is not None:
            call.timer = self._floor.later(call.campaign.ring_s, self._calls.safely, call, self._calls.ring_limit)
        self._calls.safely(call, self._dial, start)

    def _dial(self, call: LiveCall, start: AttemptStart) -> None:
        self._floor.ports.lines.dial(call.leg, start.dialog, start.id)

    def _close(self, call: LiveCall, lead: Lead, attempt: AttemptId, owner: str | None) -> None:
        """The attempt's row is there and no INVITE left: it ends as taken back."""
        fact = AttemptEnded(
            attempt,
            call.fence,
            AttemptKind.CALL,
            Outcome.CANCELLED,
            0,
            0.0,
            0.0,
            self._floor.now(),
            lead=lead.id,
            campaign=lead.campaign,
            project=lead.project,
        )
        if not call.muted:
            self._floor.recorder.put(fact, owner=owner)

    def _give_up(self, call: LiveCall, reason: Reason) -> None:
        NOT_PLACED.labels(reason.code).inc()
        if call.life.state is State.PLACING:
            self._calls.tell(call, Event.TAKE_BACK)
        operator, call.operator = call.operator, None
        self._floor.remove(call)
        self._operators.let_go(operator, call.id, 0.0)
        self._floor.wake.set()
