"""What went on with a person in a project before: calls with somebody, and attempts that reached nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, literal, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.lists.models import attempt, lead
from desk.calls.models import call
from desk.calls.why import Contact
from desk.calls.words import Text
from dialer.facts import Direction
from dialer.outcomes import Outcome
from dialer.shapes import AttemptKind
from kit.seal import Seal

NOTE = "note"
LIMIT = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One earlier call or attempt. `disposition`: the code an operator gave; `note`: what the operator wrote."""

    at: datetime
    direction: Direction
    outcome: Outcome
    disposition: str | None = None
    callback_at: datetime | None = None
    note: str | None = None

    def contact(self, labels: Mapping[str, Text]) -> Contact:
        label = labels.get(self.disposition) if self.disposition else None
        return Contact(self.at, self.direction, self.outcome, label, self.callback_at)

    def body(self) -> dict[str, object]:
        shown: dict[str, object] = {
            "at": self.at.isoformat(),
            "direction": self.direction.value,
            "outcome": self.outcome.value,
            "disposition": self.disposition,
        }
        return shown if self.note is None else shown | {"note": self.note}


async def history(
    conn: AsyncConnection, seal: Seal, project: str, person: str, *, without: str, limit: int = LIMIT
) -> list[Entry]:
    """The newest `limit` entries of `person` in `project`, newest first, `without` the call that is on now."""
    wanted = {"project": project, "person": person, "most": 2 * limit + 1}
    rows = (await conn.execute(_ENTRIES, wanted)).mappings().all()
    told = {row["attempt"] for row in rows if row["call"] is not None}
    entries = [_of_call(row, seal) for row in rows if row["call"] not in (None, without)]
    entries += [_of_attempt(row) for row in rows if row["call"] is None and row["attempt"] not in told]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


# Built once: putting such a query together takes longer than running it.
_PROJECT, _PERSON, _MOST = bindparam("project"), bindparam("person"), bindparam("most")
_CALLS = (
    select(
        call.c.id.label("call"),
        call.c.attempt,
        call.c.direction,
        call.c.started_at,
        call.c.connected_at,
        call.c.disposition,
        call.c.callback_at,
        call.c.note_sealed,
        attempt.c.outcome,
    )
    .select_from(call.outerjoin(attempt, attempt.c.id == call.c.attempt))
    .where(call.c.project == _PROJECT, call.c.person == _PERSON)
    .order_by(call.c.started_at.desc())
    .limit(_MOST)
    .subquery()
)
_ATTEMPTS = (
    select(attempt.c.id, attempt.c.started_at, attempt.c.outcome)
    .select_from(lead.join(attempt, attempt.c.lead == lead.c.id))
    .where(
        lead.c.person == _PERSON,
        attempt.c.project == _PROJECT,
        attempt.c.kind == AttemptKind.CALL.value,
        attempt.c.outcome.is_not(None),
    )
    .order_by(attempt.c.started_at.desc())
    .limit(_MOST)
    .subquery()
)
_OUT = literal(Direction.OUT.value)
_ENTRIES = union_all(
    select(_CALLS),
    select(null(), _ATTEMPTS.c.id, _OUT, _ATTEMPTS.c.started_at, null(), null(), null(), null(), _ATTEMPTS.c.outcome),
)


def _of_call(row: RowMapping, seal: Seal) -> Entry:
    if row["connected_at"] is not None:
        outcome = Outcome.CONNECTED
    else:
        outcome = Outcome(row["outcome"]) if row["outcome"] else Outcome.ABANDONED
    return Entry(
        at=row["started_at"],
        direction=Direction(row["direction"]),
        outcome=outcome,
        disposition=row["disposition"],
        callback_at=row["callback_at"],
        note=None if row["note_sealed"] is None else seal.open(row["note_sealed"], NOTE),
    )


def _of_attempt(row: RowMapping) -> Entry:
    return Entry(at=row["started_at"], direction=Direction.OUT, outcome=Outcome(row["outcome"]))


def contacts(entries: Sequence[Entry], labels: Mapping[str, Text]) -> list[Contact]:
    return [entry.contact(labels) for entry in entries]
