"""Events: what happened, as rows of the outbox."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Row, String, Table, text

from kit import ids
from kit.schema import Json, Serial, Utc, metadata

event = Table(
    "event",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("position", BigInteger, nullable=True, unique=True),
    Column("project", String(32), nullable=True),
    Column("topic", String(80), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("type", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Column("body", Json, nullable=False),
    sqlite_autoincrement=True,
)
_UNPLACED = text("position IS NULL")
Index("ix_event_unplaced", event.c.seq, sqlite_where=_UNPLACED, postgresql_where=_UNPLACED)

journal_epoch = Table(
    "journal_epoch",
    metadata,
    Column("epoch", String(32), primary_key=True),
    Column("head", BigInteger, nullable=False),
)


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


def row_of(happened: Event) -> dict[str, Any]:
    """The row that `happened` is stored as, without a position."""
    return {
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
