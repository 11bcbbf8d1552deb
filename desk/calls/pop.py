"""The screen-pop: who is on the line, why, and what to say. Built for the one operator who has the call.

Three queries; numbers leave only masked.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaigns.models import campaign
from campaigns.dispositions import service as dispositions
from campaigns.dispositions.schemas import Disposition, out_of
from campaigns.lists.models import call_list, lead
from campaigns.projects.models import project
from contacts import sealing
from contacts.persons.models import person
from desk.calls.history import Entry, contacts, history
from desk.calls.models import call
from desk.calls.script import fill
from desk.calls.service import diverted_by
from desk.calls.why import Situation, Why, why
from desk.calls.words import Text
from dialer.facts import Direction
from dialer.shapes import Temperature
from kit import phones
from kit.seal import Seal

Pop = dict[str, object]


async def build(conn: AsyncConnection, seal: Seal, call_id: str, operator_name: str, now: datetime) -> Pop | None:
    """The pop of `call_id`; None when there is no such call. `operator_name` fills `{operator}` in the script."""
    row = (await conn.execute(_FACTS, {"call": call_id})).mappings().first()
    if row is None:
        return None
    before = (
        [] if row["person"] is None else await history(conn, seal, row["project"], row["person"], without=row["id"])
    )
    results = await dispositions.of_project(conn, row["project"])
    return _pop(row, before, results, seal, operator_name, now)


_FACTS = (
    select(
        call.c.id,
        call.c.direction,
        call.c.attempt,
        call.c.person,
        call.c.project,
        call.c.campaign,
        call.c.number_sealed,
        call.c.withheld,
        call.c.diverted_sealed,
        call.c.connected_at,
        project.c.name.label("project_name"),
        project.c.zone.label("project_zone"),
        campaign.c.name.label("campaign_name"),
        campaign.c.temperature,
        campaign.c.script,
        person.c.name_sealed,
        person.c.zones,
        lead.c.fields_sealed,
        call_list.c.created_at.label("details_at"),
    )
    .select_from(
        call.join(project, project.c.id == call.c.project)
        .outerjoin(campaign, campaign.c.id == call.c.campaign)
        .outerjoin(person, person.c.id == call.c.person)
        .outerjoin(lead, lead.c.id == call.c.lead)
        .outerjoin(call_list, call_list.c.id == lead.c.list)
    )
    .where(call.c.id == bindparam("call"))
)


def _pop(
    row: RowMapping,
    before: Sequence[Entry],
    results: Sequence[Disposition],
    seal: Seal,
    operator_name: str,
    now: datetime,
) -> Pop:
    name = None if row["name_sealed"] is None else seal.open(row["name_sealed"], sealing.NAME)
    fields = _fields(row, seal)
    words = {"name": name or "", "project": row["project_name"], "operator": operator_name} | fields
    labels = {result.code: Text(tr=result.label_tr, en=result.label_en) for result in results}
    return {
        "call": row["id"],
        "direction": row["direction"],
        "attempt": row["attempt"],
        "project": {"id": row["project"], "name": row["project_name"]},
        "campaign": _campaign(row),
        "person": _person(row, name, fields, seal),
        "withheld": row["withheld"],
        "diverted_by_masked": diverted_by(row["diverted_sealed"], seal),
        "why": _why_body(why(_situation(row, before, labels, now))),
        "script": fill(row["script"] or "", words),
        "history": [entry.body() for entry in before],
        "dispositions": [out_of(result).model_dump() for result in results],
        "connected_at": None if row["connected_at"] is None else row["connected_at"].isoformat(),
    }


def _fields(row: RowMapping, seal: Seal) -> dict[str, str]:
    if row["fields_sealed"] is None:
        return {}
    found = cast(dict[str, object], json.loads(seal.open(row["fields_sealed"], sealing.FIELDS)))
    return {name: str(value) for name, value in found.items() if value is not None}


def _campaign(row: RowMapping) -> dict[str, object] | None:
    if row["campaign"] is None:
        return None
    return {"id": row["campaign"], "name": row["campaign_name"], "temperature": row["temperature"]}


def _person(row: RowMapping, name: str | None, fields: dict[str, str], seal: Seal) -> dict[str, object]:
    number = None if row["number_sealed"] is None else seal.open(row["number_sealed"], sealing.NUMBER)
    zones = row["zones"] or [row["project_zone"]]
    return {
        "id": row["person"],
        "name": name,
        "number_masked": None if number is None else phones.mask(number),
        "local_time_zone": zones[0],
        "fields": fields,
    }


def _situation(row: RowMapping, before: Sequence[Entry], labels: dict[str, Text], now: datetime) -> Situation:
    return Situation(
        direction=Direction(row["direction"]),
        temperature=None if row["temperature"] is None else Temperature(row["temperature"]),
        known=row["person"] is not None,
        now=now,
        zone=ZoneInfo(row["project_zone"]),
        details_at=row["details_at"],
        history=contacts(before, labels),
    )


def _why_body(reason: Why) -> dict[str, object]:
    return {
        "code": reason.code.value,
        "values": dict(reason.values),
        "text": {"tr": reason.text.tr, "en": reason.text.en},
    }
