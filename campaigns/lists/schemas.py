"""Shapes of lists."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import RowMapping

from campaigns.lists.verdicts import Verdict
from campaigns.projects.schemas import Country
from campaigns.text import Id, Line
from kit.phones import SENTENCES

LONGEST_SHOWN = 40

CODES: dict[str, str] = {
    **SENTENCES,
    "no_number": "There is no number in this row.",
    "emergency_or_short": "Emergency and short numbers are never called by the machine.",
    "premium": "Premium, shared-cost and personal numbers are not called.",
    "satellite": "Satellite and international service numbers are not called.",
    "country_not_allowed": "This project does not call the country of this number.",
    "on_do_not_call": "This number is on the do-not-call list.",
    "number_invalid": "No such number is given out in its country; check the digits.",
    "in_list": "The same number stands in an earlier row of this list.",
    "in_campaign": "The campaign has this number already from another list.",
}


class ListFields(BaseModel):
    """The text parts beside the file. `mapping`: JSON like {"number": "GSM", "name": ["Ad", "Soyad"]}."""

    model_config = ConfigDict(extra="forbid")

    campaign: Id
    name: Line | None = None
    country: Country | None = None
    mapping: Annotated[dict[str, Any], Field(max_length=10)] | None = None

    @field_validator("mapping", mode="before")
    @classmethod
    def mapping_is_json(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            raise ValueError('mapping is JSON, like {"number": "GSM", "name": ["Ad", "Soyad"]}') from None


class ListOut(BaseModel):
    """`counts`: total, rows (that have their verdict), accepted, duplicate, refused, and codes by their number."""

    id: str
    project: str
    campaign: str
    name: str
    file_name: str
    country: str
    size: int
    state: str
    counts: dict[str, Any]
    mapping: dict[str, Any]
    problem: dict[str, Any] | None
    created_at: datetime
    done_at: datetime | None


class RowOut(BaseModel):
    """One row of the file with its verdict. `row`: as a spreadsheet counts, the header being row 1."""

    row: int
    verdict: Verdict
    code: str | None
    message: str | None
    detail: dict[str, Any]
    number_masked: str
    lead: str | None


class RowsOut(BaseModel):
    """`next_cursor`: give it as `cursor` for what follows; None at the end."""

    items: list[RowOut]
    next_cursor: int | None


def list_out(row: RowMapping) -> ListOut:
    counts = {name: value for name, value in row["counts"].items() if name != "last_row"}
    plan = row["mapping"]["plan"]
    form = {name: plan[name] for name in ("encoding", "delimiter", "header", "columns")}
    return ListOut.model_validate({**row, "counts": counts, "mapping": {**row["mapping"]["columns"], **form}})


def masked_raw(text: str) -> str:
    """What stood in a cell that is no number, without showing it: the last two letters or digits stay."""
    shown = text[:LONGEST_SHOWN]
    kept = len(shown) - 2 if len(shown) > 4 else len(shown)
    return "".join("•" if mark.isalnum() and place < kept else mark for place, mark in enumerate(shown))
