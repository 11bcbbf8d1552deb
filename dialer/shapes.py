"""The values that pass through the engine's ports: ids, what is dialed, what is allowed.

Times called `at` are aware UTC datetimes; durations are seconds as float; numbers are E.164 with `+`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

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


class MonitorMode(StrEnum):
    """Who hears a supervisor on a call: nobody, the operator alone, everybody."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class WithoutRecording(StrEnum):
    """What a campaign that is recorded does while recordings cannot be written."""

    GO_ON = "go_on"  # its calls are marked
    STOP = "stop"  # it places no more


@dataclass(frozen=True, slots=True)
class Campaign:
    """A running campaign as the engine sees it. Seconds are float; `abandonment_limit` is a share (0.03).

    `trunks`: the only ones that its calls leave by, a later one when those before it bear no more; empty: any, by their
    weights.
    """

    id: CampaignId
    project: ProjectId
    name: str
    temperature: Temperature
    mode: Mode
    caller_id: str
    trunks: tuple[str, ...]
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


@dataclass(frozen=True, slots=True)
class LeadCounts:
    """`next_at`: when the next lead comes due; `waits_for`: the code of what that one waits for, if it is known."""

    callable: int
    later: int
    next_at: datetime | None = None
    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class DialRequest:
    """One wish to place one call. `campaign` None: a leg or a manual call. `redirected_from`: the lead's own number,
    where the call to it was sent on to this one."""

    kind: AttemptKind
    number: str
    trunk: str
    campaign: CampaignId | None = None
    project: ProjectId | None = None
    lead: LeadId | None = None
    operator: OperatorId | None = None
    redirected_from: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of `may_dial`. `next_at`: the first moment at which it may be asked again; None: never."""

    allowed: bool
    reason: Reason | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BudgetCounts:
    """Live answers and abandoned calls of a campaign inside its window, and answers judged to be nobody's."""

    live: float
    abandoned: float
    machines: int = 0


@dataclass(frozen=True, slots=True)
class Estimates:
    """What past attempts of a campaign say: dialed and answered by people, seconds of talk and wrap-up."""

    dialed: int
    live: int
    talk_s: float | None
    wrap_up_s: float | None
    ring_s: float | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and how the call is to be taken. `greeting`: a prompt. `record`: the talk is recorded; `notice`: the
    prompt that says so before. `number`: the caller's in E.164, None: as the trunk shows it."""

    project: ProjectId | None
    person: PersonId | None = None
    campaign: CampaignId | None = None
    lead: LeadId | None = None
    greeting: str | None = None
    record: bool = False
    notice: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """What a recording is of. `operator`: who was joined first."""

    call: CallId
    project: ProjectId
    campaign: CampaignId | None
    operator: OperatorId | None
