"""Rows of a list into the base: duplicates and do-not-call found, persons found or made, leads written.

Rows are judged on a reading connection, a portion at a time, and written in small works for the writer. What another
writer did in between is caught by the unique indexes: the work fails, and the rest of the portion is judged again.
Progress is committed with the rows, so that an import that was interrupted goes on after the last row that is safe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.lists.models import call_list, lead, list_row
from campaigns.lists.parsing import Row
from campaigns.lists.verdicts import Verdict
from campaigns.rules import hours
from campaigns.rules.retry import LeadState
from contacts.dnc import service as dnc
from contacts.persons import service as persons
from contacts.persons.service import Contact
from kit import ids
from kit.db import Tx

ROWS_AT_ONCE = 50  # rows in one work: about what fits into a slice of 5 ms

Counts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows go. `week`: the campaign's hours; `at`: the moment that the import counts from."""

    list: str
    project: str
    campaign: str
    week: hours.Week
    at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its final verdict. `person`, `lead`: of accepted rows; `known`: the person was there before."""

    row: Row
    verdict: Verdict
    code: str | None
    detail: dict[str, Any]
    lead: str | None = None
    person: str | None = None
    known: persons.Known | None = None

    @property
    def renames(self) -> bool:
        """Whether the person was known by another name."""
        digest = self.row.name_digest
        return self.known is not None and digest is not None and digest != self.known.name_digest


def no_counts(total: int) -> Counts:
    """The counts of a list of which nothing is written yet. `last_row`: the last one that is."""
    return {"total": total, "rows": 0, "accepted": 0, "duplicate": 0, "refused": 0, "codes": {}, "last_row": 0}


def counted(counts: Counts, judged: Sequence[Judged]) -> Counts:
    """The counts after these rows."""
    after = {**counts, "codes": dict(counts["codes"])}
    for each in judged:
        after[each.verdict.value] += 1
        if each.code is not None:
            after["codes"][each.code] = after["codes"].get(each.code, 0) + 1
    return after | {"rows": counts["rows"] + len(judged), "last_row": judged[-1].row.row}


async def judge(conn: AsyncConnection, target: Target, rows: Sequence[Row]) -> list[Judged]:
    """Give rows that follow each other their final verdicts, by what the base holds now."""
    digests = [row.number_digest for row in rows if row.verdict is Verdict.ACCEPTED]
    leads = await _known_leads(conn, target, digests)
    barred = await dnc.standing(conn, target.project, digests, target.at) if digests else set[bytes]()
    people = await persons.of_digests(conn, target.project, digests) if digests else {}
    found: list[Judged] = []
    for row in rows:
        judged = _judged(row, leads.get(row.number_digest), row.number_digest in barred, people.get(row.number_digest))
        if judged.verdict is Verdict.ACCEPTED:
            leads[row.number_digest] = {"row": row.row}
        found.append(judged)
    return found


async def write(tx: Tx, target: Target, judged: Sequence[Judged], counts: Counts) -> None:
    """Write judged rows and the counts after them. Raises IntegrityError when the base moved on: judge again."""
    accepted = [each for each in judged if each.verdict is Verdict.ACCEPTED]
    if accepted:
        fresh = [(str(each.person), _contact(each.row)) for each in accepted if each.known is None]
        await persons.add(tx, target.project, fresh, target.at)
        await persons.rename(tx, [(str(each.person), _contact(each.row)) for each in accepted if each.renames])
        await tx.conn.execute(insert(lead), [_lead_row(target, each) for each in accepted])
    await tx.conn.execute(insert(list_row), [_list_row(target, each) for each in judged])
    await tx.conn.execute(update(call_list).where(call_list.c.id == target.list).values(counts=counts))


async def _known_leads(conn: AsyncConnection, target: Target, digests: Sequence[bytes]) -> dict[bytes, dict[str, Any]]:
    """Numbers that the campaign has already, with the row that brought them."""
    if not digests:
        return {}
    found = select(lead.c.number_digest, lead.c.list, lead.c.row).where(
        lead.c.campaign == target.campaign, lead.c.number_digest.in_(digests)
    )
    return {
        each.number_digest: {"row": each.row} if each.list == target.list else {"list": each.list, "row": each.row}
        for each in await conn.execute(found)
    }


def _judged(row: Row, earlier: Mapping[str, Any] | None, barred: bool, known: persons.Known | None) -> Judged:
    if row.verdict is not Verdict.ACCEPTED:
        return Judged(row, row.verdict, row.code, row.detail)
    if earlier is not None:
        code = "in_campaign" if "list" in earlier else "in_list"
        return Judged(row, Verdict.DUPLICATE, code, dict(earlier))
    if barred:
        return Judged(row, Verdict.REFUSED, "on_do_not_call", {})
    person = known.person if known else ids.new()
    return Judged(row, Verdict.ACCEPTED, None, {}, lead=ids.new(), person=person, known=known)


def _contact(row: Row) -> Contact:
    return Contact(
        number_sealed=row.number_sealed,
        number_digest=row.number_digest,
        country=row.country,
        kind=row.kind,
        zones=row.zones,
        name_sealed=row.name_sealed,
        name_digest=row.name_digest,
    )


@lru_cache(maxsize=1024)
def _opens(week: hours.Week, zones: tuple[str, ...], at: datetime) -> datetime | None:
    return hours.next_open(week, zones, at)


def _lead_row(target: Target, judged: Judged) -> dict[str, Any]:
    row = judged.row
    opens = _opens(target.week, row.zones, target.at)
    waits = None if opens == target.at else "outside_hours"
    return {
        "id": judged.lead,
        "project": target.project,
        "campaign": target.campaign,
        "list": target.list,
        "person": judged.person,
        "row": row.row,
        "number_sealed": row.number_sealed,
        "number_digest": row.number_digest,
        "zones": list(row.zones),
        "state": LeadState.OPEN.value,
        "next_at": opens or target.at,
        "waits_for": waits,
        "tries": 0,
        "attempts": 0,
        "priority": 0,
        "fields_sealed": row.fields_sealed,
        "fence": 0,
    }


def _list_row(target: Target, judged: Judged) -> dict[str, Any]:
    return {
        "list": target.list,
        "row": judged.row.row,
        "verdict": judged.verdict.value,
        "code": judged.code,
        "detail": judged.detail,
        "number_sealed": None if judged.lead else judged.row.number_sealed,
        "lead": judged.lead,
    }
