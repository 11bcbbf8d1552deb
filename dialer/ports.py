"""What the engine needs from the world, as Protocols; values, facts and events of the line pass through them.

`dialer.memory` has the same in memory for tests and the simulator; `cli` joins the real ones.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from dialer.facts import Fact
from dialer.line_events import LineEvent, TrunkState
from dialer.shapes import (
    AttemptId,
    AttemptStart,
    BudgetCounts,
    Caller,
    Campaign,
    CampaignId,
    DialogRef,
    DialRequest,
    Estimates,
    Lead,
    LeadCounts,
    LeadId,
    LegId,
    LostAttempt,
    MonitorMode,
    OperatorId,
    ProjectId,
    Reason,
    RecordedCall,
    Verdict,
)


class Leads(Protocol):
    """The store of leads and attempts. One engine owns a campaign, under a fence that only grows."""

    async def campaigns(self) -> Sequence[Campaign]:
        """Every campaign that is to run now."""
        ...

    async def take(self, resource: str) -> int:
        """Become the owner of `resource` ("campaign:<id>" or "engine"); gives the new fence."""
        ...

    async def reserve(self, campaign: CampaignId, n: int, fence: int, now: datetime) -> Sequence[Lead]:
        """Up to `n` leads whose next callable moment has come, most urgent first. Reserved until begun or released."""
        ...

    async def release(self, lead: LeadId, fence: int, not_before: datetime | None, reason: Reason | None) -> None:
        """Give back a reserved lead undialed; it may not be reserved again before `not_before`.

        `not_before` None with a reason: the rules refuse it for good, the lead is closed with that reason.
        Both None: as if it had never been reserved. Under an overtaken fence nothing happens.
        """
        ...

    async def begin(self, start: AttemptStart) -> bool:
        """Commit the attempt. False: not the owner any more, or the number has a live attempt; do not dial."""
        ...

    async def unfinished(self) -> Sequence[LostAttempt]:
        """Attempts that are not final: after a restart, each is lost."""
        ...

    async def waiting(self, campaign: CampaignId, now: datetime) -> "LeadCounts":
        """How many leads are callable now, and how many come later."""
        ...


class Rules(Protocol):
    async def may_dial(self, request: DialRequest, now: datetime) -> Verdict:
        """The one gate of every call to a number."""
        ...


class BudgetLedger(Protocol):
    async def counts(self, campaign: CampaignId, now: datetime) -> BudgetCounts:
        """What the store knows of the window; read at start, kept by the engine from then on."""
        ...


class History(Protocol):
    async def estimates(self, campaign: CampaignId, now: datetime) -> Estimates:
        """Recent history of a campaign, so that a restart does not begin from nothing."""
        ...


class Qualifications(Protocol):
    async def projects(self, operator: OperatorId) -> frozenset[ProjectId]:
        """The projects whose calls this operator may be given."""
        ...


class Callers(Protocol):
    async def identify(self, number: str | None, called: str) -> "Caller":
        """Who calls and why: project by the called number, person and last campaign by the caller's number."""
        ...


class Journal(Protocol):
    async def record(self, *facts: Fact) -> bool:
        """Commit these facts, in order, in one transaction, with the events that they mean.

        False: a fence was overtaken, nothing was written: end the calls, write nothing more.
        """
        ...


class RecordingSink(Protocol):
    """Where the sound of one recording goes, in pieces; none of these waits for a disk."""

    def begin(self, law: str) -> None:
        """Once, before the first piece: "PCMU" or "PCMA"."""
        ...

    def write(self, piece: bytes) -> None:
        """One second: 8,000 samples, each two bytes, our side and the customer's."""
        ...

    def finish(self, piece: bytes) -> None:
        """The rest, shorter than a second, perhaps empty; the recording is over."""
        ...


class Recordings(Protocol):
    def open(self, call: RecordedCall) -> RecordingSink:
        """A new recording, which is there from now on, even if nothing of it can be written."""
        ...

    def trouble(self) -> Reason | None:
        """Why recordings cannot be kept now; None: they can."""
        ...


class Lines(Protocol):
    """Telephone lines and their sound. Calls come back as `LineEvent`s to the one listener, on the engine's loop."""

    def listen(self, listener: Callable[[LineEvent], None]) -> None: ...

    def trunks(self) -> Sequence[TrunkState]: ...

    def prepare(self, trunk: str, number: str, caller_id: str) -> DialogRef:
        """The identifiers of a dialog to come. Raises LookupError for an unknown trunk."""
        ...

    def dial(self, leg: LegId, dialog: DialogRef, attempt: AttemptId) -> None:
        """Send the INVITE of a prepared dialog."""
        ...

    def cancel(self, leg: LegId) -> None:
        """Take back a leg that rings. A late 200 OK is acknowledged and hung up; the leg ends as LegFailed(487)."""
        ...

    def hang_up(self, leg: LegId) -> None: ...

    def ring(self, leg: LegId) -> None:
        """180 to an offered leg."""
        ...

    def accept(self, leg: LegId) -> None:
        """200 to an offered leg; LegAnswered follows the ACK."""
        ...

    def refuse(self, leg: LegId, status: int) -> None: ...

    def join(self, a: LegId, b: LegId) -> None:
        """Sound flows both ways from the next packet on. `a` is the customer's, on which the first voice is awaited."""
        ...

    def part(self, leg: LegId) -> None:
        """Silence for the leg and for whoever it was joined to."""
        ...

    def play(self, leg: LegId, prompt: str, *, repeat: bool = False) -> None:
        """Play a prompt by name; PromptEnded follows, unless repeated or parted before."""
        ...

    def mute(self, leg: LegId, *, muted: bool) -> None:
        """Nothing of the leg is heard by whoever it is joined to, or it is again; a new join unmutes."""
        ...

    def press(self, leg: LegId, keys: str) -> None:
        """Press keys (0-9 * # A-D) for the other side, one after the other. Raises KeysNotTaken."""
        ...

    def monitor(self, supervisor: LegId, operator: LegId, mode: MonitorMode) -> None:
        """Let a supervisor's leg hear the bridge that the operator's leg is in; again: hear in another mode.

        MonitorEnded follows when the bridge ends, when something else is done with the supervisor's leg, and after
        `stop_monitoring`. Raises CannotMonitor.
        """
        ...

    def stop_monitoring(self, supervisor: LegId) -> None:
        """The bridge is as it was. A leg that monitors nobody does not mind."""
        ...

    def tell_transfer(self, leg: LegId, status: int) -> None:
        """What becomes of the transfer that the leg's other side asked for: 100 takes it on; 200 and above is how it
        ended, or a refusal where it was not taken on."""
        ...

    def judge(self, leg: LegId, measures: Mapping[str, float]) -> None:
        """Listen to who answered, from now on: LegJudged follows within `total_s`, LegBeeped perhaps after it.

        Whatever is joined to the leg or played to it later ends the listening.
        """
        ...

    def record(self, leg: LegId, sink: RecordingSink) -> None:
        """Record what passes the leg, both ways, from now until it ends; `sink.finish` comes then."""
        ...

    def pause_recording(self, leg: LegId, *, paused: bool) -> None:
        """Silence is recorded while paused. A leg that is not recorded does not mind."""
        ...

    def end_lost(self, dialog: DialogRef, *, answered: bool) -> None:
        """CANCEL (not answered) or BYE (answered) for a dialog of a process that died."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Wall clock, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; also counts time asleep where the system can."""
        ...
