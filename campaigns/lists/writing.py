"""Rows of a list into the base: duplicates and do-not-call found, persons found or made, leads written.

One `write_rows` is one small work for the writer; progress is committed with it, so that an import that was
interrupted goes on after the last row that is safe.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

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

ROWS_AT_ONCE = 25

Counts = dict[str, Any]


@dataclass(slots=True)
class Target:
    """Where the rows go. `week`: the campaign's hours; `at`: the moment that the import counts from."""

    list: str
    project: str
    campaign: str
    week: hours.Week
    at: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its final verdict."""

    row: Row
    verdict: Verdict
    code: str | None
    detail: dict[str, Any]
    lead: str | None = None


def no_counts(total: int) -> Counts:
    """The counts of a list of which nothing is written yet. `last_row`: the last one that is."""
    return {"total": total, "rows": 0, "accepted": 0, "duplicate": 0, "refused": 0, "codes": {}, "last_row": 0}


async def write_rows(tx: Tx, target: Target, rows: Sequence[Row]) -> None:
    """Write some rows of the list and count them."""
    judged = await _judge(tx, target, rows)
    accepted = [each for each in judged if each.verdict is Verdict.ACCEPTED]
    if accepted:
        people = await persons.found_or_made(tx, target.project, [_contact(each.row) for each in accepted], target.at)
        leads = [_lead_row(target, each, people[each.row.number_digest]) for each in accepted]
        await tx.conn.execute(insert(lead), leads)
    await tx.conn.execute(insert(list_row), [_list_row(target, each) for each in judged])
    await _count(tx, target.list, judged)


async def _judge(tx: Tx, target: Target, rows: Sequence[Row]) -> list[Judged]:
    digests = [row.number_digest for row in rows if row.verdict is Verdict.ACCEPTED]
    known = await _known(tx, target, digests)
    barred = await dnc.standing(tx.conn, target.project, digests, target.at) if digests else set()
    found: list[Judged] = []
    for row in rows:
        judged = _judged(row, known.get(row.number_digest), row.number_digest in barred)
        if judged.verdict is Verdict.ACCEPTED:
            known[row.number_digest] = {"row": row.row}
        found.append(judged)
    return found


async def _known(tx: Tx, target: Target, digests: Sequence[bytes]) -> dict[bytes, dict[str, Any]]:
    """Numbers that the campaign has already, with the row that brought them."""
    if not digests:
        return {}
    found = select(lead.c.number_digest, lead.c.list, lead.c.row).where(
        lead.c.campaign == target.campaign, lead.c.number_digest.in_(digests)
    )
    return {
        each.number_digest: {"row": each.row} if each.list == target.list else {"list": each.list, "row": each.row}
        for each in await tx.conn.execute(found)
    }


def _judged(row: Row, known: Mapping[str, Any] | None, barred: bool) -> Judged:
    if row.verdict is not Verdict.ACCEPTED:
        return Judged(row, row.verdict, row.code, row.detail)
    if known is not None:
        code = "in_campaign" if "list" in known else "in_list"
        return Judged(row, Verdict.DUPLICATE, code, dict(known))
    if barred:
        return Judged(row, Verdict.REFUSED, "on_do_not_call", {})
    return Judged(row, Verdict.ACCEPTED, None, {}, ids.new())


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


def _lead_row(target: Target, judged: Judged, person: str) -> dict[str, Any]:
    row = judged.row
    opens = hours.next_open(target.week, row.zones, target.at)
    waits = None if opens == target.at else "outside_hours"
    return {
        "id": judged.lead,
        "project": target.project,
        "campaign": target.campaign,
        "list": target.list,
        "person": person,
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


async def _count(tx: Tx, wanted: str, judged: Sequence[Judged]) -> None:
    stored = await tx.conn.execute(select(call_list.c.counts).where(call_list.c.id == wanted))
    counts: Counts = dict(stored.scalar_one())
    codes = dict(counts["codes"])
    for each in judged:
        counts[each.verdict.value] += 1
        if each.code is not None:
            codes[each.code] = codes.get(each.code, 0) + 1
    counts |= {"rows": counts["rows"] + len(judged), "codes": codes, "last_row": judged[-1].row.row}
    await tx.conn.execute(update(call_list).where(call_list.c.id == wanted).values(counts=counts))
