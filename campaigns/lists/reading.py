"""From the bytes of a file that is said to be CSV to its records. Pure.

Nothing is believed but the bytes: encoding, delimiter and header are found out, whatever the file is called.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

from campaigns.errors import ListProblem
from campaigns.lists import words

SAMPLE = 256 * 1024
LONGEST_RECORD = 1000  # lines: a quote that is never closed swallows the rest of the file
MOST_COLUMNS = 200
LONGEST_FIELD = 1024 * 1024

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SPREADSHEETS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
_DELIMITERS = ";,\t|"
_SEP_LINE = re.compile(r"(?i)sep=(.)\r?\n?")
_MOST_CONTROL = 0.05

# The code page that programs of a country write when they do not write Unicode; elsewhere it is cp1252.
_CODE_PAGES: dict[str, str] = {
    **dict.fromkeys(("TR", "AZ", "CY"), "cp1254"),
    **dict.fromkeys(("RU", "UA", "BY", "BG", "KZ", "KG", "RS", "MK", "MN"), "cp1251"),
    **dict.fromkeys(("PL", "CZ", "SK", "HU", "RO", "HR", "SI", "BA", "AL"), "cp1250"),
    **dict.fromkeys(("LT", "LV", "EE"), "cp1257"),
    "GR": "cp1253",
    "IL": "cp1255",
    **dict.fromkeys(("SA", "AE", "EG", "IQ", "JO", "LB", "SY"), "cp1256"),
}
_OTHER_SCRIPTS = frozenset({"cp1253", "cp1255", "cp1256"})
_ENOUGH_TO_TELL = 200  # bytes: below, the commonest of the Cyrillic code pages is the better guess
_CYRILLIC = ["cp1251", "koi8_r", "cp866", "iso8859_5"]


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written. `fallback`: the code page of bytes that the encoding does not know, in mixed files.

    `columns`: the header's names, or made ones ("column 1") when `header` is False.
    """

    encoding: str
    fallback: str
    delimiter: str
    header: bool
    columns: tuple[str, ...]


Record = tuple[int, list[str]]


def form_of(head: bytes, *, whole: bool, country: str) -> Form:
    """How the file that begins with `head` is written; `whole`: there is no more of it.

    Raises ListProblem: empty, save_as_csv, not_text.
    """
    _check_kind(head)
    encoding, fallback = _encoding_of(head, whole, country)
    text = _decoded(head, encoding, fallback)
    if not text.strip("\ufeff\r\n\t ;,|\x00"):
        raise ListProblem("The file is empty; choose the file with the list in it.", code="empty")
    delimiter = _delimiter_of(text, whole)
    rows = _sample(text, delimiter, whole)
    header = words.is_header(rows)
    return Form(encoding, fallback, delimiter, header, _columns(rows, header))


def records(stream: BinaryIO, form: Form) -> Iterator[Record]:
    """Every record that has something in it, with its row as a spreadsheet counts (the first record is row 1).

    The header is left out. Raises ListProblem: unclosed_quote, field_too_long.
    """
    text = io.TextIOWrapper(stream, encoding=form.encoding, errors=_error_name(form.fallback), newline="")
    for row, cells in _numbered(text, form.delimiter):
        if (row > 1 or not form.header) and any(cell.strip() for cell in cells):
            yield row, cells


def _check_kind(head: bytes) -> None:
    if not head:
        raise ListProblem("The file is empty; choose the file with the list in it.", code="empty")
    if head.startswith(_SPREADSHEETS):
        raise ListProblem("This is a workbook; open it in your spreadsheet and save it as CSV.", code="save_as_csv")
    wide = head.count(0) > len(head) / 4
    control = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head) / len(head)
    if control > _MOST_CONTROL and not wide and not head.startswith(tuple(bom for bom, _ in _BOMS)):
        raise ListProblem("This is not a text file; export the list as CSV.", code="not_text")


# ---------------------------------------------------------------- encoding


