import pytest

from desk.calls.script import fill

FIELDS = {"name": "Ayşe Yılmaz", "İlçe": "Kadıköy", "borç": "", "trap": "{name}"}


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("Merhaba {name}", "Merhaba Ayşe Yılmaz"),
        ("{NAME}, {ilçe}", "Ayşe Yılmaz, Kadıköy"),
        ("{ name }", "Ayşe Yılmaz"),
        ("Borcunuz {borç} lira, {tarih} tarihinde", "Borcunuz … lira, … tarihinde"),
        ("{trap}", "{name}"),
        ("{} {\n} { {name}", "{} {\n} { Ayşe Yılmaz"),
        ("{name.__class__} {0} {name!r:>9}", "… … …"),
        ("", ""),
    ],
)
def test_fields_are_filled_in_and_nothing_else(script, said):
    assert fill(script, FIELDS) == said
