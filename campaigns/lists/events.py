"""What is told while a list is imported."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from kit.journal import Event

_TOLD = ("total", "rows", "accepted", "duplicate", "refused")


def list_progressed(row: RowMapping, counts: Mapping[str, Any], at: datetime) -> Event:
    return _event("list.progressed", row, at, counts={name: counts[name] for name in _TOLD})


def list_done(row: RowMapping, state: str, counts: Mapping[str, Any], at: datetime) -> Event:
    """`state`: done or failed."""
    return _event("list.done", row, at, state=state, counts={name: counts[name] for name in _TOLD})


def _event(name: str, row: RowMapping, at: datetime, **body: Any) -> Event:
    return Event.new(
        f"ahize.{name}.v1",
        topic=f"project:{row['project']}",
        subject=row["id"],
        at=at,
        project=row["project"],
        list=row["id"],
        campaign=row["campaign"],
        **body,
    )
