"""several trunks for a campaign

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
import kit.schema
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _campaigns() -> sa.TableClause:
    columns = (sa.column("id", sa.String()), sa.column("trunk", sa.String()), sa.column("trunks", kit.schema.Json()))
    return sa.table("campaign", *columns)


def upgrade() -> None:
    # Changed in place: copying the table, as batches do on SQLite, would drop what refers to it.
    op.add_column(
        "campaign", sa.Column("trunks", kit.schema.Json(none_as_null=True), nullable=False, server_default="[]")
    )
    campaigns, connection = _campaigns(), op.get_bind()
    for row in connection.execute(sa.select(campaigns.c.id, campaigns.c.trunk)).all():
        named = [row.trunk] if row.trunk else []  # it is empty after a downgrade, where the campaign named none
        connection.execute(sa.update(campaigns).where(campaigns.c.id == row.id).values(trunks=named))
    op.drop_column("campaign", "trunk")


def downgrade() -> None:
    op.add_column("campaign", sa.Column("trunk", sa.String(length=64), nullable=False, server_default=""))
    campaigns, connection = _campaigns(), op.get_bind()
    for row in connection.execute(sa.select(campaigns.c.id, campaigns.c.trunks)).all():
        first = next(iter(row.trunks), "")
        connection.execute(sa.update(campaigns).where(campaigns.c.id == row.id).values(trunk=first))
    op.drop_column("campaign", "trunks")