def _encoding_of(head: bytes, whole: bool, country: str) -> tuple[str, str]:
    page = _CODE_PAGES.get(country)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding, page or "cp1252"
    wide = _wide(head)
    if wide is not None:
        return wide, page or "cp1252"
    lines = _foreign_lines(head, whole)
    if not lines or any(map(_is_utf8, lines)):
        return "utf-8", page or "cp1252"
    page = _page_of(b"\n".join(lines), page)
    return page, page


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark shows by the zeros that every second byte of plain Latin text has."""
    half = max(1, len(head) // 2)
    if head[1::2].count(0) > half * 0.4 and head[::2].count(0) < half * 0.1:
        return "utf-16-le"
    if head[::2].count(0) > half * 0.4 and head[1::2].count(0) < half * 0.1:
        return "utf-16-be"
    return None


def _foreign_lines(head: bytes, whole: bool) -> list[bytes]:
    """Lines that are not plain ASCII, without the one that the sample cuts."""
    lines = re.split(rb"[\r\n]+", head)
    if not whole and len(lines) > 1:
        lines = lines[:-1]
    return [line for line in lines if not line.isascii()]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _page_of(foreign: bytes, usual: str | None) -> str:
    """The code page of text that is not Unicode: Cyrillic shows by itself among Latin ones, else the country's."""
    if usual not in _OTHER_SCRIPTS and _looks_cyrillic(foreign):
        best = from_bytes(foreign, cp_isolation=_CYRILLIC).best()
        return best.encoding if best is not None and len(foreign) > _ENOUGH_TO_TELL else "cp1251"
    return usual if usual is not None and usual != "cp1251" else "cp1252"


def _looks_cyrillic(foreign: bytes) -> bool:
    """Words of Cyrillic text have no Latin letters among their foreign ones, words of Latin text do."""
    found = [word for word in re.findall(rb"[A-Za-z\x80-\xff]{3,}", foreign) if not word.isascii()]
    whole = sum(not re.search(rb"[A-Za-z]", word) for word in found)
    return bool(found) and whole > 0.6 * len(found)


def _decoded(head: bytes, encoding: str, fallback: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)(_error_name(fallback))
    return decoder.decode(head, False)


def _error_name(page: str) -> str:
    """The name of a decoding error handler that reads what is not understood as `page`."""
    name = f"ahize_{page}"
    try:
        codecs.lookup_error(name)
    except LookupError:
        codecs.register_error(name, lambda error: _read_as(error, page))
    return name


def _read_as(error: UnicodeError, page: str) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode(page, "replace"), error.end


# ---------------------------------------------------------------- records


def _delimiter_of(text: str, whole: bool) -> str:
    said = _SEP_LINE.match(text)
    if said:
        return said.group(1)
    return max(_DELIMITERS, key=lambda mark: _evenness(text, mark, whole))


def _evenness(text: str, delimiter: str, whole: bool) -> tuple[float, int]:
    """How evenly a delimiter cuts the first records: the share that has the usual number of fields, and that number."""
    widths = Counter(len(cells) for cells in _sample(text, delimiter, whole) if cells)
    if not widths:
        return 0.0, 0
    usual, often = widths.most_common(1)[0]
    return (often / widths.total(), usual) if usual > 1 else (0.0, 0)


def _sample(text: str, delimiter: str, whole: bool, most: int = 100) -> list[list[str]]:
    """The first records that have something in them; without the one that the sample cuts."""
    found: list[list[str]] = []
    try:
        for _, cells in _numbered(io.StringIO(text, newline=""), delimiter):
            if any(cell.strip() for cell in cells):
                found.append(cells)
            if len(found) > most:
                break
    except ListProblem:
        return found[:most]
    return found[:most] if whole or len(found) == 1 else found[:-1][:most]


def _numbered(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(_after_sep(lines), delimiter=delimiter, strict=False)
    row, before = 0, 0
    try:
        for cells in reader:
            row += 1
            if reader.line_num - before > LONGEST_RECORD:
                raise ListProblem(
                    f"A quote is opened in row {row} and not closed; correct it.", code="unclosed_quote", row=row
                )
            before = reader.line_num
            yield row, cells[:MOST_COLUMNS]
    except csv.Error:
        raise ListProblem(f"Row {row + 1} has a field that is too long.", code="field_too_long", row=row + 1) from None


def _after_sep(lines: Iterable[str]) -> Iterator[str]:
    """Without the line by which Excel names its delimiter."""
    iterator = iter(lines)
    first = next(iterator, None)
    if first is not None and not _SEP_LINE.fullmatch(first):
        yield first.removeprefix("\ufeff")
    yield from iterator


def _columns(rows: list[list[str]], header: bool) -> tuple[str, ...]:
    width = max((len(cells) for cells in rows), default=0)
    names = rows[0] if header and rows else []
    found: list[str] = []
    for place in range(width):
        name = words.shown(names[place]) if place < len(names) else ""
        found.append(_single(name or f"column {place + 1}", found))
    return tuple(found)


def _single(name: str, taken: list[str]) -> str:
    again, number = name, 2
    while again in taken:
        again, number = f"{name} ({number})", number + 1
    return again
