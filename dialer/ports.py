"""What the engine needs from the world, as Protocols, and the values that pass through them.

`dialer.memory` has the same in memory for tests and the simulator; `cli` joins the real ones.
Times called `at` are aware UTC datetimes; durations are seconds as float; numbers are E.164 with `+`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from dialer.outcomes import Outcome

AttemptId = NewType("AttemptId", str)
CallId = NewType("CallId", str)
CampaignId = NewType("CampaignId", str)
LeadId = NewType("LeadId", str)
LegId = NewType("LegId", str)
OperatorId = NewType("OperatorId", str)
PersonId = NewType("PersonId", str)
ProjectId = NewType("ProjectId", str)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something does or does not happen. `code` is stable, the pages translate it; `values` fill its sentence."""

    code: str
    values: Mapping[str, str | int | float] = field(default_factory=dict[str, "str | int | float"])


# ---------------------------------------------------------------- what is to be dialed


class Temperature(StrEnum):
    COLD = "cold"
    WARM = "warm"
    HOT = "hot"


class Mode(StrEnum):
    PROGRESSIVE = "progressive"
    PREDICTIVE = "predictive"


class Detection(StrEnum):
    """Whether machines are told from people, and what becomes of a call that a machine answered."""

    OFF = "off"
    HANG_UP = "hang_up"
    MESSAGE = "message"  # the campaign's message is left after the beep


DETECTOR_ERROR = 0.03
"""Where nothing was measured: what is aimed at."""
DETECTOR_S = 3.5
"""The deadline of the detector where a campaign names none (`media.detector.Tuning.total_s`)."""
JOIN_S = 0.2
"""So much before the connect limit the word on who answered has to have come."""


@dataclass(frozen=True, slots=True)
class Detector:
    """How a campaign tells machines from people.

    `measures`: seconds by their names in `media.detector.Tuning`; what is not named is as usual. `error`: the share of
    people who are taken for machines, as it was measured; they count as abandoned.
    """

    detection: Detection = Detection.OFF
    measures: Mapping[str, float] = field(default_factory=dict[str, float])
    error: float = DETECTOR_ERROR

    @property
    def total_s(self) -> float:
        """Seconds from the answer within which the word on who it was is wanted."""
        return self.measures.get("total_s", DETECTOR_S)


class WithoutRecording(StrEnum):
    """What a campaign that is recorded does while recordings cannot be written."""

    GO_ON = "go_on"  # its calls are marked
    STOP = "stop"  # it places no more


@dataclass(frozen=True, slots=True)
class Campaign:
    """A running campaign as the engine sees it. Seconds are float; `abandonment_limit` is a share (0.03)."""

    id: CampaignId
    project: ProjectId
    name: str
    temperature: Temperature
    mode: Mode
    caller_id: str
    trunk: str
    ring_s: float
    wrap_up_s: float
    connect_s: float = 2.0
    max_lines: int = 30
    abandonment_limit: float = 0.03
    priority: int = 0
    message: str | None = None  # prompt for people who cannot be connected in time; obligatory for PREDICTIVE
    detector: Detector = field(default=Detector())
    record: bool = False
    without_recording: WithoutRecording = WithoutRecording.GO_ON


@dataclass(frozen=True, slots=True)
class Lead:
    """One reserved lead, with the number to dial."""

    id: LeadId
    campaign: CampaignId
    project: ProjectId
    person: PersonId
    number: str
    tries: int


@dataclass(frozen=True, slots=True)
class DialogSeed:
    """The identifiers of a dialog that does not exist yet, fixed before the INVITE leaves (RFC 3261 §8.1.1).

    `local_address` is "host:port" of the socket that will send.
    """

    call_id: str
    from_tag: str
    cseq: int
    local_address: str


@dataclass(frozen=True, slots=True)
class DialogRef:
    """What it takes to end a dialog after a restart: the seed and what the other side's answers added."""

    seed: DialogSeed
    trunk: str
    request_uri: str
    from_uri: str
    to_uri: str
    to_tag: str | None = None
    remote_target: str | None = None
    route_set: tuple[str, ...] = ()


class AttemptKind(StrEnum):
    CALL = "call"
    LEG = "leg"


