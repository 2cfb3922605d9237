"""Pro Santé Connect: where somebody practises, and what logging out at the provider needs

Revision ID: 0004
Revises: 0002
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        text = sqlmodel.sql.sqltypes.AutoString
        batch_op.add_column(sa.Column("situation", text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("provider_hint", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_column("provider_hint")
        batch_op.drop_column("situation")
