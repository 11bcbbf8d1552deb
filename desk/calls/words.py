"""Sentences of the desk in its two languages: outcomes and moments. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dialer.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Turkish and English."""

    tr: str
    en: str

    def filled(self, words: Mapping[str, "Text"]) -> "Text":
        """With `{name}` replaced by the word of that name in each language."""
        return Text(
            tr=self.tr.format_map({name: word.tr for name, word in words.items()}),
            en=self.en.format_map({name: word.en for name, word in words.items()}),
        )


OUTCOMES: dict[Outcome, Text] = {
    Outcome.CONNECTED: Text(tr="görüşüldü", en="talked"),
    Outcome.ABANDONED: Text(tr="operatöre bağlanamadı", en="no operator was free"),
    Outcome.HUNG_UP_EARLY: Text(tr="hemen kapattı", en="hung up at once"),
    Outcome.MACHINE: Text(tr="telesekreter açtı", en="an answering machine answered"),
    Outcome.FAX: Text(tr="faks açtı", en="a fax machine answered"),
    Outcome.BUSY: Text(tr="meşguldü", en="was busy"),
    Outcome.NO_ANSWER: Text(tr="açmadı", en="did not answer"),
    Outcome.DECLINED: Text(tr="aramayı reddetti", en="declined the call"),
    Outcome.UNAVAILABLE: Text(tr="ulaşılamadı", en="could not be reached"),
    Outcome.REDIRECTED: Text(
        tr="aranamayacak bir numaraya yönlendirildi", en="was sent on to a number that may not be dialed"
    ),
    Outcome.UNKNOWN_NUMBER: Text(tr="numara kullanılmıyor", en="the number is not in use"),
    Outcome.TRUNK_REFUSED: Text(tr="hat aramayı kabul etmedi", en="the line refused the call"),
    Outcome.TRUNK_BUSY: Text(tr="hat doluydu", en="the line was busy"),
    Outcome.NO_TRUNK: Text(tr="hat yanıt vermedi", en="the line did not answer"),
    Outcome.CANCELLED: Text(tr="aramadan vazgeçildi", en="the call was taken back"),
    Outcome.LOST: Text(tr="arama yarıda kaldı", en="the call was lost"),
    Outcome.FAILED: Text(tr="arama yapılamadı", en="the call failed"),
}

_MONTHS_TR, _MONTHS_EN = zip(
    ("Ocak", "January"),
    ("Şubat", "February"),
    ("Mart", "March"),
    ("Nisan", "April"),
    ("Mayıs", "May"),
    ("Haziran", "June"),
    ("Temmuz", "July"),
    ("Ağustos", "August"),
    ("Eylül", "September"),
    ("Ekim", "October"),
    ("Kasım", "November"),
    ("Aralık", "December"),
    strict=True,
)


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> Text:
    """`at` as one says it at `now` in `zone`: "today 14:05", "3 March 14:05", with the year when it is another."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    day = _day(local.date(), today)
    clock = f"{local:%H:%M}"
    return Text(tr=f"{day.tr} {clock}", en=f"{day.en} {clock}")


def _day(day: date, today: date) -> Text:
    near = {
        today: Text(tr="bugün", en="today"),
        today - timedelta(days=1): Text(tr="dün", en="yesterday"),
        today + timedelta(days=1): Text(tr="yarın", en="tomorrow"),
    }
    if day in near:
        return near[day]
    year = "" if day.year == today.year else f" {day.year}"
    return Text(tr=f"{day.day} {_MONTHS_TR[day.month - 1]}{year}", en=f"{day.day} {_MONTHS_EN[day.month - 1]}{year}")
