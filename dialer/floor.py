"""What all parts of the engine share: ports, settings, the tables of live calls, operators and campaigns."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from dialer import call as lives
from dialer import operator as days
from dialer.errors import NotYourCall
from dialer.estimates import Observed
from dialer.facts import Direction, EndedBy, LegSound
from dialer.pacing import Pace
from dialer.ports import BudgetLedger, Callers, Clock, History, Journal, Leads, Lines, Qualifications, Recordings, Rules
from dialer.queue import Queue
from dialer.recorder import Recorder
from dialer.shapes import (
    AttemptId,
    BudgetCounts,
    Caller,
    CallId,
    Campaign,
    CampaignId,
    DialogRef,
    Lead,
    LegId,
    OperatorId,
    ProjectId,
    Reason,
)
from dialer.trunk import TrunkGuard
from kit import log, metrics
from kit.tasks import Tasks

_log = log.get("dialer.engine")
TROUBLE = metrics.counter("engine_trouble", "Errors at the engine's edge; each ended at most its own call", ("kind",))

ENGINE = "engine"
"""The resource whose fence operators' legs and incoming calls carry."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the engine behaves beyond its campaigns. Seconds as float; prompts by name.

    `patience_s`: how old a decision to dial may be when the INVITE leaves. `ending_s`: how long the line has
    to confirm an end (RFC 3261: timers B and F last 32 s).
    """

    leg_trunk: str
    leg_caller_id: str = "ahize"
    leg_ring_s: float = 30.0
    tick_s: float = 0.5
    refresh_s: float = 5.0
    recount_s: float = 3600.0
    patience_s: float = 5.0
    ending_s: float = 40.0
    wrap_up_s: float = 30.0
    greeting: str = "greeting"
    hold: str = "wait"


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the engine needs from the world."""

    leads: Leads
    rules: Rules
    ledger: BudgetLedger
    history: History
    qualifications: Qualifications
    callers: Callers
    journal: Journal
    lines: Lines
    clock: Clock
    recordings: Recordings | None = None


class PhoneOwner(Protocol):
    """Whose phone it is that is called."""

    def phone_up(self, leg: "PhoneLeg") -> None: ...

    def phone_down(self, leg: "PhoneLeg", event: days.Event, reason: Reason) -> None:
        """`event`: LEG_FAILED or LEG_LOST."""
        ...


class CallWatcher(Protocol):
    """Whoever goes along with a talk without being one of the two."""

    def phone_down(self, leg: "PhoneLeg", event: days.Event, reason: Reason) -> None:
        """An operator's phone is gone, maybe one that the watcher uses."""
        ...

    def bridged(self, call: "LiveCall", leg: LegId) -> None:
        """The customer and this leg hear each other from now on."""
        ...

    def parted(self, call: "LiveCall") -> None:
        """The operator's leg ended; the customer waits for another."""
        ...

    def over(self, call: "LiveCall") -> None:
        """It ends, which the line has not confirmed yet, or is gone; may come twice."""
        ...


@dataclass(slots=True)
class Hold:
    """Whether the operator lets the customer wait, and was not to be heard. `since`: monotonic seconds; `by_phone`: by
    the key of the operator's phone, which ends it too."""

    since: float | None = None
    by_phone: bool = False
    before_s: float = 0.0
    muted: bool = False

    def total(self, now: float) -> float:
        """Seconds of hold so far."""
        return self.before_s + (now - self.since if self.since is not None else 0.0)

    def end(self, now: float) -> None:
        self.before_s, self.since, self.by_phone = self.total(now), None, False


@dataclass(slots=True, eq=False)
class LiveCall:
    """One customer's call as long as it lives. `fence` is that of `owner`."""

    id: CallId
    leg: LegId
    direction: Direction
    project: ProjectId
    life: lives.Life
    fence: int
    owner: str
    number: str | None = None
    campaign: Campaign | None = None
    lead: Lead | None = None
    trunk: str | None = None  # that it leaves by
    attempt: AttemptId | None = None
    dialog: DialogRef | None = None
    operator: OperatorId | None = None  # reserved for it, or talking
    served_by: OperatorId | None = None  # the latest who talked
    caller: Caller | None = None  # of an incoming call
    prompts: list[str] = field(default_factory=list[str])  # what is still to be said to a caller before the line
    status: int = 0
    sent: bool = False  # the INVITE is out
    diverted: bool = False  # placed again, as the first trunk could not take it
    keeps_lead: bool = False  # its lead goes on to another attempt
    started: bool = False  # CallStarted was noted
    muted: bool = False  # the fence was overtaken: nothing more is written
    taped: bool = False  # its recording has begun
    learned: bool = False  # it is known to the answer rate
    counted: bool = False  # its fate is in the budget
    by: EndedBy | None = None
    reason: Reason | None = None
    sound: LegSound | None = None
    hold: Hold = field(default_factory=Hold)
    targets: tuple[str, ...] | None = None  # of a 3xx; a second one is not followed
    timer: asyncio.TimerHandle | None = None

    @property
    def connect_s(self) -> float:
        return self.campaign.connect_s if self.campaign is not None else 2.0

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


