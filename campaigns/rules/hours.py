"""Calling hours in the customer's own time. Pure.

A week is seven days of windows in minutes of the local clock; a moment is open when it lies inside a window in every
zone that the customer can be in, so that a doubtful zone is never called too early or too late.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
LOOK_AHEAD_DAYS = 9  # a week and the day on either side that zones may differ by

Window = tuple[int, int]
Week = tuple[tuple[Window, ...], ...]

# A number whose zone nobody knows could be anywhere: only what is open everywhere is open for it.
ANYWHERE = tuple(f"Etc/GMT{offset:+d}" for offset in range(-14, 13))


def week_of(hours: Mapping[str, Sequence[Sequence[str]]]) -> Week:
    """The week that {"mon": [["09:00", "20:00"]], …} says; a day that is not named is closed.

    Raises ValueError with a sentence that names what is wrong.
    """
    unknown = sorted(set(hours) - set(DAYS))
    if unknown:
        raise ValueError(f"{unknown[0]} is no day; the days are {', '.join(DAYS)}")
    return tuple(_day_of(name, hours.get(name, ())) for name in DAYS)


def _day_of(name: str, windows: Sequence[Sequence[str]]) -> tuple[Window, ...]:
    found = sorted(_window_of(name, window) for window in windows)
    for earlier, later in pairwise(found):
        if later[0] < earlier[1]:
            raise ValueError(f"two windows of {name} overlap; write them as one")
    return tuple(found)


def _window_of(name: str, window: Sequence[str]) -> Window:
    if len(window) != 2:
        raise ValueError(f'a window of {name} is two times, like ["09:00", "20:00"]')
    start, end = _minute_of(name, window[0]), _minute_of(name, window[1])
    if start >= end:
        raise ValueError(f"a window of {name} ends before it begins; a night is two windows, on two days")
    return start, end


def _minute_of(name: str, text: str) -> int:
    hour, colon, minute = text.partition(":")
    if not (colon and len(hour) == len(minute) == 2 and (hour + minute).isascii() and (hour + minute).isdigit()):
        raise ValueError(f"{text!r} on {name} is no time; write it like 09:00")
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > MIDNIGHT:
        raise ValueError(f"{text!r} on {name} is no time of a day; the last one is 24:00")
    return value


def is_open(week: Week, zones: Sequence[str], at: datetime) -> bool:
    """Whether `at` (aware) lies in a window in every one of `zones` (IANA names; none: anywhere)."""
    return all(_is_open_in(week, zone, at) for zone in zones or ANYWHERE)


def _is_open_in(week: Week, zone: str, at: datetime) -> bool:
    local = at.astimezone(_zone(zone))
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in week[local.weekday()])


def next_open(week: Week, zones: Sequence[str], at: datetime) -> datetime | None:
    """The first moment from `at` on that is open in every one of `zones`; None: there is none in a week."""
    where = tuple(zones) or ANYWHERE
    if is_open(week, where, at):
        return at
    moments = sorted({moment for zone in where for moment in _beginnings(week, zone, at) if moment > at})
    return next((moment for moment in moments if is_open(week, where, moment)), None)


def _beginnings(week: Week, zone: str, at: datetime) -> Iterable[datetime]:
    """When a window may begin in `zone`: at its written time, once or twice, or when the clocks are changed."""
    tz = _zone(zone)
    first = at.astimezone(tz).date() - timedelta(days=1)
    for ahead in range(LOOK_AHEAD_DAYS + 1):
        day = first + timedelta(days=ahead)
        for start, _ in week[day.weekday()]:
            for fold in (0, 1):
                yield _moment(day, start, tz, fold)
        change = _change_of_clocks(day, tz)
        if change is not None:
            yield change


def _moment(day: date, minute: int, tz: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60, fold=fold), tz).astimezone(UTC)


def _change_of_clocks(day: date, tz: ZoneInfo) -> datetime | None:
    """The minute at which the zone's offset changes on `day`, if it does."""
    early = datetime.combine(day, time(0), tz).astimezone(UTC)
    late = early + timedelta(days=1)
    if early.astimezone(tz).utcoffset() == late.astimezone(tz).utcoffset():
        return None
    while late - early > timedelta(minutes=1):
        middle = early + timedelta(minutes=(late - early) // timedelta(minutes=2))
        same = middle.astimezone(tz).utcoffset() == early.astimezone(tz).utcoffset()
        early, late = (middle, late) if same else (early, middle)
    return late


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
