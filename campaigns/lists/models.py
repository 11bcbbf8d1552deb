"""Tables of lists, their rows, leads, attempts, and who owns a campaign.

`number_sealed`, `name_sealed` and `fields_sealed` are sealed under the names in `contacts.sealing`, so that a sealed
number can be copied from table to table without opening it.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    desc,
    text,
)

from kit.db import Json, Utc, metadata

call_list = Table(
    "call_list",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(32), ForeignKey("project.id"), nullable=False),
    Column("campaign", String(32), ForeignKey("campaign.id"), nullable=False),
    Column("name", String(120), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("country", String(2), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("state", String(10), nullable=False),
    Column("counts", Json, nullable=False),
    Column("mapping", Json, nullable=False),
    Column("problem", Json),
    Column("created_by", String(32)),
    Column("created_at", Utc, nullable=False),
    Column("done_at", Utc),
    Index("ix_call_list_campaign", "campaign", "state"),
    Index("ix_call_list_state", "state"),
)

# A lead is visible to the dialer once its list is done; until then only the import sees it.
lead = Table(
    "lead",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("project", String(32), ForeignKey("project.id"), nullable=False),
    Column("campaign", String(32), ForeignKey("campaign.id"), nullable=False),
    Column("list", String(32), ForeignKey("call_list.id"), nullable=False),
    Column("person", String(32), ForeignKey("person.id"), nullable=False, index=True),
    Column("row", Integer, nullable=False),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_digest", LargeBinary(32), nullable=False),
    Column("zones", Json, nullable=False),
    Column("state", String(10), nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("waits_for", String(40)),  # why next_at is later, or why the lead is closed: a code of Reason
    Column("tries", Integer, nullable=False, default=0),  # attempts that count
    Column("attempts", Integer, nullable=False, default=0),  # all attempts: the next one has no = attempts + 1
    Column("priority", Integer, nullable=False, default=0),
    Column("fields_sealed", LargeBinary),
    Column("last_outcome", String(20)),
    Column("last_disposition", String(40)),
    Column("reserved_at", Utc),
    Column("fence", BigInteger, nullable=False, default=0),
    Index("uq_lead_campaign_digest", "campaign", "number_digest", unique=True),
    Index("ix_lead_list_due", "list", "state", desc("priority"), "next_at"),
    Index("ix_lead_digest", "number_digest"),
)

list_row = Table(
    "list_row",
    metadata,
    Column("list", String(32), ForeignKey("call_list.id"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("verdict", String(10), nullable=False),
    Column("code", String(40)),
    Column("detail", Json, nullable=False),  # values of the code: the row that it repeats …
    Column("number_sealed", LargeBinary),  # what stood in the file, where no lead holds it
    Column("lead", String(32), ForeignKey("lead.id")),
    Index("ix_list_row_verdict", "list", "verdict", "row"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(4), nullable=False),
    Column("lead", String(32), ForeignKey("lead.id")),
    Column("no", Integer),
    Column("campaign", String(32)),
    Column("project", String(32)),
    Column("operator", String(32)),
    Column("number_sealed", LargeBinary, nullable=False),
    Column("number_digest", LargeBinary(32), nullable=False),
    Column("trunk", String(64), nullable=False),
    Column("call_id", String(255), nullable=False),
    Column("from_tag", String(255), nullable=False),
    Column("cseq", BigInteger, nullable=False),
    Column("local_address", String(80), nullable=False),
    Column("request_uri_sealed", LargeBinary, nullable=False),
    Column("from_uri", String(500), nullable=False),
    Column("to_uri_sealed", LargeBinary, nullable=False),
    Column("to_tag", String(255)),
    Column("remote_target_sealed", LargeBinary),
    Column("route_set", Json, nullable=False),
    Column("state", String(10), nullable=False),
    Column("outcome", String(20)),
    Column("status", Integer, nullable=False, default=0),
    Column("fence", BigInteger, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ringing_at", Utc),
    Column("answered_at", Utc),
    Column("ended_at", Utc),
    Column("rests_until", Utc),  # the number is not dialed before: after a lost attempt the other side may still ring
    UniqueConstraint("lead", "no", name="uq_attempt_lead_no"),
    Index(
        "uq_attempt_live_number",
        "number_digest",
        unique=True,
        sqlite_where=text("state <> 'ended'"),
        postgresql_where=text("state <> 'ended'"),
    ),
    Index("ix_attempt_number", "number_digest", "started_at"),
    Index("ix_attempt_campaign", "campaign", "started_at"),
    Index(
        "ix_attempt_live",
        "state",
        sqlite_where=text("state <> 'ended'"),
        postgresql_where=text("state <> 'ended'"),
    ),
)

ownership = Table(
    "ownership",
    metadata,
    Column("resource", String(80), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("taken_at", Utc, nullable=False),
)
