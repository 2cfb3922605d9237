"""Messages that expire, pending logins that know their address

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expires_at", app.db.UtcDateTime(timezone=True), nullable=True))
    with op.batch_alter_table("pending_login", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", TEXT(), nullable=False, server_default=""))
        batch_op.create_index("ix_pending_login_address", ["address"])


def downgrade() -> None:
    with op.batch_alter_table("pending_login", schema=None) as batch_op:
        batch_op.drop_index("ix_pending_login_address")
        batch_op.drop_column("address")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_column("expires_at")
