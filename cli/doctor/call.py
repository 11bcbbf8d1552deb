"""A test call through a trunk: is it answered, and is each side heard by the other?"""

import asyncio

from cli.doctor.finding import Finding, note, ok, problem
from cli.phone.calls import RING_S, until_answered
from cli.phone.ear import Ear
from cli.phone.line import Line, LineTrouble, opened
from cli.phone.station import NotCalled, Station, refuse_forbidden
from media import player
from media.session import Leg

LISTEN_S = 16.0
"""Seconds in which the far end's report on our sound is waited for: one goes about every 5 s (RFC 3550 §6.2)."""
_LOOK_S = 0.1
CALL, THEIRS, OURS = "test call", "sound to here", "sound to there"


async def look(station: Station, number: str, language: str) -> list[Finding]:
    """Call `number` and listen. Takes as long as it rings, and at most 16 s more."""
    told: list[str] = []
    try:
        refuse_forbidden(number, station.extensions)
        async with opened(station, told.append) as line:
            line.dial(number, None)
            if not await until_answered(line, RING_S):
                return [
                    problem(CALL, f"{number}: {told[-1] if told else 'not answered'}", "call a number that is answered")
                ]
            assert line.leg is not None
            loud = await _listen(line, line.leg, language)
            return [ok(CALL, f"{number} was answered"), *_judged(line.leg, loud, station)]
    except (NotCalled, LineTrouble) as error:
        return [problem(CALL, str(error).rstrip("."), "choose another number for --call")]


async def _listen(line: Line, leg: Leg, language: str) -> int:
    """Until both sides are known to be heard, the far end hangs up, or patience ends; gives the packets with sound."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + LISTEN_S
    with Ear(None) as ear:
        leg.sink = ear
        player.play(leg, player.prompt("wait", language), repeat=True)
        while not _is_known(leg) and not line.over.is_set() and loop.time() < ends:  # noqa: ASYNC110  counts, no event
            await asyncio.sleep(_LOOK_S)
        return ear.loud


def _is_known(leg: Leg) -> bool:
    return leg.stats.received > 0 and leg.quality.remote_lost is not None


def _judged(leg: Leg, loud: int, station: Station) -> list[Finding]:
    return [_theirs(leg, loud, station), _ours(leg)]


def _theirs(leg: Leg, loud: int, station: Station) -> Finding:
    if not leg.stats.received:
        return problem(
            THEIRS,
            f"no packet came to {leg.local.host}",
            f"let UDP {station.ports.low} to {station.ports.high} in, or correct media.advertise",
        )
    quality = leg.quality
    found = f"{leg.stats.received} packets, {quality.lost} lost, jitter {quality.jitter_ms:.1f} ms"
    return ok(THEIRS, found) if loud else note(THEIRS, f"{found}, all of them silence")


def _ours(leg: Leg) -> Finding:
    quality = leg.quality
    if quality.remote_lost is None:
        return note(OURS, "the far end did not report what it hears", "ask whoever answered")
    trip = "" if quality.round_trip_ms is None else f", round trip {quality.round_trip_ms:.0f} ms"
    return ok(OURS, f"the far end lost {quality.remote_lost} of {leg.stats.sent} packets{trip}")
