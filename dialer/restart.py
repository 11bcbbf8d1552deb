"""The first thing after a start: whatever was alive when the engine died is ended and called lost."""

from dialer.facts import AttemptEnded
from dialer.floor import ENGINE, Floor, owner_of
from dialer.outcomes import Outcome
from dialer.shapes import AttemptKind, CampaignId, LostAttempt
from kit import log, metrics

_log = log.get("dialer.restart")
LOST = metrics.counter("attempts_lost", "Attempts found alive at the start and ended")


async def recover(floor: Floor) -> int:
    """Take the engine's fence, end every unfinished attempt on the line and in the store; gives how many.

    Each is ended under a new fence of its campaign, so that a predecessor that still lives can write nothing.
    """
    floor.fence = await floor.ports.leads.take(ENGINE)
    lost = await floor.ports.leads.unfinished()
    fences: dict[CampaignId, int] = {}
    for attempt in lost:
        if attempt.campaign is not None and attempt.campaign not in fences:
            fences[attempt.campaign] = await floor.ports.leads.take(owner_of(attempt.campaign))
        fence = floor.fence if attempt.campaign is None else fences[attempt.campaign]
        _end(floor, attempt, fence)
    await floor.recorder.flush()
    if lost:
        _log.warning("attempts of an earlier run were ended as lost", count=len(lost))
    return len(lost)


def _end(floor: Floor, attempt: LostAttempt, fence: int) -> None:
    try:
        floor.ports.lines.end_lost(attempt.dialog, answered=attempt.answered)
    except LookupError:
        _log.warning("a lost call's trunk is not there any more", trunk=attempt.dialog.trunk, attempt=attempt.id)
    fact = AttemptEnded(
        attempt.id,
        fence,
        attempt.kind,
        Outcome.LOST,
        0,
        0.0,
        0.0,
        floor.now(),
        lead=attempt.lead,
        campaign=attempt.campaign,
        project=attempt.project,
    )
    floor.recorder.put(fact, owner=ENGINE if attempt.kind is AttemptKind.LEG else None)
    LOST.inc()
