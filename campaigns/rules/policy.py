"""What may be dialed: the checks behind `may_dial`, each a pure function of what is known. First refusal wins.

Checks that refuse for ever come before those that refuse for now, so that a lead that can never be called is closed
and not asked about every morning. A refusal for ever has no `next_at`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.rules import hours
from dialer.shapes import AttemptKind, Reason, Verdict
from kit.phones import DIALABLE, NO_COUNTRY, Kind, Phone, PhoneError, parse

ALLOWED = Verdict(True)

SHORTEST = 7  # digits of the shortest E.164 number that is a subscriber's; below are services and emergency numbers
COSTLY = frozenset({Kind.PREMIUM, Kind.SHARED_COST, Kind.PERSONAL, Kind.PAGER, Kind.VOICEMAIL})
# Country codes without a country: satellite, international networks, premium and shared cost (ITU-T E.164 list).
WORLDWIDE = ("+800", "+808", "+870", "+878", "+881", "+882", "+883", "+888", "+979")
COSTLY_PREFIXES = ("+1900", "+1976")


@dataclass(frozen=True, slots=True)
class Campaign:
    """What the rules need of a campaign. `countries`: ISO 3166 codes that may be called."""

    running: bool
    week: hours.Week
    max_tries: int
    countries: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lead:
    """What the rules need of a lead. `promised`: an operator said that it will be called, whatever the tries."""

    zones: tuple[str, ...]
    tries: int
    promised: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of a do-not-call list. `until` None: for ever."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Question:
    """One wish to dial, with all that is known about it. `rests_until`: a lost call may ring there until then."""

    kind: AttemptKind
    number: str
    now: datetime
    extensions: re.Pattern[str]
    campaign: Campaign | None = None
    lead: Lead | None = None
    listed: Sequence[Listed] = ()
    rests_until: datetime | None = None


Check = Callable[[Question], Verdict | None]


def judge(question: Question) -> Verdict:
    """Allowed, or the first reason why not, with the first moment to ask again."""
    checks = LEG_CHECKS if question.kind is AttemptKind.LEG else CALL_CHECKS
    refusals = (check(question) for check in checks)
    return next((refusal for refusal in refusals if refusal is not None), ALLOWED)


def number_refusal(number: str, countries: frozenset[str]) -> Reason | None:
    """Why `number` (E.164) can never be called by a project that calls `countries`; None: it can."""
    if len(number.lstrip("+")) < SHORTEST:
        return Reason("emergency_or_short")
    if number.startswith(WORLDWIDE):
        return Reason("satellite")
    try:
        return phone_refusal(parse(number, NO_COUNTRY), countries)
    except PhoneError:
        return Reason("number_invalid")


def phone_refusal(phone: Phone, countries: frozenset[str]) -> Reason | None:
    """The same for a number that is parsed already."""
    if phone.e164.startswith(WORLDWIDE):
        return Reason("satellite")
    if phone.kind in COSTLY or phone.e164.startswith(COSTLY_PREFIXES):
        return Reason("premium")
    if phone.country not in countries:
        return Reason("country_not_allowed", {"country": phone.country, "allowed": ", ".join(sorted(countries))})
    return None


def _refused(code: str, next_at: datetime | None = None, **values: str | int | float) -> Verdict:
    return Verdict(False, Reason(code, values), next_at)


def _well_formed(question: Question) -> Verdict | None:
    called = question.kind is AttemptKind.CALL
    if DIALABLE.fullmatch(question.number) and (question.number.startswith("+") or not called):
        return None
    if called and DIALABLE.fullmatch(question.number) and len(question.number) < SHORTEST:
        return _refused("emergency_or_short")
    return _refused("number_malformed")


def _is_extension(question: Question) -> Verdict | None:
    return None if question.extensions.fullmatch(question.number) else _refused("not_an_extension")


def _has_campaign(question: Question) -> Verdict | None:
    return None if question.campaign else _refused("no_campaign")


def _number(question: Question) -> Verdict | None:
    if question.campaign is None:
        return None
    reason = number_refusal(question.number, question.campaign.countries)
    return None if reason is None else Verdict(False, reason)


def _do_not_call(question: Question) -> Verdict | None:
    standing = [entry for entry in question.listed if entry.until is None or entry.until > question.now]
    if not standing:
        return None
    ends = [entry.until for entry in standing if entry.until is not None]
    return _refused("on_do_not_call", max(ends) if len(ends) == len(standing) else None)


def _lead(question: Question) -> Verdict | None:
    return None if question.lead else _refused("lead_unknown")


def _tries(question: Question) -> Verdict | None:
    lead, campaign = question.lead, question.campaign
    if lead is None or campaign is None or lead.promised or lead.tries < campaign.max_tries:
        return None
    return _refused("tries_used", tries=lead.tries)


def _running(question: Question) -> Verdict | None:
    if question.campaign is None or question.campaign.running:
        return None
    return _refused("campaign_not_running", question.now)


def _hours(question: Question) -> Verdict | None:
    lead, campaign = question.lead, question.campaign
    if lead is None or campaign is None or hours.is_open(campaign.week, lead.zones, question.now):
        return None
    opens = hours.next_open(campaign.week, lead.zones, question.now)
    return _refused("never_open") if opens is None else _refused("outside_hours", opens, opens=opens.isoformat())


def _resting(question: Question) -> Verdict | None:
    rests_until = question.rests_until
    if rests_until is None or rests_until <= question.now:
        return None
    return _refused("number_resting", rests_until)


LEG_CHECKS: tuple[Check, ...] = (_well_formed, _is_extension)
CALL_CHECKS: tuple[Check, ...] = (
    _well_formed,
    _has_campaign,
    _number,
    _lead,
    _do_not_call,
    _tries,
    _running,
    _hours,
    _resting,
)
