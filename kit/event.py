"""Events: what happened, as rows of the outbox, each at its place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Row, String, Table, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kit import ids
from kit.schema import Json, Serial, Utc, metadata

event = Table(
    "event",
    metadata,
    Column("position", Serial, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False, unique=True),
    Column("project", String(32), nullable=True),
    Column("topic", String(80), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("type", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Column("body", Json, nullable=False),
)

journal_epoch = Table(
    "journal_epoch",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("epoch", String(32), nullable=False),
    Column("head", BigInteger, nullable=False),
)
"""One row: which journal this is, and its last position."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, told by ids and never by personal data.

    `topic`: its main receiver, "operator:<id>", "project:<id>" or "system". `type`: "ahize.<…>.v1".
    `subject`: the id of what it is about. `at`: when, in UTC.
    """

    id: str
    project: str | None
    topic: str
    subject: str
    type: str
    at: datetime
    body: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def new(
        cls, type: str, *, topic: str, subject: str, at: datetime, project: str | None = None, **body: Any
    ) -> "Event":
        """An event with an id of its own."""
        return cls(ids.new(), project, topic, subject, type, at, body)


@dataclass(frozen=True, slots=True)
class Positioned:
    """An event at its place in the journal; places have no gaps."""

    position: int
    event: Event


async def begin_epoch(conn: AsyncConnection) -> None:
    """Make the journal's row, unless it is there."""
    row = "INSERT INTO journal_epoch (one, epoch, head) VALUES (1, :epoch, 0) ON CONFLICT DO NOTHING"
    await conn.execute(text(row), {"epoch": ids.new()})


async def put(conn: AsyncConnection, events: Sequence[Event]) -> list[Positioned]:
    """Write `events` at the next positions, as the last thing of a transaction.

    Until it ends the row of the head keeps every other transaction from its positions: they are given in the order of
    the commits, and none is left out.
    """
    taken = update(journal_epoch).values(head=journal_epoch.c.head + len(events)).returning(journal_epoch.c.head)
    head = (await conn.execute(taken)).scalar_one_or_none()
    if head is None:
        await begin_epoch(conn)
        head = (await conn.execute(taken)).scalar_one()
    placed = [Positioned(place, happened) for place, happened in enumerate(events, head - len(events) + 1)]
    await conn.execute(insert(event), [_row_of(each) for each in placed])
    return placed


def _row_of(placed: Positioned) -> dict[str, Any]:
    happened = placed.event
    return {
        "position": placed.position,
        "id": happened.id,
        "project": happened.project,
        "topic": happened.topic,
        "subject": happened.subject,
        "type": happened.type,
        "at": happened.at,
        "body": happened.body,
    }


def event_of(row: Row[Any]) -> Event:
    """The event of a row of `event`."""
    return Event(row.id, row.project, row.topic, row.subject, row.type, row.at, row.body)
