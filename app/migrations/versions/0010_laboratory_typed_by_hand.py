"""Laboratory reports typed by hand: drafts, versions that replace one another

Revision ID: 0010
Revises: 0008
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.db

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table(
        "document_correction",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", TEXT(), nullable=False),
        sa.Column("at", app.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"]),
        sa.ForeignKeyConstraint(["replaced_by_id"], ["document.id"]),
        sa.ForeignKeyConstraint(["author_id"], ["professional.id"]),
        sa.PrimaryKeyConstraint("document_id"),
        sa.UniqueConstraint("replaced_by_id"),
    )
    op.create_table(
        "laboratory_draft",
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("replaces", TEXT(length=32), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("updated_at", app.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"]),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"]),
        sa.PrimaryKeyConstraint("dossier_id", "professional_id", "replaces"),
    )


def downgrade() -> None:
    op.drop_table("laboratory_draft")
    op.drop_table("document_correction")
