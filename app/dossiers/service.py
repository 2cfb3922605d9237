"""Open a télédossier, and move it from one step to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.audit import service as audit
from app.dossiers.access import Right, dossier_for, journal_refusal, rights
from app.dossiers.models import Dossier, IdentityStatus, Patient, Step
from app.errors import NotFound, WrongStep
from app.french import folded
from app.identity.models import Professional, Structure
from app.platform import Platform

# From each step, the steps that may follow.
NEXT_STEPS = {
    Step.DRAFT: {Step.REQUESTED, Step.CANCELLED},
    Step.REQUESTED: {Step.PLANNED, Step.IN_CALL, Step.OPINION_DUE, Step.CLOSED, Step.CANCELLED},
    Step.PLANNED: {Step.IN_CALL, Step.OPINION_DUE, Step.CLOSED, Step.CANCELLED},
    Step.IN_CALL: {Step.OPINION_DUE, Step.CLOSED},
    Step.OPINION_DUE: {Step.IN_CALL, Step.CLOSED, Step.CANCELLED},
    Step.CLOSED: set(),
    Step.CANCELLED: set(),
}


@dataclass(frozen=True)
class IdentityTraits:
    """A patient's traits, the same block on every screen and page of paper."""

    birth_name: str
    first_names: str
    used_name: str
    sex: str
    birth_date: date
    birth_place: str
    ins: str
    status: IdentityStatus

    @property
    def first_name(self) -> str:
        return self.first_names.split(",")[0].strip()


@dataclass(frozen=True)
class DossierView:
    """A télédossier as its reader may see it."""

    dossier_id: int
    number: str
    patient: IdentityTraits
    step: Step
    urgent: bool
    motive: str
    specialty: str
    planned_at: datetime | None
    planned_minutes: int
    planned_room_id: int | None
    closed_at: datetime | None
    structure: str
    structure_phone: str
    requester: Professional
    expert: Professional | None
    rights: frozenset[Right]


def open_dossier(platform: Platform, actor: Professional, number: str) -> DossierView:
    """Read a télédossier; journalled once per opening.

    Raises: NotFound, for one that does not exist and for another structure's alike (the latter is journalled).
    """
    try:
        with platform.transaction() as session:
            dossier = dossier_for(session, actor, number)
            audit.record(session, platform.now(), actor, "dossier.opened", dossier_id=dossier.id, subject=number)
            return view_of(session, actor, dossier)
    except NotFound:
        journal_refusal(platform, actor, number)
        raise


def read_dossier(platform: Platform, actor: Professional, number: str) -> DossierView:
    """The same without a journal row: to draw again what is already open."""
    with platform.reading() as session:
        return view_of(session, actor, dossier_for(session, actor, number))


def view_of(session: Session, actor: Professional, dossier: Dossier) -> DossierView:
    """A dossier with everybody in it, as `actor` may see it; the caller has checked the right."""
    patient = session.get_one(Patient, dossier.patient_id)
    structure = session.get_one(Structure, dossier.structure_id)
    return DossierView(
        dossier_id=dossier.id or 0,
        number=dossier.number,
        patient=traits_of(patient),
        step=dossier.step,
        urgent=dossier.urgent,
        motive=dossier.motive,
        specialty=dossier.specialty,
        planned_at=dossier.planned_at,
        planned_minutes=dossier.planned_minutes,
        planned_room_id=dossier.planned_room_id,
        closed_at=dossier.closed_at,
        structure=structure.name,
        structure_phone=structure.phone,
        requester=session.get_one(Professional, dossier.requester_id),
        expert=session.get(Professional, dossier.expert_id) if dossier.expert_id else None,
        rights=rights(actor, dossier),
    )


def traits_of(patient: Patient) -> IdentityTraits:
    """A patient's identity traits."""
    used = " ".join(part for part in (patient.used_name, patient.used_first_name) if part)
    return IdentityTraits(
        birth_name=patient.birth_name,
        first_names=patient.first_names,
        used_name=used,
        sex=patient.sex,
        birth_date=patient.birth_date,
        birth_place=patient.birth_place,
        ins=patient.ins,
        status=patient.identity_status,
    )


def move_to(session: Session, platform: Platform, actor: audit.Actor, dossier: Dossier, step: Step) -> None:
    """Move a dossier to its next step, in the caller's transaction. Raises: WrongStep."""
    if step not in NEXT_STEPS[dossier.step]:
        raise WrongStep
    audit.record(
        session,
        platform.now(),
        actor,
        "dossier.step",
        dossier_id=dossier.id,
        subject=dossier.number,
        detail={"from": dossier.step.value, "to": step.value},
    )
    dossier.step = step
    if step is Step.CLOSED:
        dossier.closed_at = platform.now()
    session.add(dossier)


def announce(platform: Platform, number: str) -> None:
    """Tell every open page that a dossier changed; call it after the commit."""
    platform.bus.publish("dossier", {"number": number})


def searchable(number: str, patient: Patient, motive: str) -> str:
    """What « Rechercher » looks into."""
    names = (patient.birth_name, patient.first_names, patient.used_name, patient.used_first_name)
    return folded(" ".join((number, *names, motive)))
