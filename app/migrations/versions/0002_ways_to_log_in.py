"""Ways to log in: a structure's choice, logins that have begun, passkeys

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import app.db

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("structure", schema=None) as batch_op:
        for name in ("login_ways", "first_way", "password_networks"):
            batch_op.add_column(sa.Column(name, TEXT(), nullable=False, server_default=""))
    with op.batch_alter_table("professional", schema=None) as batch_op:
        batch_op.add_column(sa.Column("psc_subject", TEXT(), nullable=True))
        batch_op.create_unique_constraint("uq_professional_psc_subject", ["psc_subject"])
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", TEXT(), nullable=False, server_default=""))

    op.create_table(
        "pending_login",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", TEXT(length=64), nullable=False),
        sa.Column("purpose", TEXT(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("created_at", app.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", app.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", app.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_index("ix_pending_login_professional_id", "pending_login", ["professional_id"])
    op.create_index("ix_pending_login_expires_at", "pending_login", ["expires_at"])

    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("transports", TEXT(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("created_at", app.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", app.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["professional_id"], ["professional.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_id"),
    )
    op.create_index("ix_passkey_professional_id", "passkey", ["professional_id"])


def downgrade() -> None:
    op.drop_table("passkey")
    op.drop_table("pending_login")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_column("address")
    with op.batch_alter_table("professional", schema=None) as batch_op:
        batch_op.drop_constraint("uq_professional_psc_subject", type_="unique")
        batch_op.drop_column("psc_subject")
    with op.batch_alter_table("structure", schema=None) as batch_op:
        for name in ("password_networks", "first_way", "login_ways"):
            batch_op.drop_column(name)
