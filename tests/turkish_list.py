"""Makes a call list like those that Turkish centres send: semicolons, Windows-1254, local numbers, some of them wrong.

Run it to see one: python tests/turkish_list.py 5000 > list.csv. The people are made up of lists of words.
"""

import random
import sys
from dataclasses import dataclass

FIRST = ("Deneme", "Örnek", "Şimşek", "Çınar", "Işıl", "Gülağaç", "Üzüm", "İnci", "Yağmur", "Öğrenci")
LAST = ("Kişioğlu", "Örnekçi", "Denizaşan", "Şıkgöz", "Uçankuş", "Ağaçlı", "Üçgül", "İncesaz", "Yıldızgöz", "Çiçekdağ")
CITIES = ("İstanbul", "Ankara", "İzmir", "Şanlıurfa", "Muğla", "Çanakkale", "Iğdır", "Kütahya")
WRONG = ("", "0532 100", "yok", "0900 123 45 67", "112", "0532 100 50 01 dahili 12", "5,32E+09", "+49 30 123456")
HEADER = "Müşteri No;Ad Soyad;Telefon;Şehir;Borç;Açıklama"


@dataclass(frozen=True)
class Made:
    """A list and what should become of it, given a campaign without leads and an empty do-not-call list."""

    content: bytes
    rows: int
    accepted: int
    duplicate: int
    refused: int


def make(rows: int, seed: int = 1, encoding: str = "cp1254") -> Made:
    """`rows` rows: about one in fifty is wrong, one in sixty repeats an earlier number."""
    chance = random.Random(seed)
    lines, numbers = [HEADER], []
    refused = duplicate = 0
    for row in range(rows):
        if chance.random() < 0.02:
            number = chance.choice(WRONG)
            refused += 1
        elif numbers and chance.random() < 1 / 60:
            number = written(chance.choice(numbers), chance)
            duplicate += 1
        else:
            numbers.append(1_000_000 + row)
            number = written(numbers[-1], chance)
        lines.append(_line(row, number, chance))
    content = ("\r\n".join(lines) + "\r\n").encode(encoding)
    return Made(content, rows, rows - refused - duplicate, duplicate, refused)


def written(last_seven: int, chance: random.Random) -> str:
    """A mobile number in one of the ways people write them."""
    digits = f"532{last_seven:07d}"
    ways = (
        f"0{digits[:3]} {digits[3:6]} {digits[6:8]} {digits[8:]}",
        f"0{digits}",
        digits,
        f"(0{digits[:3]}) {digits[3:6]}-{digits[6:]}",
        f"+90 {digits[:3]} {digits[3:6]} {digits[6:8]} {digits[8:]}",
        f"0090{digits}",
    )
    return chance.choice(ways)


def _line(row: int, number: str, chance: random.Random) -> str:
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    note = '"söz verdi; ""yarın"" dedi"' if row % 7 == 0 else ""
    return f"M{row:06d};{name};{number};{chance.choice(CITIES)};{chance.randint(50, 900)},{row % 100:02d};{note}"


if __name__ == "__main__":
    sys.stdout.buffer.write(make(int(sys.argv[1]) if len(sys.argv) > 1 else 5000).content)