@dataclass(slots=True, eq=False)
class PhoneLeg:
    """One call to a phone of the exchange. `operator`: who sits there, or listens there; None: somebody else."""

    id: LegId
    extension: str
    owner: PhoneOwner
    operator: OperatorId | None
    attempt: AttemptId
    life: lives.Life
    fence: int
    dialog: DialogRef | None = None
    status: int = 0
    timer: asyncio.TimerHandle | None = None

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


@dataclass(slots=True, eq=False)
class Seat:
    """One operator as long as the engine runs. `leg` is the phone in use."""

    id: OperatorId
    extension: str
    day: days.Operator = field(default_factory=days.Operator)
    projects: frozenset[ProjectId] = frozenset()
    leg: LegId | None = None
    campaign: CampaignId | None = None  # of the latest call
    wrap_up_s: float = 0.0
    wrap_up_timer: asyncio.TimerHandle | None = None
    wrap_up_ends: float = 0.0  # monotonic
    until: datetime | None = None
    disposed: CallId | None = None


@dataclass(slots=True, eq=False)
class Run:
    """One campaign that this engine owns."""

    campaign: Campaign
    fence: int
    observed: Observed
    counts: BudgetCounts
    counted_at: float
    running: bool = True
    overtaken: bool = False
    reason: Reason = field(default=Reason("starting"))
    pace: Pace | None = None
    rests_until: float = 0.0  # the list gave nothing: not asked again before
    rest_reason: Reason | None = None
    refused: Reason | None = None  # the latest refusal of the rules

    @property
    def owner(self) -> str:
        return owner_of(self.campaign.id)

    def count(self, abandoned: bool) -> None:
        """One more live answer has its fate."""
        self.counts = replace(self.counts, live=self.counts.live + 1, abandoned=self.counts.abandoned + abandoned)

    def count_machine(self) -> None:
        """One more answer was judged to be nobody's."""
        self.counts = replace(self.counts, machines=self.counts.machines + 1)


def owner_of(campaign: CampaignId) -> str:
    """The resource whose fence a campaign's attempts carry."""
    return f"campaign:{campaign}"


class Floor:
    """The engine's tables. Everything here is touched on the engine's loop only."""

    def __init__(self, ports: Ports, settings: Settings, recorder: Recorder, tasks: Tasks) -> None:
        self.ports, self.settings, self.recorder, self.tasks = ports, settings, recorder, tasks
        self.fence = 0
        self.draining = False
        self.queue = Queue()
        self.calls: dict[CallId, LiveCall] = {}
        self.by_leg: dict[LegId, LiveCall] = {}
        self.phones: dict[LegId, PhoneLeg] = {}
        self.seats: dict[OperatorId, Seat] = {}
        self.runs: dict[CampaignId, Run] = {}
        self.trunks: dict[str, TrunkGuard] = {}
        self.watchers: list[CallWatcher] = []
        self.wake = asyncio.Event()
        """Something came free: the campaigns look again."""
        self.fewer = asyncio.Event()
        """A call or a phone is gone."""

    def now(self) -> datetime:
        return self.ports.clock.now()

    def monotonic(self) -> float:
        return self.ports.clock.monotonic()

    def in_s(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def add(self, call: LiveCall) -> None:
        self.calls[call.id] = call
        self.by_leg[call.leg] = call

    def remove(self, call: LiveCall) -> None:
        self.calls.pop(call.id, None)
        self.by_leg.pop(call.leg, None)
        self.fewer.set()
        self.over(call)

    def over(self, call: LiveCall) -> None:
        """Nobody goes along with the call any more: it ends, or is gone. Twice is fine."""
        for watcher in self.watchers:
            self.guarded(watcher.over, call)

    def talk_of(self, call_id: CallId, operator: OperatorId) -> LiveCall:
        """The call that this operator talks on. Raises NotYourCall."""
        call = self.calls.get(call_id)
        if call is None or call.operator != operator or call.life.state is not lives.State.CONNECTED:
            raise NotYourCall
        return call

    def join(self, call: LiveCall, leg: LegId) -> None:
        """Let the customer and this leg hear each other; a hold ends."""
        self.ports.lines.join(call.leg, leg)
        call.hold.end(self.monotonic())
        for watcher in self.watchers:
            self.guarded(watcher.bridged, call, leg)

    def part(self, call: LiveCall) -> None:
        """The operator's leg is gone: silence for the customer."""
        self.guarded(self.ports.lines.part, call.leg)
        call.hold.end(self.monotonic())
        call.hold.muted = False
        for watcher in self.watchers:
            self.guarded(watcher.parted, call)

    def remove_phone(self, leg: PhoneLeg) -> None:
        self.phones.pop(leg.id, None)
        self.fewer.set()

    def lines_of(self, campaign: CampaignId) -> Iterator[LiveCall]:
        return (c for c in self.calls.values() if c.campaign is not None and c.campaign.id == campaign)

    def later(self, seconds: float, work: Callable[..., None], *args: Any) -> asyncio.TimerHandle:
        """Do `work` after `seconds`; its trouble is logged and goes no further."""
        return asyncio.get_running_loop().call_later(max(0.0, seconds), self.guarded, work, *args)

    def guarded(self, work: Callable[..., None], *args: Any) -> None:
        """The edge of the loop: one call's trouble touches no other."""
        try:
            work(*args)
        except Exception:
            TROUBLE.labels(getattr(work, "__name__", "event")).inc()
            _log.exception("the engine met an error and goes on", kind=getattr(work, "__name__", "event"))
