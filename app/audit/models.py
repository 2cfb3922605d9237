"""The journal's table."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import UtcDateTime


class AuditEntry(SQLModel, table=True):
    """Who did what to which dossier, chained: `hash` covers the row and the hash before it.

    Rows are only ever added. `detail` is JSON in canonical form (sorted keys, no spaces), without patient data.
    """

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    actor_id: int | None = Field(default=None, index=True)
    actor_name: str
    action: str = Field(index=True)
    dossier_id: int | None = Field(default=None, index=True)
    subject: str = ""
    detail: str = Field(default="{}", sa_type=sa.Text)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64, unique=True)
