import csv

import pytest

from kit import phones
from kit.phones import Kind, PhoneError

GOOD = [
    ("+90 532 1005001", "+905321005001", "TR", Kind.MOBILE),
    ("0532 100 50 01", "+905321005001", "TR", Kind.MOBILE),
    ("5321005001", "+905321005001", "TR", Kind.MOBILE),
    ("(0532) 100-50-01", "+905321005001", "TR", Kind.MOBILE),
    ("00905321005001", "+905321005001", "TR", Kind.MOBILE),
    ("5321005001.0", "+905321005001", "TR", Kind.MOBILE),
    ("'+905321005001", "+905321005001", "TR", Kind.MOBILE),
    ("tel:+905321005001", "+905321005001", "TR", Kind.MOBILE),
    ("\u202a+905321005001\u202c", "+905321005001", "TR", Kind.MOBILE),
    ("0٥٣٢١٠٠٥٠٠١", "+905321005001", "TR", Kind.MOBILE),
    ("0212 222 22 22", "+902122222222", "TR", Kind.FIXED),
    ("0900 123 45 67", "+909001234567", "TR", Kind.PREMIUM),
    ("0850 222 0 444", "+908502220444", "TR", Kind.VOIP),
    ("+1 202 555 0123", "+12025550123", "US", Kind.FIXED_OR_MOBILE),
    ("+881612345678", "+881612345678", phones.NO_COUNTRY, Kind.MOBILE),
    ("+979123456789", "+979123456789", phones.NO_COUNTRY, Kind.PREMIUM),
]

BAD = [
    ("", "empty"),
    ("  ", "empty"),
    ("\u200b", "empty"),
    ("Ayşe", "letters"),
    ("yok", "letters"),
    ("1-800-FLOWERS", "letters"),
    ("0532 100 50 01 Mehmet", "letters"),
    ("sip:5321005001@example.com", "letters"),
    ("12", "too_short"),
    ("112", "too_short"),
    ("100 50 01", "invalid"),
    ("+9053210050011111", "too_long"),
    ("1" * 40, "too_long"),
    ("5" * 5000, "too_long"),
    ("532100500", "invalid"),
    ("+999123456789", "invalid"),
    ("0000000000", "invalid"),
    ("-", "not_a_phone"),
    ("*72", "not_a_phone"),
    ("#31#05321005001", "not_a_phone"),
    ("05321005001 / 05321005002", "not_a_phone"),
    ("0532100\x005001", "not_a_phone"),
    ("5321005001\r\nBCC: x", "not_a_phone"),
    ("5321005001 ext 3", "extension"),
    ("0532 100 50 01 dahili 12", "extension"),
    ("5321005001;ext=5", "extension"),
    ("5321005001,,,1", "extension"),
    ("5.32E+09", "scientific"),
    ("5,32E+09", "scientific"),
    ("9.05321E+11", "scientific"),
]


@pytest.mark.parametrize(("text", "e164", "country", "kind"), GOOD)
def test_a_number_is_read_as_its_country_dials_it(text, e164, country, kind):
    phone = phones.parse(text, "TR")

    assert (phone.e164, phone.country, phone.kind) == (e164, country, kind)
    assert phones.DIALABLE.match(phone.e164)


@pytest.mark.parametrize(("text", "code"), BAD)
def test_what_is_no_number_is_refused_with_its_code(text, code):
    with pytest.raises(PhoneError) as refused:
        phones.parse(text, "TR")

    assert refused.value.code == code
    assert str(refused.value) == phones.SENTENCES[code]


def test_odd_phones_of_the_material_are_read_or_refused_but_never_break(material):
    with (material / "hostile-uploads" / "phones_odd.csv").open(encoding="utf-8") as file:
        odd = [row[0] for row in csv.reader(file) if row][1:]

    verdicts = {text: verdict(text) for text in odd}

    assert len(odd) > 30
    assert all(phones.DIALABLE.match(said) or said in phones.SENTENCES for said in verdicts.values())
    assert verdicts["3.01235E+11"] == "scientific"


def verdict(text):
    try:
        return phones.parse(text, "DE").e164
    except PhoneError as refused:
        return refused.code


@pytest.mark.parametrize(
    ("e164", "zones"),
    [
        ("+905321005001", ("Europe/Istanbul",)),
        ("+12025550123", ("America/New_York",)),
        ("+61891234567", ("Australia/Adelaide", "Australia/Perth")),
        ("+881612345678", ()),
    ],
)
def test_zones_of_a_number(e164, zones):
    assert phones.zones(e164) == zones


def test_a_number_whose_area_says_nothing_has_all_zones_of_its_country():
    everywhere = phones.zones("+18005550123")

    assert {"America/New_York", "Pacific/Honolulu"} <= set(everywhere)
    assert len(everywhere) > 10


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+905321005001", "+90 532 ••• •• 01"),
        ("+12025550123", "+1 202-•••-••23"),
        ("+33612345678", "+33 6 •• •• •• 78"),
        ("nonsense", "••••••••"),
    ],
)
def test_a_masked_number_shows_country_area_and_two_digits(e164, shown):
    assert phones.mask(e164) == shown


@pytest.mark.parametrize("e164", ["+4512345678", "+37369123456", "+6561234567", "+29012345", "+870773111632"])
def test_at_least_four_digits_stay_hidden(e164):
    assert phones.mask(e164).count("•") >= 4


@pytest.mark.parametrize("text", ["+90", "12\n", "abc", "+1234567890123456", "٠٣٠١٢٣", "+90;x=1", ""])
def test_only_plain_digits_are_dialable(text):
    assert not phones.DIALABLE.match(text)
