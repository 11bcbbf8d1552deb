"""A measured figure, and the table of them in `docs/performance.md`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
_ROW = "| {key} | {what} | {value} | {goal} | `make bench NAME={name}` |"


@dataclass(frozen=True, slots=True)
class Figure:
    """`key`: the goal it answers (P7); `values`: one a repeat; `unit` stands behind them."""

    key: str
    what: str
    values: tuple[float, ...]
    unit: str
    goal: str

    @property
    def text(self) -> str:
        """The median, with minimum and maximum where there are several."""
        middle = f"**{_short(median(self.values))} {self.unit}**"
        if len(self.values) == 1:
            return middle
        return f"{middle} ({_short(min(self.values))} to {_short(max(self.values))})"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def write(name: str, figures: Iterable[Figure]) -> None:
    """Put the figures of one bench into its part of the page, in place of the earlier ones."""
    rows = [_ROW.format(key=f.key, what=f.what, value=f.text, goal=f.goal, name=name) for f in figures]
    part = f"<!-- {name} -->\n" + "\n".join(rows) + f"\n<!-- end of {name} -->"
    page = PAGE.read_text()
    found = re.compile(rf"<!-- {name} -->.*<!-- end of {name} -->", re.DOTALL)
    if not found.search(page):
        raise LookupError(f"{PAGE.name} has no place for {name}: put <!-- {name} --> and its end into the table")
    PAGE.write_text(found.sub(lambda _: part, page))
