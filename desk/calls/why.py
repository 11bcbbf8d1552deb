"""Why this person and we speak: one code with its values, and its sentence in both languages. Pure.

The code is chosen from what is on record, never guessed: the newest promise first, then what happened last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from desk.calls.words import OUTCOMES, Text, moment
from dialer.facts import Direction
from dialer.outcomes import FLAGS, Outcome
from dialer.shapes import Temperature

RETURNED_WITHIN = timedelta(days=7)


class Code(StrEnum):
    COLD_FIRST = "cold_first"
    COLD_RETRY = "cold_retry"
    COLD_AGAIN = "cold_again"
    WARM_FIRST = "warm_first"
    WARM_LAST = "warm_last"
    HOT_DETAILS = "hot_details"
    CALLBACK_PROMISED = "callback_promised"
    CALLS_US = "calls_us"
    CALLS_US_AGAIN = "calls_us_again"
    RETURNED_MISSED_CALL = "returned_missed_call"
    UNKNOWN_CALLER = "unknown_caller"


TEXTS: dict[Code, Text] = {
    Code.COLD_FIRST: Text(tr="İlk temas", en="First contact"),
    Code.COLD_RETRY: Text(
        tr="{at} arandı: {what}; henüz görüşülmedi", en="Rung {at}: {what}; nobody has spoken with them yet"
    ),
    Code.COLD_AGAIN: Text(tr="Son görüşme {at}: {what}", en="Last spoken {at}: {what}"),
    Code.WARM_FIRST: Text(tr="Eski müşteri; kayıtlı görüşme yok", en="Former customer; no call on record"),
    Code.WARM_LAST: Text(tr="Eski müşteri, son görüşme {at}: {what}", en="Former customer, last spoken {at}: {what}"),
    Code.HOT_DETAILS: Text(tr="Bilgilerini {at} bıraktı", en="Left details {at}"),
    Code.CALLBACK_PROMISED: Text(
        tr="{promised_at} için geri arama sözü verdik ({at})", en="We promised to call back {promised_at} (said {at})"
    ),
    Code.CALLS_US: Text(tr="Bizi arıyor", en="Calls us"),
    Code.CALLS_US_AGAIN: Text(tr="Bizi arıyor; son görüşme {at}: {what}", en="Calls us; last spoken {at}: {what}"),
    Code.RETURNED_MISSED_CALL: Text(
        tr="Cevapsız aramamıza dönüyor: {at} aradık", en="Returns our missed call: we rang them {at}"
    ),
    Code.UNKNOWN_CALLER: Text(tr="Tanımadığımız bir numara arıyor", en="An unknown caller"),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """One earlier call or attempt. `label`: its disposition, if an operator gave one."""

    at: datetime
    direction: Direction
    outcome: Outcome
    label: Text | None = None
    callback_at: datetime | None = None

    @property
    def reached(self) -> bool:
        return FLAGS[self.outcome].reached

    @property
    def what(self) -> Text:
        return self.label or OUTCOMES[self.outcome]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known as the call is connected. `history`: newest first. `zone`: in which times are said."""

    direction: Direction
    temperature: Temperature | None
    known: bool
    now: datetime
    zone: ZoneInfo
    details_at: datetime | None = None
    history: Sequence[Contact] = ()


@dataclass(frozen=True, slots=True)
class Why:
    code: Code
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    text: Text = field(default_factory=lambda: Text(tr="", en=""))


def why(situation: Situation) -> Why:
    """The reason of the call, as evidence: its code, the times it rests on, and the sentence for the desk."""
    if situation.direction is Direction.IN:
        return _incoming(situation)
    return _promise(situation) or _outgoing(situation)


def _incoming(situation: Situation) -> Why:
    if not situation.known:
        return _say(Code.UNKNOWN_CALLER, situation)
    last = next(iter(situation.history), None)
    if last is not None and _missed(last) and situation.now - last.at <= RETURNED_WITHIN:
        return _say(Code.RETURNED_MISSED_CALL, situation, at=last.at)
    spoken = _spoken(situation)
    if spoken is None:
        return _say(Code.CALLS_US, situation)
    return _say(Code.CALLS_US_AGAIN, situation, what=spoken.what, at=spoken.at)


def _missed(contact: Contact) -> bool:
    return contact.direction is Direction.OUT and not contact.reached


def _promise(situation: Situation) -> Why | None:
    spoken = _spoken(situation)
    if spoken is None or spoken.callback_at is None:
        return None
    return _say(Code.CALLBACK_PROMISED, situation, at=spoken.at, promised_at=spoken.callback_at)


def _outgoing(situation: Situation) -> Why:
    if situation.temperature is Temperature.HOT and situation.details_at is not None:
        return _say(Code.HOT_DETAILS, situation, at=situation.details_at)
    warm = situation.temperature is not Temperature.COLD
    spoken = _spoken(situation)
    if spoken is not None:
        return _say(Code.WARM_LAST if warm else Code.COLD_AGAIN, situation, what=spoken.what, at=spoken.at)
    last = next(iter(situation.history), None)
    if warm or last is None:
        return _say(Code.WARM_FIRST if warm else Code.COLD_FIRST, situation)
    return _say(Code.COLD_RETRY, situation, what=last.what, at=last.at)


def _spoken(situation: Situation) -> Contact | None:
    return next((contact for contact in situation.history if contact.reached), None)


def _say(code: Code, situation: Situation, what: Text | None = None, **times: datetime) -> Why:
    said = {name: moment(at, situation.now, situation.zone) for name, at in times.items()}
    words = said if what is None else said | {"what": what}
    return Why(code, {name: at.isoformat() for name, at in times.items()}, TEXTS[code].filled(words))
