"""recordings, the detector of answering machines, and the quality of calls

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
import kit.schema
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('recording',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('call', sa.String(length=32), nullable=False),
    sa.Column('project', sa.String(length=32), nullable=False),
    sa.Column('campaign', sa.String(length=32), nullable=True),
    sa.Column('operator', sa.String(length=32), nullable=True),
    sa.Column('key_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('started_at', kit.schema.Utc(timezone=True), nullable=False),
    sa.Column('seconds', sa.Float(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recording'))
    )
    with op.batch_alter_table('recording', schema=None) as batch_op:
        batch_op.create_index('ix_recording_call', ['call'], unique=False)
        batch_op.create_index('ix_recording_state', ['state'], unique=False)

    # Added in place: copying the table, as batches do on SQLite, would drop what refers to it.
    op.add_column('campaign', sa.Column('detection', sa.String(length=8), nullable=False, server_default='off'))
    op.add_column('campaign', sa.Column('detector', kit.schema.Json(none_as_null=True), nullable=False, server_default='{}'))
    op.add_column('campaign', sa.Column('record', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('campaign', sa.Column('without_recording', sa.String(length=8), nullable=False, server_default='go_on'))
    op.add_column('call', sa.Column('first_voice_ms', sa.Float(), nullable=True))
    op.add_column('call', sa.Column('quality', kit.schema.Json(none_as_null=True), nullable=True))

    # Without a rule a lead whose call a machine answered would be done.
    campaigns = sa.table('campaign', sa.column('id', sa.String()), sa.column('retry', kit.schema.Json()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(campaigns)).all():
        retry = {'machine': {'delay_s': 14400.0, 'tries': 3}, **row.retry}
        connection.execute(sa.update(campaigns).where(campaigns.c.id == row.id).values(retry=retry))


def downgrade() -> None:
    campaigns = sa.table('campaign', sa.column('id', sa.String()), sa.column('retry', kit.schema.Json()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(campaigns)).all():
        retry = {name: rule for name, rule in row.retry.items() if name not in ('machine', 'fax')}
        connection.execute(sa.update(campaigns).where(campaigns.c.id == row.id).values(retry=retry))
    op.drop_column('call', 'quality')
    op.drop_column('call', 'first_voice_ms')
    op.drop_column('campaign', 'without_recording')
    op.drop_column('campaign', 'record')
    op.drop_column('campaign', 'detector')
    op.drop_column('campaign', 'detection')
    with op.batch_alter_table('recording', schema=None) as batch_op:
        batch_op.drop_index('ix_recording_state')
        batch_op.drop_index('ix_recording_call')

    op.drop_table('recording')
