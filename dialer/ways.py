"""By which trunk a campaign's next call leaves: those that it names, in its order, or all, by their weights."""

from collections import Counter

from dialer.call import State
from dialer.floor import Floor
from dialer.shapes import Campaign, Reason
from dialer.trunk import TrunkGuard, next_turn

_TO_BE_SENT = frozenset({State.PLACING, State.REDIRECTED})
"""Calls in these states are about to hold a channel."""


class Ways:
    """The trunks that a campaign may use and the room that each has now; `take` gives room away. `but_not`: a trunk
    that is left out."""

    def __init__(self, floor: Floor, campaign: Campaign, but_not: str | None = None) -> None:
        self._in_order = bool(campaign.trunks)
        unsent = Counter(call.trunk for call in floor.calls.values() if call.life.state in _TO_BE_SENT)
        now = floor.monotonic()
        guards = [guard for guard in guards_of(floor, campaign) if guard.state.name != but_not]
        self._room = {guard: guard.room(guard.state.in_use, now, unsent[guard.state.name]) for guard in guards}

    @property
    def room(self) -> int:
        """How many more calls they bear, all together."""
        return sum(self._room.values())

    def take(self) -> str | None:
        """The trunk of the next call; None: no more can be placed."""
        able = [guard for guard, room in self._room.items() if room > 0]
        if not able:
            return None
        chosen = able[0] if self._in_order else next_turn(able)
        self._room[chosen] -= 1
        return chosen.state.name


def guards_of(floor: Floor, campaign: Campaign) -> list[TrunkGuard]:
    """The trunks that the campaign names, in its order; those with a weight where it names none."""
    if campaign.trunks:
        return [floor.trunks[name] for name in campaign.trunks if name in floor.trunks]
    return [guard for guard in floor.trunks.values() if guard.state.weight > 0]


def passed_over(floor: Floor, campaign: Campaign) -> tuple[Reason, ...]:
    """Why some of its trunks get no call now: down, or resting."""
    now = floor.monotonic()
    return tuple(why for guard in guards_of(floor, campaign) if (why := guard.closed(now)) is not None)


def closed(floor: Floor, campaign: Campaign) -> Reason | None:
    """Why no trunk of the campaign can be dialed on at all; None: one can."""
    guards, why = guards_of(floor, campaign), passed_over(floor, campaign)
    if not guards:
        return Reason("no_trunk")
    if len(why) < len(guards):
        return None
    names = ", ".join(guard.state.name for guard in guards)
    return why[0] if len(why) == 1 else Reason("trunks_closed", {"closed": len(why), "trunks": names})


def read_trunks(floor: Floor) -> None:
    """What the lines say of the trunks now."""
    now = floor.monotonic()
    for state in floor.ports.lines.trunks():
        guard = floor.trunks.get(state.name)
        if guard is None:
            floor.trunks[state.name] = TrunkGuard(state, now)
        elif guard.state.up == state.up:
            guard.state = state
