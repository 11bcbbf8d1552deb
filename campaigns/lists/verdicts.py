"""What becomes of one row of a list, as far as the row alone says. Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.lists.mapping import Columns
from campaigns.rules import policy
from kit import phones
from kit.phones import PhoneError

LONGEST_NAME = 200
LONGEST_FIELD = 2000
LONGEST_RAW = 200
LONGEST_SERVICE = 4  # digits: what is as short is an emergency or a service number, in any country


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reading:
    """A row as understood. `raw`: what stood in the number's cell. `fields`: the other columns by name."""

    row: int
    verdict: Verdict
    raw: str
    code: str | None = None
    detail: dict[str, str] = field(default_factory=dict[str, str])
    number: str = ""
    country: str = ""
    kind: str = ""
    zones: tuple[str, ...] = ()
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict[str, str])


def read(
    row: int, cells: Sequence[str], names: Sequence[str], columns: Columns, country: str, callable_in: frozenset[str]
) -> Reading:
    """Accept or refuse one record. `country`: of local numbers; `callable_in`: countries that may be called."""
    raw = _first(cells, columns.numbers)
    refused = _service_number(raw)
    if refused is not None:
        return Reading(row, Verdict.REFUSED, raw[:LONGEST_RAW], refused)
    try:
        phone = phones.parse(raw, country)
    except PhoneError as error:
        return Reading(row, Verdict.REFUSED, raw[:LONGEST_RAW], "no_number" if error.code == "empty" else error.code)
    reason = policy.phone_refusal(phone, callable_in)
    if reason is not None:
        detail = {name: str(value) for name, value in reason.values.items()}
        return Reading(row, Verdict.REFUSED, raw[:LONGEST_RAW], reason.code, detail)
    return Reading(
        row,
        Verdict.ACCEPTED,
        raw[:LONGEST_RAW],
        number=phone.e164,
        country=phone.country,
        kind=phone.kind.value,
        zones=phones.zones(phone.e164),
        name=_name(cells, columns),
        fields=_fields(cells, names, columns),
    )


def tidy(text: str, longest: int) -> str:
    """On one line, without control characters, cut to length: what a page, a script or a header can bear (T6)."""
    visible = "".join(" " if unicodedata.category(mark) in ("Cc", "Zl", "Zp", "Cs") else mark for mark in text)
    return " ".join(visible.split())[:longest]


def _first(cells: Sequence[str], places: Sequence[int]) -> str:
    filled = (cells[place].strip() for place in places if place < len(cells) and cells[place].strip())
    return next(filled, "")


def _service_number(raw: str) -> str | None:
    digits = raw.strip()
    return "emergency_or_short" if digits.isdecimal() and len(digits) <= LONGEST_SERVICE else None


def _name(cells: Sequence[str], columns: Columns) -> str:
    parts = (tidy(cells[place], LONGEST_NAME) for place in columns.name if place < len(cells))
    return " ".join(part for part in parts if part)[:LONGEST_NAME]


def _fields(cells: Sequence[str], names: Sequence[str], columns: Columns) -> dict[str, str]:
    found = {names[place]: tidy(cells[place], LONGEST_FIELD) for place in columns.others if place < len(cells)}
    return {name: value for name, value in found.items() if value}
