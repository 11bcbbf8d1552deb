"""What the words in a list's header mean, in Turkish, English, German and Russian. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST_NAME = 80


def plain(name: str) -> str:
    """A header's words without case, marks and dots: "Cep Telefonu (GSM)" becomes "cep telefonu gsm"."""
    lowered = name.replace("İ", "i").replace("I", "i").casefold().replace("ı", "i")
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(mark))
    return " ".join(re.findall(r"[^\W_]+", bare))


def _plain(names: Iterable[str]) -> frozenset[str]:
    return frozenset(plain(name) for name in names)


# A column that surely holds the number to call has a word that begins so; a mobile number is the better one.
MOBILE = re.compile(r"\b(gsm|cep|ceptel\w*|cepno|mobil\w*|cell|cellphone|handy\w*|msisdn|мобил\w*|сотов\w*|моб)\b")
PHONE = re.compile(r"\b(tel|telno|tlf|telefon\w*|\w*phone\w*|rufnummer|тел|телефон\w*)\b")
NO_PHONE = re.compile(r"\b(fax|faks|факс)\b")
WEAK_PHONE = _plain(["numara", "no", "number", "nummer", "номер", "aranacak numara"])
FULL_NAME = _plain(
    [
        *("ad soyad", "adı soyadı", "ad soyadı", "adsoyad", "isim", "isim soyisim", "adı", "ad", "ünvan", "unvan"),
        *("müşteri adı", "müşteri", "müşteri ad soyad", "name", "full name", "fullname", "customer", "customer name"),
        *("contact", "contact name", "kunde", "kundenname", "ansprechpartner", "фио", "ф.и.о.", "имя", "клиент"),
    ]
)
FIRST_NAME = _plain(["ad", "adı", "isim", "first name", "firstname", "vorname", "имя", "given name"])
LAST_NAME = _plain(
    ["soyad", "soyadı", "soyisim", "last name", "lastname", "surname", "nachname", "фамилия", "family name"]
)
REFERENCE = _plain(
    [
        *("müşteri no", "müşteri numarası", "müşteri kodu", "abone no", "referans", "id", "customer no", "customer id"),
        *(
            "customer number",
            "reference",
            "kundennummer",
            "kunden-nr",
            "номер клиента",
            "номер договора",
            "код клиента",
        ),
    ]
)
CITY = _plain(["şehir", "il", "city", "town", "stadt", "ort", "город"])

_LOOKS_LIKE_NUMBER = re.compile(r"'?[+(]?\d[\d\s()./+-]{4,24}")


def shown(name: str) -> str:
    """A header's name as it is kept: one line of at most 80 characters."""
    visible = "".join(" " if unicodedata.category(mark)[0] in "CZ" else mark for mark in name)
    return " ".join(visible.split())[:LONGEST_NAME]


def phone_rank(name: str) -> int | None:
    """How surely a column of this name holds the number to call: 0 is surest; None: it does not."""
    bare = plain(name)
    if NO_PHONE.search(bare):
        return None
    if MOBILE.search(bare):
        return 0
    if PHONE.search(bare):
        return 1
    return 2 if bare in WEAK_PHONE else None


def is_known(name: str) -> bool:
    """Whether a header could say this."""
    bare = plain(name)
    groups = (FULL_NAME, FIRST_NAME, LAST_NAME, REFERENCE, CITY)
    return phone_rank(name) is not None or any(bare in group for group in groups)


def looks_like_number(cell: str) -> bool:
    return bool(_LOOKS_LIKE_NUMBER.fullmatch(cell.strip()))


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first of `rows` names the columns: no number stands in it, and it says a word that headers say.

    Without such a word it is one if a number stands below, or if all its cells are words.
    """
    if not rows or any(looks_like_number(cell) for cell in rows[0]):
        return False
    if any(is_known(cell) for cell in rows[0]):
        return True
    return any(looks_like_number(cell) for cells in rows[1:] for cell in cells) or _all_words(rows[0])


def _all_words(cells: Sequence[str]) -> bool:
    return len(cells) > 1 and all(re.fullmatch(r"[^\W\d][\w .-]{0,40}", cell.strip()) for cell in cells)