@dataclass(frozen=True, slots=True)
class AttemptStart:
    """Committed before the INVITE. `number` is sealed by the store; a leg has neither lead nor campaign."""

    id: AttemptId
    kind: AttemptKind
    number: str
    trunk: str
    dialog: DialogRef
    fence: int
    at: datetime
    lead: LeadId | None = None
    no: int | None = None
    campaign: CampaignId | None = None
    project: ProjectId | None = None
    operator: OperatorId | None = None


@dataclass(frozen=True, slots=True)
class LostAttempt:
    """An attempt that was alive when the engine died."""

    id: AttemptId
    kind: AttemptKind
    dialog: DialogRef
    answered: bool
    fence: int
    lead: LeadId | None = None
    campaign: CampaignId | None = None
    project: ProjectId | None = None


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


@dataclass(frozen=True, slots=True)
class LeadCounts:
    """`next_at`: when the next lead comes due; `waits_for`: the code of what that one waits for, if it is known."""

    callable: int
    later: int
    next_at: datetime | None = None
    waits_for: str | None = None


# ---------------------------------------------------------------- what is allowed


@dataclass(frozen=True, slots=True)
class DialRequest:
    """One wish to place one call. `campaign` None: a leg or a manual call."""

    kind: AttemptKind
    number: str
    trunk: str
    campaign: CampaignId | None = None
    project: ProjectId | None = None
    lead: LeadId | None = None
    operator: OperatorId | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of `may_dial`. `next_at`: the first moment at which it may be asked again; None: never."""

    allowed: bool
    reason: Reason | None = None
    next_at: datetime | None = None


class Rules(Protocol):
    async def may_dial(self, request: DialRequest, now: datetime) -> Verdict:
        """The one gate of every call to a number."""
        ...


@dataclass(frozen=True, slots=True)
class BudgetCounts:
    """Live answers and abandoned calls of a campaign inside its window, and answers judged to be nobody's."""

    live: float
    abandoned: float
    machines: int = 0


class BudgetLedger(Protocol):
    async def counts(self, campaign: CampaignId, now: datetime) -> BudgetCounts:
        """What the store knows of the window; read at start, kept by the engine from then on."""
        ...


@dataclass(frozen=True, slots=True)
class Estimates:
    """What past attempts of a campaign say: dialed and answered by people, seconds of talk and wrap-up."""

    dialed: int
    live: int
    talk_s: float | None
    wrap_up_s: float | None
    ring_s: float | None


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


@dataclass(frozen=True, slots=True)
class Caller:
    project: ProjectId | None
    person: PersonId | None = None
    campaign: CampaignId | None = None
    lead: LeadId | None = None
    greeting: str | None = None


# ---------------------------------------------------------------- what happened


@dataclass(frozen=True, slots=True)
class AttemptRinging:
    attempt: AttemptId
    fence: int
    status: int
    dialog: DialogRef
    at: datetime


