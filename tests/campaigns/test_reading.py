"""Files that are said to be CSV: oddities, encodings, and files that are something else."""

import io
import json
from pathlib import Path

import pytest

from campaigns.errors import ListProblem
from campaigns.lists import mapping, reading, verdicts

SPECTRUM = (
    *("comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf"),
    *("quotes_and_newlines", "simple", "simple_crlf", "utf8"),
)
HEADER = "Müşteri No;Ad Soyad;Telefon;Şehir"
ROW = "17;Şükrü Ağaçoğlu;0532 100 50 01;Iğdır"


def read(content: bytes, country: str = "TR") -> tuple[reading.Form, list[list[str]]]:
    form = reading.form_of(content[: reading.SAMPLE], whole=len(content) <= reading.SAMPLE, country=country)
    return form, [cells for _, cells in reading.records(io.BytesIO(content), form)]


def readings(content: bytes, country: str = "TR") -> list[verdicts.Reading]:
    form, rows = read(content, country)
    columns = mapping.columns_of(form, rows)
    numbered = reading.records(io.BytesIO(content), form)
    return [verdicts.read(row, cells, form.columns, columns, country, frozenset({country})) for row, cells in numbered]


def problem(content: bytes) -> str:
    with pytest.raises(ListProblem) as caught:
        readings(content)
    return caught.value.code


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_oddities_are_read_as_they_were_meant(material: Path, name: str):
    content = (material / "csv-spectrum" / "csvs" / f"{name}.csv").read_bytes()

    form, rows = read(content, "US")

    expected = json.loads((material / "csv-spectrum" / "json" / f"{name}.json").read_text())
    assert [dict(zip(form.columns, cells, strict=False)) for cells in rows] == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1254", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_turkish_list_is_read_in_any_encoding_and_line_end(encoding: str, end: str):
    form, rows = read(end.join([HEADER, ROW, ""]).encode(encoding))

    assert form.delimiter == ";"
    assert list(form.columns) == HEADER.split(";")
    assert rows == [ROW.split(";")]


@pytest.mark.parametrize(
    ("country", "encoding", "name"),
    [
        ("RU", "cp1251", "Щукин Пётр"),
        ("TR", "cp1251", "Щукин Пётр"),
        ("RU", "koi8_r", "Щукин Пётр Алексеевич, улица Ленина, дом семь"),
        ("DE", "cp1252", "Jürgen Groß"),
        ("PL", "cp1250", "Łukasz Żółć"),
        ("GR", "cp1253", "Γιώργος"),
        ("BR", "cp1252", "João Conceição de Araújo"),
    ],
)
def test_code_pages_of_other_countries(country: str, encoding: str, name: str):
    rows_many = "\r\n".join(f"+90532100{i:04d};{name}" for i in range(20))

    _, rows = read(f"phone;name\r\n{rows_many}\r\n".encode(encoding), country)

    assert {cells[1] for cells in rows} == {name}


def test_a_file_of_two_encodings_is_read_line_by_line():
    content = b"phone;name\n05321005001;" + "Şükrü".encode() + b"\n05321005002;" + "Şükrü".encode("cp1254") + b"\n"

    _, rows = read(content)

    assert [cells[1] for cells in rows] == ["Şükrü", "Şükrü"]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_any_delimiter_even_where_names_hold_another_one(delimiter: str):
    rows = [["Telefon", "Ad"], ["05321005001", "Kaya; Ali"], ["05321005002", "Kurt, Can"], ["05321005003", "Öz|Ay"]]
    quoted = "\n".join(delimiter.join(f'"{cell}"' for cell in cells) for cells in rows)

    form, found = read(quoted.encode())

    assert form.delimiter == delimiter
    assert found == rows[1:]


def test_excels_delimiter_line_is_no_row():
    form, rows = read(b"sep=|\r\nphone|name\r\n05321005001|x\r\n")

    assert (form.delimiter, rows) == ("|", [["05321005001", "x"]])


def test_a_list_without_header_keeps_its_first_row():
    form, rows = read(b"05321005001;Ali\n05321005002;Can\n")

    assert (form.header, len(rows)) == (False, 2)
    assert form.columns == ("column 1", "column 2")


