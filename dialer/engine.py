"""The engine: leads in, calls out, operators joined to people, everything noted.

    async with Engine(ports, Settings(leg_trunk="pbx")) as engine:
        await engine.sign_in(operator, "1001")

All its tables are touched on one event loop. What a call or a campaign needs from the world comes by `Ports`;
what the doors may do is here.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from dialer.calls import Calls
from dialer.dialing import Dialing
from dialer.facts import EndedBy, TrunkChanged
from dialer.floor import ENGINE, Floor, LiveCall, Ports, Settings
from dialer.holding import Holding
from dialer.incoming import Incoming
from dialer.line_events import (
    LegAnswered,
    LegBeeped,
    LegDigit,
    LegEnded,
    LegFailed,
    LegHeld,
    LegJudged,
    LegOffered,
    LegResumed,
    LegRinging,
    LegTransferAsked,
    LineEvent,
    MonitorEnded,
    PromptEnded,
    TrunkMoved,
    TrunkState,
)
from dialer.operators import Operators
from dialer.recorder import Recorder
from dialer.restart import recover
from dialer.shapes import CallId, CampaignId, MonitorMode, OperatorId, Reason
from dialer.status import (
    CampaignStatus,
    ListeningView,
    OperatorView,
    TalkView,
    campaign_status,
    is_talk,
    not_running,
    operator_view,
    talk_view,
)
from dialer.supervision import Supervision
from dialer.transfers import Transfers
from dialer.trunk import TrunkGuard
from dialer.ways import read_trunks
from kit import log
from kit.tasks import Tasks

__all__ = ["CampaignStatus", "Engine", "OperatorView", "Ports", "Settings"]

_log = log.get("dialer.engine")
_STOP_S = 3.0
LegEvent = (
    LegRinging
    | LegAnswered
    | LegFailed
    | LegEnded
    | LegHeld
    | LegResumed
    | LegDigit
    | LegTransferAsked
    | LegJudged
    | LegBeeped
    | PromptEnded
)


class Engine:
    """Runs from `start` to `stop`; also an async context manager."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self._tasks = Tasks()
        self._recorder = Recorder(ports.journal, self._overtaken)
        self._floor = Floor(ports, settings, self._recorder, self._tasks)
        self._operators = Operators(self._floor)
        self._calls = Calls(self._floor, self._operators)
        self._operators.hooks = self._calls
        self._incoming = Incoming(self._floor, self._calls)
        self._dialing = Dialing(self._floor, self._operators, self._calls)
        self._holding = Holding(self._floor)
        self._transfers = Transfers(self._floor, self._operators, self._calls, self._holding)
        self._supervision = Supervision(self._floor, self._operators.phones)
        self.overtaken = False
        self._on_call: dict[type[Any], Callable[[LiveCall, Any], None]] = {
            LegRinging: self._calls.rang,
            LegAnswered: self._calls.answered,
            LegFailed: self._calls.failed,
            LegEnded: self._calls.ended,
            LegJudged: self._calls.judged,
            LegBeeped: self._calls.beeped,
            PromptEnded: self._calls.prompt_ended,
            LegHeld: self._holding.customer_held,
            LegResumed: self._holding.customer_resumed,
        }
        self._on_phone: dict[type[Any], Callable[[Any, Any], None]] = {
            LegRinging: self._operators.phones.rang,
            LegAnswered: self._operators.phones.answered,
            LegFailed: self._operators.phones.failed,
            LegEnded: self._operators.phones.ended,
            LegHeld: self._holding.phone_held,
            LegResumed: self._holding.phone_resumed,
            LegTransferAsked: self._transfers.asked,
        }

    # ------------------------------------------------------------ life

    async def start(self) -> None:
        """End what an earlier run left alive, then dial."""
        self._tasks.spawn(self._recorder.run(), "recorder")
        await recover(self._floor)
        self._floor.ports.lines.listen(self._listen)
        read_trunks(self._floor)
        self._tasks.spawn(self._dialing.run(), "dialing")

    async def drain(self, patience_s: float = 600.0) -> bool:
        """Place nothing more, take back what only rings, wait for the talks. False: some were still on."""
        self._floor.draining = True
        for call in list(self._floor.calls.values()):
            self._floor.guarded(self._calls.take_back_for_good, call)
        ended = await self._until(lambda: not self._floor.calls, patience_s)
        await self._flush()
        return ended

    async def stop(self, talk_s: float = 0.0) -> None:
        """Drain for `talk_s` seconds, then end every call and every phone, and write the last facts."""
        await self.drain(talk_s)
        for call in list(self._floor.calls.values()):
            self._floor.guarded(self._calls.end, call, EndedBy.ENGINE, Reason("service_stopped"))
        await self._until(lambda: not self._floor.calls, _STOP_S)
        for seat in list(self._floor.seats.values()):
            self._floor.guarded(self._operators.close, seat, Reason("service_stopped"))
        await self._until(lambda: not self._floor.phones, _STOP_S)
        await self._flush()
        await self._tasks.close()

    async def _flush(self) -> None:
        try:
            await asyncio.wait_for(self._recorder.flush(), _STOP_S)
        except TimeoutError:
            _log.error("the journal did not take the last facts; the next start ends these calls as lost")

    async def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not done():
                    self._floor.fewer.clear()
                    await self._floor.fewer.wait()
        return done()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # ------------------------------------------------------------ doors: operators

    async def sign_in(self, operator: OperatorId, extension: str) -> OperatorView:
        """Call the operator's phone; it stays up for the shift. Raises PhoneRefused, Draining."""
        return operator_view(await self._operators.sign_in(operator, extension))

    async def set_ready(self, operator: OperatorId) -> OperatorView:
        """Ready now, or when the phone is up or the wrap-up is over. Raises NotSignedIn."""
        return operator_view(self._operators.set_ready(operator))

    async def set_not_ready(self, operator: OperatorId, reason: Reason | None = None) -> OperatorView:
        """Not ready now, or after the call. Raises NotSignedIn."""
        return operator_view(self._operators.set_not_ready(operator, reason))

    async def sign_off(self, operator: OperatorId) -> OperatorView | None:
        """Offline now, or after the call."""
        seat = self._operators.sign_off(operator)
        return None if seat is None else operator_view(seat)

    async def hang_up(self, call: CallId, operator: OperatorId) -> None:
        """End the call that the operator talks on. Raises NotYourCall."""
        self._calls.hang_up_by(call, operator)

    async def pause_recording(self, call: CallId, operator: OperatorId, *, paused: bool) -> None:
        """Record silence, or sound again, of the call that the operator talks on. Raises NotYourCall."""
        self._calls.taping.pause(call, operator, paused)

    async def hold(self, call: CallId, operator: OperatorId, *, held: bool) -> None:
        """Let the customer wait with music, or talk again. Raises NotYourCall."""
        if held:
            self._holding.hold(call, operator)
        else:
            self._holding.resume(call, operator)

    async def mute(self, call: CallId, operator: OperatorId, *, muted: bool) -> None:
        """The customer does not hear the operator, or does again. Raises NotYourCall."""
        self._holding.mute(call, operator, muted)

    async def press(self, call: CallId, operator: OperatorId, keys: str) -> None:
        """Press keys (0-9 * # A-D) for the customer's side. Raises NotYourCall, KeysNotTaken."""
        self._holding.press(call, operator, keys)

    async def transfer(self, call: CallId, operator: OperatorId, to: OperatorId, *, warm: bool) -> None:
        """Give the customer to a ready colleague; `warm`: after a word with the operator.

        Raises NotYourCall, NoTransfer, OperatorNotReady.
        """
        self._transfers.to_operator(call, operator, to, warm=warm)

    async def transfer_to_phone(self, call: CallId, operator: OperatorId, extension: str, *, warm: bool) -> None:
        """Call a phone of the exchange to take the customer over; `warm`: after a word with the operator.

        Raises NotYourCall, NoTransfer, PhoneRefused, OperatorNotReady.
        """
        await self._transfers.to_phone(call, operator, extension, warm=warm)

    async def end_transfer(self, call: CallId, operator: OperatorId, *, complete: bool) -> None:
        """Join the customer to whom the operator has spoken with, or let that phone go and talk to the customer again.

        Raises NotYourCall, NoTransfer.
        """
        if complete:
            self._transfers.complete(call, operator)
        else:
            self._transfers.take_back(call, operator)

    async def monitor(self, call: CallId, supervisor: OperatorId, extension: str, mode: MonitorMode) -> None:
        """Call the supervisor's phone and let it hear the call; again: in another mode.

        Raises CannotMonitor, AlreadyListening, PhoneRefused.
        """
        await self._supervision.listen(call, supervisor, extension, mode)

    async def stop_monitoring(self, call: CallId, supervisor: OperatorId) -> None:
        """Listen no more; who does not listen to this call does not mind."""
        self._supervision.stop(call, supervisor)

    async def disposed(self, call: CallId, operator: OperatorId) -> None:
        """The call has its disposition: wrap-up is over."""
        self._operators.disposed(operator, call)

    def talk(self, operator: OperatorId) -> TalkView | None:
        """How the operator's talk stands; None: there is none."""
        call = next((c for c in self._floor.calls.values() if c.operator == operator and is_talk(c)), None)
        return None if call is None else talk_view(call, self._transfers.of(call.id), self._floor.monotonic())

    def listening(self, supervisor: OperatorId) -> ListeningView | None:
        """Which call the supervisor hears, and how; None: none."""
        return self._supervision.view(supervisor)

    def operator(self, operator: OperatorId) -> OperatorView | None:
        seat = self._floor.seats.get(operator)
        return None if seat is None else operator_view(seat)

    def operators(self) -> Sequence[OperatorView]:
        return [operator_view(seat) for seat in self._floor.seats.values()]

    # ------------------------------------------------------------ doors: campaigns and trunks

    def refresh(self) -> None:
        """Campaigns, leads or rights have changed: look again at once."""
        self._dialing.refresh()

    def campaign_status(self, campaign: CampaignId) -> CampaignStatus:
        run = self._floor.runs.get(campaign)
        return not_running(campaign) if run is None else campaign_status(self._floor, run)

    def trunks(self) -> Sequence[TrunkState]:
        """Each trunk; `reason` says why the engine does not dial on it, even if the line is up."""
        now = self._floor.monotonic()
        return [_seen(state, self._floor.trunks.get(state.name), now) for state in self._floor.ports.lines.trunks()]

    # ------------------------------------------------------------ what the line says

    def _listen(self, event: LineEvent) -> None:
        if isinstance(event, TrunkMoved):
            self._floor.guarded(self._trunk_moved, event.state)
        elif isinstance(event, LegOffered):
            self._floor.guarded(self._incoming.offered, event)
        elif isinstance(event, MonitorEnded):
            self._floor.guarded(self._supervision.ended, event)
        elif isinstance(event, LegFailed | LegEnded) and self._incoming.gave_up(event.leg):
            return
        else:
            self._leg_event(event)

    def _leg_event(self, event: LegEvent) -> None:
        call = self._floor.by_leg.get(event.leg)
        phone = self._floor.phones.get(event.leg)
        if call is not None:
            if type(event) in self._on_call:
                self._calls.safely(call, self._on_call[type(event)], event)
        elif phone is not None and type(event) in self._on_phone:
            self._floor.guarded(self._on_phone[type(event)], phone, event)
        elif isinstance(event, LegAnswered) and phone is None:  # whoever placed it has given it up
            self._floor.guarded(self._floor.ports.lines.hang_up, event.leg)

    def _trunk_moved(self, state: TrunkState) -> None:
        now = self._floor.monotonic()
        guard = self._floor.trunks.get(state.name)
        if guard is None:
            guard = self._floor.trunks[state.name] = TrunkGuard(state, now)
            changed = True
        else:
            changed = guard.moved(state, now)
        if changed:
            self._recorder.put(TrunkChanged(state.name, state.up, state.reason, self._floor.now()))
        self._floor.wake.set()

    # ------------------------------------------------------------ another owner

    def _overtaken(self, owner: str) -> None:
        """A fence was overtaken: end the calls under it and write nothing more of them."""
        _log.error("another engine has taken over; its calls are ended here", component=owner)
        if owner == ENGINE:
            self.overtaken = self._floor.draining = True
        for run in self._floor.runs.values():
            run.overtaken = run.overtaken or owner in (run.owner, ENGINE)
        for call in list(self._floor.calls.values()):
            if owner in (call.owner, ENGINE):
                call.muted = True
                self._floor.guarded(self._calls.end, call, EndedBy.ENGINE, Reason("overtaken"))
        if owner == ENGINE:
            for seat in list(self._floor.seats.values()):
                self._floor.guarded(self._operators.close, seat, Reason("overtaken"))


def _seen(state: TrunkState, guard: TrunkGuard | None, now: float) -> TrunkState:
    closed = guard.closed(now) if guard is not None and state.up else None
    if closed is None:
        return state
    return replace(state, reason=closed)
