"""What a check found, in one line."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "note", "problem"]
_SHOWN: dict[State, str] = {"ok": "ok", "note": "note", "problem": "MEND"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`check`: what was looked at; `found`: how it stands; `mend`: what to do, one sentence, empty when all is well.

    A note is worth knowing; a problem must be mended before the service can work as it should.
    """

    check: str
    state: State
    found: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f"; {self.mend}" if self.mend else ""
        return f"{_SHOWN[self.state]:<5} {self.check}: {self.found}{mend}"

    def shape(self) -> dict[str, Any]:
        return asdict(self)


def ok(check: str, found: str) -> Finding:
    return Finding(check, "ok", found)


def note(check: str, found: str, mend: str = "") -> Finding:
    return Finding(check, "note", found, mend)


def problem(check: str, found: str, mend: str) -> Finding:
    return Finding(check, "problem", found, mend)


def halves(error: Exception) -> tuple[str, str]:
    """What an error of ours says is wrong, and what it says to do."""
    found, mark, mend = str(error).rstrip(".").partition("; ")
    if not mark:
        found, _, mend = found.partition(": ")
    return found, mend
