"""From the engine's tables to what a pacing decision may look at."""

from collections.abc import Iterator

from dialer.budget import with_mistakes
from dialer.ending import may_be_waited_for
from dialer.floor import Floor, Run, Seat
from dialer.operator import State
from dialer.pacing import Snapshot, hourly
from dialer.shapes import Mode, Temperature
from dialer.ways import Ways


def seats_of(floor: Floor, run: Run) -> list[Seat]:
    """The operators who may take the campaign's calls and whose phone is up."""
    project = run.campaign.project
    away = (State.OFFLINE, State.CONNECTING)
    return [s for s in floor.seats.values() if project in s.projects and s.day.state not in away]


def snapshot(floor: Floor, run: Run) -> Snapshot:
    """What the campaign stands before now. A hot lead does not yield to calls that may be answered."""
    campaign, observed = run.campaign, run.observed
    seats = seats_of(floor, run)
    ready = [s for s in seats if s.day.state is State.READY]
    projects = frozenset(p for s in seats for p in s.projects)
    wanted_now = frozenset({campaign.project}).union(*(s.projects for s in ready))
    hot = campaign.temperature is Temperature.HOT
    team = sum(s.day.at_work for s in seats)
    lines = sum(1 for _ in floor.lines_of(campaign.id))
    return Snapshot(
        mode=campaign.mode,
        ready=len(ready),
        team=team,
        lines=lines,
        max_lines=campaign.max_lines,
        room=Ways(floor, campaign).room,
        freeing=tuple(_freeing(floor, run, seats)) if campaign.mode is Mode.PREDICTIVE else (),
        flights=() if hot else tuple(_flights(floor, projects)),
        waiting=floor.queue.waiting(wanted_now),
        rate=observed.rate,
        limit=campaign.abandonment_limit,
        counts=with_mistakes(run.counts, campaign.detector.error),
        hourly=hourly(team, observed.talk.mean, observed.wrap_up.mean),
        has_message=campaign.message is not None,
    )


def _flights(floor: Floor, projects: frozenset[str]) -> Iterator[float]:
    now = floor.monotonic()
    for call in floor.calls.values():
        if may_be_waited_for(call) and call.project in projects and call.campaign is not None:
            run = floor.runs.get(call.campaign.id)
            if run is not None:
                answered = call.life.answered_at is not None  # and listened to: whoever it is, likely a person
                yield 1.0 if answered else run.observed.chance(max(0.0, now - call.life.began_at))


def _freeing(floor: Floor, run: Run, seats: list[Seat]) -> Iterator[float]:
    now, observed = floor.monotonic(), run.observed
    horizon = observed.ring.mean + 0.5 * run.campaign.connect_s
    for seat in seats:
        if not seat.day.at_work:
            continue
        elapsed = now - seat.day.since
        if seat.day.state is State.TALKING:
            yield observed.free_after_talk(elapsed, horizon)
        elif seat.day.state is State.WRAP_UP:
            yield observed.free_after_wrap_up(elapsed, seat.wrap_up_ends - now, horizon)
