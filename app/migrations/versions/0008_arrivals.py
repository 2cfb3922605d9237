"""Files that have come and are no documents yet

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
STATES = sa.Enum("EXAMINING", "REFUSED", "FLATTENING", name="arrivalstate")


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", TEXT(length=32), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_name", TEXT(), nullable=False),
        sa.Column("filename", TEXT(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", TEXT(length=64), nullable=False),
        sa.Column("state", STATES, nullable=False),
        sa.Column("reason", TEXT(), nullable=False),
        sa.Column("can_flatten", sa.Boolean(), nullable=False),
        sa.Column("file_id", TEXT(length=64), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", app.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", app.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("busy_until", app.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["professional.id"]),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("file_id"),
    )
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.create_index("ix_arrival_reference", ["reference"], unique=True)
        for column in ("dossier_id", "author_id", "busy_until"):
            batch_op.create_index(f"ix_arrival_{column}", [column], unique=False)


def downgrade() -> None:
    op.drop_table("arrival")
    STATES.drop(op.get_bind(), checkfirst=True)
