"""What happened, as the engine tells the journal. Times and numbers as in `dialer.shapes`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dialer.outcomes import Outcome
from dialer.shapes import (
    AttemptId,
    AttemptKind,
    CallId,
    CampaignId,
    DialogRef,
    LeadId,
    MonitorMode,
    OperatorId,
    PersonId,
    ProjectId,
    Reason,
)


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
    """Final. `status`: the last SIP status (0: none). `ring_s`, `talk_s`: seconds. `keeps_lead`: the lead stays
    reserved, as another attempt follows at once by another trunk."""

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
    keeps_lead: bool = False


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A live call: an answered outgoing one, or an incoming one at its INVITE. `number`: the other side, if known.

    `withheld` and `diverted_by` as of `dialer.line_events.LegOffered`.
    """

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
    withheld: bool = False
    diverted_by: tuple[str, ...] = ()


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


class HeldBy(StrEnum):
    OPERATOR = "operator"  # by the desk, or by the hold key of the phone
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class CallHeld:
    """The operator put the customer on hold, or the customer's side does not want to hear."""

    call: CallId
    project: ProjectId
    operator: OperatorId
    by: HeldBy
    at: datetime


@dataclass(frozen=True, slots=True)
class CallResumed:
    """`hold_s`: seconds for which operators held the customer, all in all."""

    call: CallId
    project: ProjectId
    operator: OperatorId
    by: HeldBy
    hold_s: float
    at: datetime


@dataclass(frozen=True, slots=True)
class CallTransferred:
    """The customer talks to somebody else now: `to` is an operator, `extension` a phone of the exchange."""

    call: CallId
    project: ProjectId
    operator: OperatorId
    at: datetime
    to: OperatorId | None = None
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The phone was not reached; the customer is with the operator as before."""

    call: CallId
    project: ProjectId
    operator: OperatorId
    extension: str
    reason: Reason
    at: datetime


@dataclass(frozen=True, slots=True)
class CallMonitored:
    """A supervisor hears the call from now on, in this mode; again when the mode changes."""

    call: CallId
    project: ProjectId
    operator: OperatorId
    supervisor: OperatorId
    mode: MonitorMode
    at: datetime


@dataclass(frozen=True, slots=True)
class MonitoringEnded:
    """The supervisor, who had listened since `began_at`, has left; None: it never began, for this reason."""

    call: CallId
    project: ProjectId
    operator: OperatorId | None
    supervisor: OperatorId
    reason: Reason
    began_at: datetime | None
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
    hold_s: float = 0.0


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
    | CallHeld
    | CallResumed
    | CallTransferred
    | TransferFailed
    | CallMonitored
    | MonitoringEnded
    | CallEnded
    | OperatorChanged
    | CampaignPaced
    | TrunkChanged
)
