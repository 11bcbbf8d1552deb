"""hold time, who sent a call on, what an operator is told of listening, and redirected calls

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
import kit.schema
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added in place: copying the table, as batches do on SQLite, would drop what refers to it.
    op.add_column('call', sa.Column('hold_s', sa.Float(), nullable=False, server_default='0'))
    op.add_column('call', sa.Column('withheld', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('call', sa.Column('diverted_sealed', sa.LargeBinary(), nullable=True))
    op.add_column('project', sa.Column('monitoring_shown', sa.Boolean(), nullable=False, server_default=sa.false()))

    # Without a rule a lead whose call was sent on elsewhere would be done.
    campaigns = sa.table('campaign', sa.column('id', sa.String()), sa.column('retry', kit.schema.Json()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(campaigns)).all():
        retry = {'redirected': {'delay_s': 14400.0, 'tries': 2}, **row.retry}
        connection.execute(sa.update(campaigns).where(campaigns.c.id == row.id).values(retry=retry))


def downgrade() -> None:
    campaigns = sa.table('campaign', sa.column('id', sa.String()), sa.column('retry', kit.schema.Json()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(campaigns)).all():
        retry = {name: rule for name, rule in row.retry.items() if name != 'redirected'}
        connection.execute(sa.update(campaigns).where(campaigns.c.id == row.id).values(retry=retry))
    op.drop_column('project', 'monitoring_shown')
    op.drop_column('call', 'diverted_sealed')
    op.drop_column('call', 'withheld')
    op.drop_column('call', 'hold_s')
