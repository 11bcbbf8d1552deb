"""Telephone numbers: from what a list says to E.164, and what is known about a number."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from kit.errors import AhizeError

DIALABLE = re.compile(r"\A\+?[0-9]{3,15}\Z")
"""What may stand in a SIP URI's user part as a number (T6)."""

NO_COUNTRY = "001"
"""The country of satellite, international premium and other numbers that belong to none."""

_LONGEST_TEXT = 64
_SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d+)?e[+-]?\d+", re.IGNORECASE)
_SPREADSHEET_FRACTION = re.compile(r"(\+?\d{6,15})[.,]0+")
_EXTENSION = re.compile(r"(;ext=|,|;|\b(ext|extension|dahili|x|доб)\b|доб\.?)", re.IGNORECASE)
_SEVERAL = re.compile(r"\d{5}\s*[/|&]|\d{5}.*\n.*\d{5}")
_SERVICE = re.compile(r"[*#]")
_SHOWN_AT_START = 3
_SHOWN_AT_END = 2
_HIDDEN_AT_LEAST = 4


class PhoneError(AhizeError):
    """This is no telephone number that can be called."""

    code = "not_a_phone"
    status = 422


SENTENCES: dict[str, str] = {
    "empty": "There is no number here.",
    "letters": "There are letters in the number; write digits only.",
    "too_short": "The number has too few digits; write it with its area code.",
    "too_long": "The number has too many digits.",
    "invalid": "No such number is given out in its country; check the digits.",
    "not_a_phone": "This is no telephone number that can be called.",
    "extension": "The number has an extension, which cannot be dialed; write the number alone.",
    "scientific": "The spreadsheet cut the number short (5.32E+09); format the column as text and export again.",
}


class Kind(StrEnum):
    """What a number belongs to, as its country's numbering plan says."""

    FIXED = "fixed"
    MOBILE = "mobile"
    FIXED_OR_MOBILE = "fixed_or_mobile"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    VOIP = "voip"
    PERSONAL = "personal"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"


_KINDS: dict[int, Kind] = {
    PhoneNumberType.FIXED_LINE: Kind.FIXED,
    PhoneNumberType.MOBILE: Kind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Kind.FIXED_OR_MOBILE,
    PhoneNumberType.TOLL_FREE: Kind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: Kind.PREMIUM,
    PhoneNumberType.SHARED_COST: Kind.SHARED_COST,
    PhoneNumberType.VOIP: Kind.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: Kind.PERSONAL,
    PhoneNumberType.PAGER: Kind.PAGER,
    PhoneNumberType.UAN: Kind.UAN,
    PhoneNumberType.VOICEMAIL: Kind.VOICEMAIL,
}
_GEOGRAPHIC = frozenset({PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

_LENGTHS: dict[int, str] = {
    ValidationResult.INVALID_COUNTRY_CODE: "invalid",
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    ValidationResult.TOO_LONG: "too_long",
    ValidationResult.INVALID_LENGTH: "invalid",
}
_UNPARSED: dict[int, str] = {
    NumberParseException.INVALID_COUNTRY_CODE: "invalid",
    NumberParseException.NOT_A_NUMBER: "not_a_phone",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}


@dataclass(frozen=True, slots=True)
class Phone:
    """A valid number: E.164 with `+`, its country (ISO 3166, or NO_COUNTRY) and its kind."""

    e164: str
    country: str
    kind: Kind


def parse(text: str, country: str = "TR") -> Phone:
    """The number that `text` means when dialed in `country` (ISO 3166).

    Raises PhoneError whose code is a key of `SENTENCES`.
    """
    cleaned = _cleaned(text)
    number = _parsed(cleaned, country)
    length = phonenumbers.is_possible_number_with_reason(number)
    if length != ValidationResult.IS_POSSIBLE:
        raise _refused(_LENGTHS[length])
    kind = _KINDS.get(phonenumbers.number_type(number))
    region = phonenumbers.region_code_for_number(number)
    if kind is None or region is None:
        raise _refused("invalid")
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), region, kind)


def _refused(code: str) -> PhoneError:
    return PhoneError(SENTENCES[code], code=code)


def _cleaned(text: str) -> str:
    """What is left without marks that spreadsheets and copying leave behind; refuses what no number has."""
    visible = "".join(mark for mark in text if unicodedata.category(mark) != "Cf")
    cleaned = visible.strip().removeprefix("'").removeprefix("tel:").strip()
    if not cleaned:
        raise _refused("empty")
    code = _oddity(cleaned)
    if code is not None:
        raise _refused(code)
    whole = _SPREADSHEET_FRACTION.fullmatch(cleaned)
    return whole.group(1) if whole else cleaned


def _oddity(text: str) -> str | None:
    if _SCIENTIFIC.fullmatch(text):
        return "scientific"
    if not any(mark.isdigit() for mark in text):
        return "letters" if any(mark.isalpha() for mark in text) else "not_a_phone"
    if _SERVICE.search(text) or _SEVERAL.search(text) or any(ord(mark) < ord(" ") for mark in text):
        return "not_a_phone"
    if _EXTENSION.search(text):
        return "extension"
    if any(mark.isalpha() for mark in text):
        return "letters"
    return "too_long" if len(text) > _LONGEST_TEXT else None


def _parsed(text: str, country: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(text, country)
    except NumberParseException as error:
        raise _refused(_UNPARSED[error.error_type]) from None


def zones(e164: str) -> tuple[str, ...]:
    """The IANA time zones where `e164` can be, all that are possible; empty for a number of no country.

    A number whose area says nothing has all zones of its country code.
    """
    number = phonenumbers.parse(e164, None)
    code = str(number.country_code)
    if phonenumbers.number_type(number) not in _GEOGRAPHIC:
        return _zones_of_prefix(code)
    return _zones_of_prefix(e164.removeprefix("+")[:TIMEZONE_LONGEST_PREFIX]) or _zones_of_prefix(code)


@lru_cache(maxsize=65536)
def _zones_of_prefix(prefix: str) -> tuple[str, ...]:
    for length in range(len(prefix), 0, -1):
        found = TIMEZONE_DATA.get(prefix[:length])
        if found is not None:
            return tuple(zone for zone in found if zone in _iana())
    return ()


@lru_cache(maxsize=1)
def _iana() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=16384)
def mask(e164: str) -> str:
    """`e164` as a page may show it: country and area code and the last two digits ("+90 532 ••• •• 01")."""
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return "•" * len(e164)
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    country, _, rest = shown.partition(" ")
    return f"{country} {_masked(rest)}"


def _masked(national: str) -> str:
    digits = sum(mark.isdigit() for mark in national)
    area = len(re.match(r"\d*", national).group())  # pyright: ignore[reportOptionalMemberAccess]
    start = max(0, min(area, _SHOWN_AT_START, digits - _SHOWN_AT_END - _HIDDEN_AT_LEAST))
    end = max(0, min(_SHOWN_AT_END, digits - _HIDDEN_AT_LEAST))
    out: list[str] = []
    seen = 0
    for mark in national:
        seen += mark.isdigit()
        hidden = mark.isdigit() and start < seen <= digits - end
        out.append("•" if hidden else mark)
    return "".join(out)
