"""Who heard a recording, in the audit trail."""

from datetime import datetime, timedelta

from sqlalchemy import RowMapping, select

from identity.audit import service as audit
from identity.audit.models import audit as trail
from kit.db import Tx

HEARD, EXPORTED = "recording.heard", "recording.exported"
ONE_LISTENING = timedelta(minutes=10)
"""A player asks for a file part by part: within this time it is the same listening."""


async def note(tx: Tx, actor: str, row: RowMapping, now: datetime, *, download: bool) -> None:
    """Write that `actor` hears the recording of `row`, or takes it away."""
    if not download and await _goes_on(tx, actor, row["id"], now):
        return
    action = EXPORTED if download else HEARD
    await audit.record(tx, actor, action, row["id"], row["project"], {"call": row["call"]}, now)


async def _goes_on(tx: Tx, actor: str, recording: str, now: datetime) -> bool:
    before = select(trail.c.id).where(
        trail.c.subject == recording,
        trail.c.actor == actor,
        trail.c.action == HEARD,
        trail.c.at > now - ONE_LISTENING,
    )
    return (await tx.conn.execute(before.limit(1))).first() is not None
