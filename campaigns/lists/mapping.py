"""Which column of a list is what: guessed from the header and the content, overridden by who uploads it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaigns.errors import ListProblem
from campaigns.lists import words
from campaigns.lists.reading import Form

NUMBER_SHARE = 0.3  # of the filled cells of a column that is called a phone's
NAMELESS_SHARE = 0.5  # of those of a column without a telling name
ROLES = ("number", "name", "reference", "city")


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of columns by role. `numbers`: the first that is filled is called, all are kept from view."""

    numbers: tuple[int, ...]
    name: tuple[int, ...] = ()
    reference: int | None = None
    city: int | None = None
    others: tuple[int, ...] = field(default=())

    def described(self, names: Sequence[str]) -> dict[str, Any]:
        """The same by the columns' names, as a list's row keeps and shows it."""
        return {
            "number": [names[place] for place in self.numbers],
            "name": [names[place] for place in self.name],
            "reference": None if self.reference is None else names[self.reference],
            "city": None if self.city is None else names[self.city],
            "fields": [names[place] for place in self.others],
        }


def columns_of(form: Form, sample: Sequence[Sequence[str]], said: Mapping[str, Any] | None = None) -> Columns:
    """Which column is what. `sample`: the first records without the header; `said`: {"number": "GSM", …} by name.

    Raises ListProblem: no_number_column, unknown_column, no_rows.
    """
    if not sample:
        raise ListProblem("There is only a header in the file; choose the file with the rows.", code="no_rows")
    chosen = {role: _places(form.columns, role, value) for role, value in (said or {}).items()}
    numbers = chosen.get("number") or _numbers(form.columns, sample)
    if not numbers:
        names = _some(form.columns)
        raise ListProblem(
            f"No column holds telephone numbers; name it in mapping. The columns are: {names}.",
            code="no_number_column",
            columns=names,
        )
    name = chosen.get("name") or _name(form.columns)
    reference = chosen.get("reference") or _exact(form.columns, words.REFERENCE)
    city = chosen.get("city") or _exact(form.columns, words.CITY)
    taken = {*numbers, *name}
    others = tuple(place for place in range(len(form.columns)) if place not in taken)
    return Columns(tuple(numbers), tuple(name), next(iter(reference), None), next(iter(city), None), others)


def _some(columns: Sequence[str]) -> str:
    return ", ".join(columns[:20])[:400]


def _places(columns: Sequence[str], role: str, value: Any) -> list[int]:
    names = value if isinstance(value, list) else [value]
    if role not in ROLES:
        raise ListProblem(f"mapping can name {', '.join(ROLES)}; {role[:40]!r} is none of them.", code="unknown_column")
    for name in names:
        if name not in columns:
            raise ListProblem(
                f"mapping names the column {str(name)[:80]!r}, which the file has not; it has {_some(columns)}.",
                code="unknown_column",
            )
    return [columns.index(name) for name in names]


def _numbers(columns: Sequence[str], sample: Sequence[Sequence[str]]) -> list[int]:
    ranked = [(words.phone_rank(name), place) for place, name in enumerate(columns)]
    named = sorted((rank, place) for rank, place in ranked if rank is not None)
    sure = [place for rank, place in named if _share(sample, place) >= NUMBER_SHARE and rank < 2]
    weak = [place for _, place in named if _share(sample, place) >= NUMBER_SHARE]
    if sure or weak:
        return sure or weak[:1]
    if named:
        return [named[0][1]]
    return _by_content(columns, sample)


def _by_content(columns: Sequence[str], sample: Sequence[Sequence[str]]) -> list[int]:
    shares = [(_share(sample, place), -place) for place in range(len(columns))]
    best, place = max(shares, default=(0.0, 0))
    return [-place] if best >= NAMELESS_SHARE else []


def _share(sample: Sequence[Sequence[str]], place: int) -> float:
    filled = [cells[place] for cells in sample if place < len(cells) and cells[place].strip()]
    return sum(map(words.looks_like_number, filled)) / len(filled) if filled else 0.0


def _name(columns: Sequence[str]) -> list[int]:
    first, last = _exact(columns, words.FIRST_NAME), _exact(columns, words.LAST_NAME)
    if first and last:
        return [first[0], last[0]]
    return _exact(columns, words.FULL_NAME)[:1]


def _exact(columns: Sequence[str], meaning: frozenset[str]) -> list[int]:
    return [place for place, name in enumerate(columns) if words.plain(name) in meaning]
