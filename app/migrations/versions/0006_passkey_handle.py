"""Passkeys: the handle under which authenticators keep a person, drawn by chance

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("professional", schema=None) as batch_op:
        batch_op.add_column(sa.Column("passkey_handle", sa.LargeBinary(), nullable=True))
        batch_op.create_unique_constraint("uq_professional_passkey_handle", ["passkey_handle"])


def downgrade() -> None:
    with op.batch_alter_table("professional", schema=None) as batch_op:
        batch_op.drop_constraint("uq_professional_passkey_handle", type_="unique")
        batch_op.drop_column("passkey_handle")
