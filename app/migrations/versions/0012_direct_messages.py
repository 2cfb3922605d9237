"""Messages from one professional to another, kept as long as the dossier they were written from

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "direct_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("sender_id <> recipient_id", name="nobody_writes_to_themselves"),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"]),
        sa.ForeignKeyConstraint(["recipient_id"], ["professional.id"]),
        sa.ForeignKeyConstraint(["sender_id"], ["professional.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sender_id", "key", name="a_direct_message_is_kept_once"),
    )
    for column in ("sender_id", "recipient_id", "dossier_id"):
        op.create_index(f"ix_direct_message_{column}", "direct_message", [column])


def downgrade() -> None:
    op.drop_table("direct_message")
