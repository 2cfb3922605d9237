"""Answers to the questionnaires of a dossier."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import UtcDateTime


class FormKind(StrEnum):
    """The requérant's request, or the requis' opinion."""

    REQUEST = "request"
    OPINION = "opinion"


class FormResponse(SQLModel, table=True):
    """The answers of one form: `answers` is JSON `{linkId: value}` of the FHIR Questionnaire named in `questionnaire`.

    `revision` grows by one with each saving; a save names the revision it started from (optimistic lock).
    Once `signed_at` is set, nothing changes (CHECK and use case), and `signed_sha256` seals the answers.
    """

    __tablename__ = "form_response"

    id: int | None = Field(default=None, primary_key=True)
    dossier_id: int = Field(foreign_key="dossier.id", index=True)
    kind: FormKind
    questionnaire: str
    answers: str = Field(default="{}", sa_type=sa.Text)
    revision: int = 0
    author_id: int | None = Field(default=None, foreign_key="professional.id")
    updated_at: datetime = Field(sa_type=UtcDateTime)
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    signed_by_id: int | None = Field(default=None, foreign_key="professional.id")
    signed_sha256: str = Field(default="", max_length=64)

    __table_args__ = (
        sa.UniqueConstraint("dossier_id", "kind", name="one_form_of_each_kind"),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by_id IS NULL) AND (signed_at IS NULL) = (signed_sha256 = '')",
            name="a_signature_is_whole",
        ),
    )
