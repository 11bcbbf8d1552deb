"""What happens to campaigns."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaigns import states
from campaigns.campaigns.events import campaign_changed
from campaigns.campaigns.models import campaign
from campaigns.campaigns.presets import PRESETS
from campaigns.campaigns.schemas import CampaignIn
from campaigns.errors import CampaignIncomplete, StaleVersion
from campaigns.lists.leads import visible
from campaigns.lists.models import lead
from dialer.shapes import Temperature
from kit import ids
from kit.db import Tx
from kit.errors import NotFound


async def create(tx: Tx, body: CampaignIn, at: datetime) -> str:
    """A new draft: the temperature's preset with what `body` names."""
    preset = PRESETS[Temperature(body.temperature)]
    named = body.model_dump(exclude_none=True)
    row = {"script": "", "trunks": [], **preset, **named, "id": ids.new(), "state": states.State.DRAFT.value}
    await tx.conn.execute(insert(campaign).values(**_plain(row), version=1, created_at=at))
    tx.emit(campaign_changed(row["id"], body.project, row["state"], 1, at))
    return row["id"]


async def find(conn: AsyncConnection, wanted: str) -> RowMapping:
    """The campaign's row. Raises NotFound."""
    row = (await conn.execute(select(campaign).where(campaign.c.id == wanted))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


async def listed(conn: AsyncConnection, within: ColumnElement[bool]) -> Sequence[RowMapping]:
    """Campaigns, oldest first."""
    return (await conn.execute(select(campaign).where(within).order_by(campaign.c.id))).mappings().all()


async def change(
    tx: Tx, wanted: str, version: int | None, values: dict[str, Any], trunks: Sequence[str], at: datetime
) -> RowMapping:
    """Change what `values` names; gives the row as it was before.

    `version`: the one that was loaded, None for whatever it is. Raises StaleVersion, and CampaignIncomplete where a
    running campaign would lack something.
    """
    before = await find(tx.conn, wanted)
    if version is not None and version != before["version"]:
        raise StaleVersion
    after = {**before, **_plain(values)}
    if before["state"] == states.State.RUNNING:
        _complete(after, trunks)
    await _store(tx, before, _plain(values), at)
    return before


async def move(tx: Tx, wanted: str, event: states.Event, trunks: Sequence[str], at: datetime) -> None:
    """Start or pause. Raises WrongState, CampaignIncomplete."""
    before = await find(tx.conn, wanted)
    state = states.after(states.State(before["state"]), event)
    if state is states.State.RUNNING:
        _complete(before, trunks)
    await _store(tx, before, {"state": state.value}, at)


async def counts(conn: AsyncConnection, wanted: str, at: datetime) -> tuple[dict[str, int], datetime | None]:
    """Leads by state, those callable now apart, and when the next open one comes due."""
    mine = visible(wanted)
    by_state = select(lead.c.state, func.count()).where(mine).group_by(lead.c.state)
    found = {row[0]: row[1] for row in await conn.execute(by_state)}
    later = select(func.count(), func.min(lead.c.next_at)).where(mine, lead.c.state == "open", lead.c.next_at > at)
    waiting, next_at = (await conn.execute(later)).one()
    found["callable"] = found.get("open", 0) - waiting
    return found, next_at


def _complete(row: Any, trunks: Sequence[str]) -> None:
    lacks = states.missing(row, trunks)
    if lacks:
        raise CampaignIncomplete(errors=lacks)


async def _store(tx: Tx, before: RowMapping, values: dict[str, Any], at: datetime) -> None:
    version = before["version"] + 1
    guarded = update(campaign).where(campaign.c.id == before["id"], campaign.c.version == before["version"])
    done = await tx.conn.execute(guarded.values(**values, version=version))
    if not done.rowcount:
        raise StaleVersion
    state = values.get("state", before["state"])
    tx.emit(campaign_changed(before["id"], before["project"], state, version, at))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(value, "value", value) for name, value in values.items()}
