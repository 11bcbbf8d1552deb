"""recordings of incoming calls, how long recordings are kept, and lists of calls

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
import kit.schema
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

KEPT = "held_at IS NULL AND state IN ('kept', 'shortened', 'lost')"


def upgrade() -> None:
    # Added in place: copying the table, as batches do on SQLite, would drop what refers to it.
    op.add_column('project', sa.Column('record_incoming', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('project', sa.Column('record_notice', sa.String(length=120), nullable=True, server_default='recorded'))
    op.add_column('project', sa.Column('keep_days', sa.Integer(), nullable=True))
    op.add_column('recording', sa.Column('held_at', kit.schema.Utc(timezone=True), nullable=True))
    op.create_index(
        'ix_recording_age', 'recording', ['project', 'started_at'],
        sqlite_where=sa.text(KEPT), postgresql_where=sa.text(KEPT),
    )
    op.create_index('ix_call_started', 'call', ['started_at', 'id'])
    op.create_index('ix_call_project', 'call', ['project', 'started_at', 'id'])


def downgrade() -> None:
    op.drop_index('ix_call_project', 'call')
    op.drop_index('ix_call_started', 'call')
    op.drop_index('ix_recording_age', 'recording')
    op.drop_column('recording', 'held_at')
    op.drop_column('project', 'keep_days')
    op.drop_column('project', 'record_notice')
    op.drop_column('project', 'record_incoming')
