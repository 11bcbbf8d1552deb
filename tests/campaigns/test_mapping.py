"""Which column is what."""

import pytest

from campaigns.errors import ListProblem
from campaigns.lists.mapping import Columns, columns_of
from campaigns.lists.reading import Form
from campaigns.lists.verdicts import read

N = "0532 100 50 01"


def guess(header: str, *rows: str, said=None) -> Columns:
    form = Form("utf-8", "cp1254", ";", True, tuple(header.split(";")))
    return columns_of(form, [row.split(";") for row in rows], said)


@pytest.mark.parametrize(
    ("header", "row", "numbers", "name"),
    [
        ("Müşteri No;Ad Soyad;Telefon;Şehir", f"7001234;Ali Kaya;{N};Ankara", (2,), (1,)),
        ("ADI SOYADI;GSM;E-POSTA", f"Ali Kaya;{N};a@b.c", (1,), (0,)),
        ("Ad;Soyad;Cep Telefonu", f"Ali;Kaya;{N}", (2,), (0, 1)),
        ("İSİM;TELEFON NUMARASI", f"Ali;{N}", (1,), (0,)),
        ("Full Name;Mobile Phone", f"Ali;{N}", (1,), (0,)),
        ("First Name;Last Name;Phone", f"Ali;Kaya;{N}", (2,), (0, 1)),
        ("ФИО;Мобильный телефон", f"Али;{N}", (1,), (0,)),
        ("Номер договора;Имя;Телефон", f"1234567;Али;{N}", (2,), (1,)),
        ("Kunden-Nr.;Vorname;Nachname;Rufnummer", f"1234567;Ali;Kaya;{N}", (3,), (1, 2)),
        ("Telefon;Cep;Ad", f"0212 100 50 01;{N};Ali", (1, 0), (2,)),
        ("Telefon Tipi;Telefon;Ad", f"cep;{N};Ali", (1,), (2,)),
        ("Faks;Telefon", f"0212 100 50 01;{N}", (1,), ()),
        ("Müşteri Telefonu;No", f"{N};7", (0,), ()),
        ("numara;isim", f"{N};Ali", (0,), (1,)),
        ("a;b", f"x;{N}", (1,), ()),
    ],
)
def test_columns_are_guessed_in_four_languages(header, row, numbers, name):
    found = guess(header, row)

    assert (found.numbers, found.name) == (numbers, name)


def test_what_is_said_goes_before_what_is_guessed():
    found = guess("A;Telefon;Ad;C", f"{N};0212 100 50 01;Ali;Can", said={"number": "A", "name": ["Ad", "C"]})

    assert (found.numbers, found.name, found.others) == ((0,), (2, 3), (1,))


@pytest.mark.parametrize("said", [{"number": "Yok"}, {"telephone": "A"}, {"number": ["A", 3]}, {"number": {"a": 1}}])
def test_a_mapping_to_nothing_is_refused(said):
    with pytest.raises(ListProblem) as caught:
        guess("A;B", f"{N};x", said=said)

    assert caught.value.code == "unknown_column"


def test_the_first_filled_number_is_called_and_none_is_shown_as_a_field():
    names = ("Cep", "Telefon", "Ad", "Şehir")
    columns = guess(";".join(names), f"{N};0212 100 50 01;Ali;Ankara")

    found = read(2, ["", "0212 100 50 01", "Ali", "Ankara"], names, columns, "TR", frozenset({"TR"}))

    assert (found.number, found.name, found.fields) == ("+902121005001", "Ali", {"Şehir": "Ankara"})
