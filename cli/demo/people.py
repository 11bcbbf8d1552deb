"""Example lists: made-up people whose numbers tell the practice exchange how to behave.

The last seven digits of a number are BBPPNNN: behaviour, its parameter (seconds), and a running number.
"""

import random
from collections.abc import Iterator

FIRST = ("Deniz", "Umut", "Yağmur", "Barış", "Çağla", "Işık", "Güneş", "Özgür", "Şafak", "Toprak")
LAST = ("Örnek", "Deneme", "Numune", "Taslak", "Model")
CITIES = ("İstanbul", "Ankara", "İzmir", "Muğla", "Şanlıurfa", "Çanakkale")
TARIFFS = ("Fiber 100", "Fiber 200", "ADSL 24", "Mobil 10 GB")

# behaviour, parameters, weight
MIX = (
    ("10", ("01", "02", "03", "04"), 38),  # a human after so many seconds
    ("11", ("08", "12", "16"), 14),  # a human who hangs up that long after answering
    ("12", ("05",), 6),  # an answering machine
    ("20", ("01", "02"), 12),  # busy
    ("21", ("00",), 14),  # rings and rings
    ("22", ("00",), 1),  # congestion
    ("23", ("00",), 6),  # no such number
    ("24", ("00",), 4),  # declined
    ("25", ("02",), 5),  # unavailable
)


def numbers(prefix: str, count: int, seed: int) -> Iterator[str]:
    """`count` different numbers as people write them: 0532 100 50 01."""
    draw = random.Random(seed)
    weights = [weight for _, _, weight in MIX]
    for n in range(count):
        behaviour, parameters, _ = draw.choices(MIX, weights)[0]
        digits = f"{behaviour}{draw.choice(parameters)}{n % 1000:03d}"
        yield f"0{prefix} {digits[:3]} {digits[3:5]} {digits[5:]}"


def example_list(prefix: str, count: int, seed: int) -> bytes:
    """A CSV as an office program in Turkey saves it: semicolons, Windows-1254."""
    draw = random.Random(seed)
    lines = ["Ad Soyad;Telefon;Şehir;Tarife"]
    for number in numbers(prefix, count, seed):
        name = f"{draw.choice(FIRST)} {draw.choice(LAST)}"
        lines.append(f"{name};{number};{draw.choice(CITIES)};{draw.choice(TARIFFS)}")
    return ("\r\n".join(lines) + "\r\n").encode("cp1254")
