"""What the doors see of the engine: values, never its tables."""

from dataclasses import dataclass
from datetime import datetime

from dialer.call import State
from dialer.floor import Floor, LiveCall, Run, Seat
from dialer.pacing import Pace
from dialer.shapes import CallId, CampaignId, Mode, MonitorMode, OperatorId, Reason
from dialer.snapshots import snapshot
from dialer.ways import passed_over


@dataclass(frozen=True, slots=True)
class CampaignStatus:
    """A campaign at this moment. `mode`: what is in force now; `rate`: share of calls that people answer;
    `passed_over`: why some of its trunks get no call now."""

    campaign: CampaignId
    reason: Reason
    mode: Mode
    lines: int
    in_flight: int
    waiting: int
    ready: int
    team: int
    rate: float
    live: int
    abandoned: int
    limit: float
    refused: Reason | None = None
    passed_over: tuple[Reason, ...] = ()

    @property
    def abandonment(self) -> float:
        """Share of live answers that were abandoned."""
        return self.abandoned / self.live if self.live else 0.0


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator at this moment. `until`: when wrap-up ends by itself."""

    operator: OperatorId
    state: str
    reason: Reason | None
    call: CallId | None
    extension: str
    until: datetime | None
    then: str
    talking: bool


@dataclass(frozen=True, slots=True)
class HandedOn:
    """A call on its way to another phone. `answered`: somebody is there; `warm`: and speaks with the operator."""

    extension: str
    warm: bool
    answered: bool


@dataclass(frozen=True, slots=True)
class TalkView:
    """An operator's talk at this moment: whether the customer waits, whether the operator is not to be heard."""

    call: CallId
    held: bool
    muted: bool
    hold_s: float
    transfer: HandedOn | None


@dataclass(frozen=True, slots=True)
class ListeningView:
    """A supervisor on a call. `begun`: the talk is heard; else the phone still rings, or the customer is held."""

    call: CallId
    mode: MonitorMode
    begun: bool


def is_talk(call: LiveCall) -> bool:
    return call.life.state is State.CONNECTED


def talk_view(call: LiveCall, transfer: HandedOn | None, now: float) -> TalkView:
    hold = call.hold
    return TalkView(call.id, hold.since is not None, hold.muted, hold.total(now), transfer)


def campaign_status(floor: Floor, run: Run) -> CampaignStatus:
    now = snapshot(floor, run)
    ahead = run.campaign.mode is Mode.PREDICTIVE and _ahead(run.pace)
    return CampaignStatus(
        run.campaign.id,
        run.reason,
        Mode.PREDICTIVE if ahead else Mode.PROGRESSIVE,
        now.lines,
        sum(call.life.answered_at is None for call in floor.lines_of(run.campaign.id)),
        now.waiting,
        now.ready,
        now.team,
        round(run.observed.rate, 4),
        int(run.counts.live),
        int(run.counts.abandoned),
        run.campaign.abandonment_limit,
        run.refused,
        passed_over(floor, run.campaign),
    )


def _ahead(pace: Pace | None) -> bool:
    return pace is not None and not pace.reserve


def not_running(campaign: CampaignId) -> CampaignStatus:
    """The status of a campaign that the engine does not run."""
    none = Reason("not_running")
    return CampaignStatus(campaign, none, Mode.PROGRESSIVE, 0, 0, 0, 0, 0, 0.0, 0, 0, 0.0)


def operator_view(seat: Seat) -> OperatorView:
    day = seat.day
    until = seat.until if day.state == "wrap_up" else None
    return OperatorView(
        seat.id, day.state, day.reason, day.call, seat.extension, until, day.then, day.state == "talking"
    )