@dataclass(frozen=True, slots=True)
class AttemptAnswered:
    attempt: AttemptId
    fence: int
    dialog: DialogRef
    at: datetime


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """Final. `status`: the last SIP status (0: none). `ring_s`, `talk_s`: seconds."""

    attempt: AttemptId
    fence: int
    kind: AttemptKind
    outcome: Outcome
    status: int
    ring_s: float
    talk_s: float
    at: datetime
    lead: LeadId | None = None
    campaign: CampaignId | None = None
    project: ProjectId | None = None


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A live call: an answered outgoing one, or an incoming one at its INVITE. `number`: the other side, if known."""

    call: CallId
    direction: Direction
    project: ProjectId
    number: str | None
    at: datetime
    campaign: CampaignId | None = None
    lead: LeadId | None = None
    person: PersonId | None = None
    attempt: AttemptId | None = None
    called: str | None = None


@dataclass(frozen=True, slots=True)
class CallQueued:
    call: CallId
    project: ProjectId
    place: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CallConnected:
    """Joined to an operator: this becomes the screen-pop. `connect_ms`: answer (or arrival) to the bridge."""

    call: CallId
    project: ProjectId
    operator: OperatorId
    connect_ms: float
    at: datetime


@dataclass(frozen=True, slots=True)
class LegSound:
    """How a leg sounded, as far as we heard it. `loss`: a share; `mos`: 1.0 to 4.41, an estimate (ITU-T G.107).

    `first_voice_ms`: from the answer to the first packet with a voice that was relayed to the leg; None: none was.
    """

    loss: float
    jitter_ms: float
    round_trip_ms: float | None
    mos: float
    first_voice_ms: float | None


class EndedBy(StrEnum):
    CUSTOMER = "customer"
    OPERATOR = "operator"
    ENGINE = "engine"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class CallEnded:
    call: CallId
    project: ProjectId
    by: EndedBy
    reason: Reason
    talk_s: float
    at: datetime
    operator: OperatorId | None = None
    sound: LegSound | None = None


@dataclass(frozen=True, slots=True)
class OperatorChanged:
    """`state`: a name of `dialer.operator.State`. `until`: when the state ends by itself (wrap-up)."""

    operator: OperatorId
    state: str
    reason: Reason | None
    at: datetime
    call: CallId | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CampaignPaced:
    """Written when the reason changes, not at every decision."""

    campaign: CampaignId
    project: ProjectId
    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True)
class TrunkChanged:
    trunk: str
    up: bool
    reason: Reason
    at: datetime


Fact = (
    AttemptRinging
    | AttemptAnswered
    | AttemptEnded
    | CallStarted
    | CallQueued
    | CallConnected
    | CallEnded
    | OperatorChanged
    | CampaignPaced
    | TrunkChanged
)


class Journal(Protocol):
    async def record(self, *facts: Fact) -> bool:
        """Commit these facts, in order, in one transaction, with the events that they mean.

        False: a fence was overtaken, nothing was written: end the calls, write nothing more.
        """
        ...


# ---------------------------------------------------------------- recordings


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What a recording is of. `operator`: who was joined first."""

    call: CallId
    project: ProjectId
    campaign: CampaignId | None
    operator: OperatorId | None


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


# ---------------------------------------------------------------- the line


@dataclass(frozen=True, slots=True)
class TrunkState:
    name: str
    up: bool
    reason: Reason
    channels: int  # room for this many calls at once
    in_use: int
    cps: float = 0.0  # new calls a second at most; 0: no limit


@dataclass(frozen=True, slots=True)
class LegRinging:
    leg: LegId
    status: int
    dialog: DialogRef


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The 200 OK arrived and was acknowledged. `at`: monotonic seconds of its arrival."""

    leg: LegId
    dialog: DialogRef
    at: float


@dataclass(frozen=True, slots=True)
class LegFailed:
    """No call came about. `status` 0: nothing came back (RFC 3261 timer B), or 487 after our CANCEL."""

    leg: LegId
    status: int
    reason: str
    retry_after: float | None = None  # seconds, when the other side asked for a rest (RFC 3261 §20.33)


@dataclass(frozen=True, slots=True)
class LegEnded:
    """An answered leg is over. `by_us`: we hung up."""

    leg: LegId
    by_us: bool
    cause: str
    sound: LegSound | None = None


@dataclass(frozen=True, slots=True)
class LegOffered:
    """An incoming INVITE from a trunk, not answered yet. `number`: the caller if shown; `called`: the number called."""

    leg: LegId
    trunk: str
    number: str | None
    called: str
    name: str


@dataclass(frozen=True, slots=True)
class PromptEnded:
    leg: LegId
    prompt: str


@dataclass(frozen=True, slots=True)
class LegJudged:
    """The detector's one word on who answered. `heard`: "human", "silence", "machine", "beep", "sit" or "fax".

    `confidence`: 0 to 1, to rank by; `reason`: a stable code. `at_s`: seconds since the answer.
    """

    leg: LegId
    heard: str
    confidence: float
    reason: str
    at_s: float


@dataclass(frozen=True, slots=True)
class LegBeeped:
    """After the word "machine" or "beep": the beep is over, a message may begin."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class TrunkMoved:
    state: TrunkState


LineEvent = (
    LegRinging | LegAnswered | LegFailed | LegEnded | LegOffered | LegJudged | LegBeeped | PromptEnded | TrunkMoved
)


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
