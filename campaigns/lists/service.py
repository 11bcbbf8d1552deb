"""What happens to lists, apart from their import (`campaigns.lists.imports`)."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.lists.models import call_list, lead, list_row
from campaigns.lists.parsing import Plan
from campaigns.lists.schemas import CODES, ListFields, RowOut, masked_raw
from campaigns.lists.upload import Upload
from campaigns.lists.verdicts import Verdict
from campaigns.lists.writing import no_counts
from contacts import sealing
from kit import phones
from kit.db import Tx
from kit.errors import NotFound
from kit.seal import Seal


def fingerprint(upload: Upload, fields: ListFields) -> bytes:
    """What makes two uploads the same one: 32 bytes."""
    said = json.dumps(fields.model_dump(), sort_keys=True, default=str).encode()
    return hashlib.sha256(upload.digest + said).digest()


async def create(
    tx: Tx, new: str, upload: Upload, fields: ListFields, project: str, country: str, plan: Plan, by: str, at: datetime
) -> None:
    """A received list whose sealed file lies under its id `new`."""
    row = {
        "id": new,
        "project": project,
        "campaign": fields.campaign,
        "name": fields.name or upload.file_name[:120] or "list",
        "file_name": upload.file_name,
        "country": country,
        "size": upload.size,
        "digest": upload.digest,
        "state": "received",
        "counts": no_counts(plan.rows),
        "mapping": {"columns": plan.columns.described(plan.form.columns), "plan": plan.stored()},
        "created_by": by,
        "created_at": at,
    }
    await tx.conn.execute(insert(call_list).values(**row))


async def find(conn: AsyncConnection, wanted: str) -> RowMapping:
    """The list's row. Raises NotFound."""
    row = (await conn.execute(select(call_list).where(call_list.c.id == wanted))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


async def listed(conn: AsyncConnection, within: ColumnElement[bool], limit: int = 500) -> Sequence[RowMapping]:
    """Lists, newest first."""
    found = select(call_list).where(within).order_by(call_list.c.id.desc()).limit(limit)
    return (await conn.execute(found)).mappings().all()


async def rows(
    conn: AsyncConnection, seal: Seal, wanted: str, verdict: Verdict | None, after: int, limit: int
) -> list[RowOut]:
    """Rows with their verdicts, from after the row `after` on; numbers masked."""
    columns = (list_row, lead.c.number_sealed.label("lead_number"))
    joined = list_row.outerjoin(lead, lead.c.id == list_row.c.lead)
    found = select(*columns).select_from(joined).where(list_row.c.list == wanted, list_row.c.row > after)
    if verdict is not None:
        found = found.where(list_row.c.verdict == verdict.value)
    result = await conn.execute(found.order_by(list_row.c.row).limit(limit))
    return [_row_out(row, seal) for row in result.mappings()]


def _row_out(row: RowMapping, seal: Seal) -> RowOut:
    sealed = row["lead_number"] or row["number_sealed"]
    number = "" if sealed is None else seal.open(sealed, sealing.NUMBER)
    refused = row["verdict"] == Verdict.REFUSED and not number.startswith("+")
    return RowOut(
        row=row["row"],
        verdict=row["verdict"],
        code=row["code"],
        message=CODES.get(row["code"]) if row["code"] else None,
        detail=row["detail"],
        number_masked=masked_raw(number) if refused else phones.mask(number),
        lead=row["lead"],
    )
