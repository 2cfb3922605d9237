"""Patients and télédossiers."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import UtcDateTime


class Step(StrEnum):
    """Where a télédossier stands (étape); the value is kept in the database, `label` is what people read."""

    DRAFT = "draft"
    REQUESTED = "requested"
    PLANNED = "planned"
    IN_CALL = "in_call"
    OPINION_DUE = "opinion_due"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return _STEP_LABELS[self]


_STEP_LABELS = {
    Step.DRAFT: "Brouillon",
    Step.REQUESTED: "Demande envoyée",
    Step.PLANNED: "Téléconsultation planifiée",
    Step.IN_CALL: "En téléconsultation",
    Step.OPINION_DUE: "Avis à rendre",
    Step.CLOSED: "Dossier clôturé",
    Step.CANCELLED: "Annulé",
}


class IdentityStatus(StrEnum):
    """How sure the patient's identity is (référentiel national d'identitovigilance)."""

    PROVISIONAL = "provisional"
    VALIDATED = "validated"
    RETRIEVED = "retrieved"
    QUALIFIED = "qualified"

    @property
    def label(self) -> str:
        return _IDENTITY_LABELS[self]


_IDENTITY_LABELS = {
    IdentityStatus.PROVISIONAL: "Identité provisoire",
    IdentityStatus.VALIDATED: "Identité validée",
    IdentityStatus.RETRIEVED: "Identité récupérée",
    IdentityStatus.QUALIFIED: "Identité qualifiée",
}


class Patient(SQLModel, table=True):
    """A resident, by identity traits. `ins` is 15 digits, `ins_oid` says which authority (…10 is the test one)."""

    __tablename__ = "patient"

    id: int | None = Field(default=None, primary_key=True)
    birth_name: str
    first_names: str = Field(description="All of them, separated by commas: « Jeanne, Louise »")
    used_name: str = ""
    used_first_name: str = ""
    sex: str = Field(max_length=1)
    birth_date: date
    birth_place: str = ""
    ins: str = Field(default="", max_length=15)
    ins_oid: str = ""
    identity_status: IdentityStatus = IdentityStatus.PROVISIONAL
    structure_id: int = Field(foreign_key="structure.id", index=True)


class Dossier(SQLModel, table=True):
    """One télédossier: a question of a requérant to a requis about one resident."""

    __tablename__ = "dossier"

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, index=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    structure_id: int = Field(foreign_key="structure.id", index=True)
    requester_id: int = Field(foreign_key="professional.id", index=True)
    expert_id: int | None = Field(default=None, foreign_key="professional.id", index=True)
    specialty: str
    motive: str
    search_text: str = Field(default="", description="Number, patient and motive without accents, for « Rechercher »")
    urgent: bool = False
    step: Step = Field(index=True)
    planned_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    planned_minutes: int = 30
    planned_room_id: int | None = Field(default=None, foreign_key="room.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    __table_args__ = (
        sa.CheckConstraint("(step = 'CLOSED') = (closed_at IS NOT NULL)", name="closed_dossiers_have_a_date"),
    )