def test_rows_are_numbered_as_a_spreadsheet_does_and_blank_ones_left_out():
    content = b'phone;name\n05321005001;"two\nlines"\n\n;;\n05321005002;x\n'
    form = reading.form_of(content, whole=True, country="TR")

    assert [row for row, _ in reading.records(io.BytesIO(content), form)] == [2, 5]


def test_columns_of_one_name_are_told_apart():
    form, _ = read(b"Telefon;Not;Not;\n05321005001;a;b;c\n")

    assert form.columns == ("Telefon", "Not", "Not (2)", "column 4")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "empty"),
        (b" ; ; \n", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "not_text"),
        (b"PK\x03\x04" + bytes(100), "save_as_csv"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "save_as_csv"),
        (b"%PDF-1.7\n" + bytes(range(32)) * 20, "not_text"),
        (b"Telefon;Ad\n", "no_rows"),
        (b"Ad;Yas\nAli;30\n", "no_number_column"),
        (b'Telefon;Ad\n05321005001;"Ali\n' + b"05321005002;Can\n" * 2000, "unclosed_quote"),
        (b"Telefon;Ad\n05321005001;" + b"a" * (reading.LONGEST_FIELD + 1), "field_too_long"),
    ],
)
def test_what_is_no_list_is_said_to_be_none(content: bytes, code: str):
    assert problem(content) == code


WORKBOOKS = (
    *("ok", "number_phone", "billion_laughs", "bomb_200MB", "formula_cells", "huge_dimension", "traversal_part"),
    "truncated",
)


@pytest.mark.parametrize("name", WORKBOOKS)
def test_workbooks_are_sent_back_to_be_saved_as_csv(material: Path, name: str):
    assert problem((material / "hostile-uploads" / f"{name}.xlsx").read_bytes()) == "save_as_csv"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("empty.csv", "empty"), ("header_only.csv", "no_rows"), ("png_as_csv.csv", "not_text")],
)
def test_hostile_files_that_are_no_lists(material: Path, name: str, expected: str):
    assert problem((material / "hostile-uploads" / name).read_bytes()) == expected


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        *(("cp1251.csv", 1), ("cr_only.csv", 1), ("mixed_encoding.csv", 2), ("no_header.csv", 1)),
        *(("semicolon_excel.csv", 1), ("utf16be.csv", 2), ("utf16le.csv", 2), ("csv_as_xlsx.xlsx", 1)),
        *(("blns_names.csv", 515), ("sip_header_injection.csv", 14), ("phones_odd.csv", 34)),
    ],
)
def test_hostile_files_that_are_lists_lose_no_row(material: Path, name: str, rows: int):
    found = readings((material / "hostile-uploads" / name).read_bytes(), "DE")

    assert len(found) == rows
    assert all(reading.code or reading.number for reading in found)


def test_names_cannot_carry_lines_or_control_characters(material: Path):
    for name in ("sip_header_injection.csv", "blns_names.csv"):
        for found in readings((material / "hostile-uploads" / name).read_bytes(), "DE"):
            texts = [found.name, *found.fields.values()]
            assert all(len(text) <= verdicts.LONGEST_FIELD for text in texts)
            assert not any(ord(mark) < 32 or 127 <= ord(mark) < 160 for text in texts for mark in text)


def test_mixed_encoding_is_one_name(material: Path):
    found = readings((material / "hostile-uploads" / "mixed_encoding.csv").read_bytes(), "DE")

    assert [each.name for each in found] == ["Müller", "Müller"]


def test_odd_numbers_are_refused_with_their_reason_or_brought_into_form(material: Path):
    content = (material / "hostile-uploads" / "phones_odd.csv").read_bytes()

    found = {each.raw: each for each in readings(content, "DE")}

    expected = {
        **{"+1 900 555 0100": "premium", "00882 16 12345": "satellite", "112": "emergency_or_short"},
        **{"*72": "not_a_phone", "sip:evil@example.com": "letters", "0301234567;ext=5": "extension"},
        **{"3.01235E+11": "scientific", "": "no_number", "0000000000": "invalid", "+44 70 1234 5678": "premium"},
        **{"+7 495 123-45-67": "country_not_allowed", "+4930123456/+4930123457": "not_a_phone"},
    }
    assert {raw: found[raw].code for raw in expected} == expected
    assert found["+49\u00a030\u200b123456"].number == "+4930123456"
    assert found["'+4930123456"].number == "+4930123456"
