"""« Mes télédossiers »: what somebody sees, searched and filtered, what waits for them first (guide 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.dossiers.access import visible_to
from app.dossiers.models import Dossier, Patient, Step
from app.french import PARIS, age, folded, local
from app.identity.models import Professional, Structure
from app.platform import Platform

LARGEST_LIST = 300

_WAITING_FOR_EXPERT = (Step.REQUESTED, Step.PLANNED, Step.IN_CALL, Step.OPINION_DUE)
_WAITING_FOR_REQUESTER = (Step.DRAFT, Step.PLANNED, Step.IN_CALL)


class Selection(StrEnum):
    """The counters above the list, each a filter."""

    ALL = "all"
    WAITING = "waiting"
    TODAY = "today"
    OPINION_DUE = "opinion_due"
    URGENT = "urgent"


@dataclass(frozen=True)
class DossierFilter:
    """What the person asked for; days are Paris days, both included."""

    text: str = ""
    step: Step | None = None
    specialty: str = ""
    first_day: date | None = None
    last_day: date | None = None
    mine_only: bool = False
    selection: Selection = Selection.WAITING


@dataclass(frozen=True)
class DossierRow:
    """One line of the list."""

    dossier_id: int
    number: str
    family_name: str
    first_name: str
    sex: str
    age: int
    step: Step
    planned_at: datetime | None
    planned_minutes: int
    planned_room_id: int | None
    closed_at: datetime | None
    specialty: str
    motive: str
    structure: str
    town: str
    requester: str
    expert: str
    urgent: bool
    waits_for_me: bool


@dataclass(frozen=True)
class DossierList:
    """Rows in reading order (waiting first, soonest first), and how many each counter would show."""

    rows: tuple[DossierRow, ...]
    counts: dict[Selection, int]
    specialties: tuple[str, ...]
    today: tuple[DossierRow, ...]


def my_dossiers(platform: Platform, actor: Professional, wanted: DossierFilter) -> DossierList:
    """The télédossiers of `actor` that fit `wanted`, at most 300 rows; counters ignore the filters."""
    now = platform.now()
    with platform.reading() as session:
        everything = _rows(session, actor, visible_to(actor), now)
        found = _rows(session, actor, _condition(actor, wanted), now)
    today = local(now).date()
    return DossierList(
        rows=tuple(row for row in found if _selected(row, wanted.selection, today)),
        counts={kind: sum(_selected(row, kind, today) for row in everything) for kind in Selection},
        specialties=tuple(sorted({row.specialty for row in everything})),
        today=tuple(sorted((row for row in everything if _is_today(row, today)), key=_planned_first)),
    )


def _condition(actor: Professional, wanted: DossierFilter) -> ColumnElement[bool]:
    condition = visible_to(actor)
    for word in folded(wanted.text[:200]).split():
        condition &= col(Dossier.search_text).contains(word, autoescape=True)
    if wanted.step is not None:
        condition &= col(Dossier.step) == wanted.step
    if wanted.specialty:
        condition &= col(Dossier.specialty) == wanted.specialty
    if wanted.first_day:
        condition &= col(Dossier.planned_at) >= datetime.combine(wanted.first_day, time(), PARIS)
    if wanted.last_day:
        condition &= col(Dossier.planned_at) < datetime.combine(wanted.last_day + timedelta(days=1), time(), PARIS)
    if wanted.mine_only:
        condition &= or_(col(Dossier.requester_id) == actor.id, col(Dossier.expert_id) == actor.id)
    return condition


def _rows(session: Session, actor: Professional, condition: ColumnElement[bool], now: datetime) -> list[DossierRow]:
    requester, expert = aliased(Professional), aliased(Professional)
    query: Any = (
        select(Dossier, Patient, Structure, requester, expert)  # type: ignore[call-overload]
        .join(Patient, col(Patient.id) == col(Dossier.patient_id))
        .join(Structure, col(Structure.id) == col(Dossier.structure_id))
        .join(requester, requester.id == col(Dossier.requester_id))
        .outerjoin(expert, expert.id == col(Dossier.expert_id))
        .where(condition)
        .order_by(col(Dossier.planned_at).desc(), col(Dossier.number))
        .limit(LARGEST_LIST)
    )
    today = local(now).date()
    rows = [
        DossierRow(
            dossier_id=dossier.id or 0,
            number=dossier.number,
            family_name=patient.birth_name,
            first_name=patient.first_names.split(",")[0].strip(),
            sex=patient.sex,
            age=age(patient.birth_date, today),
            step=dossier.step,
            planned_at=dossier.planned_at,
            planned_minutes=dossier.planned_minutes,
            planned_room_id=dossier.planned_room_id,
            closed_at=dossier.closed_at,
            specialty=dossier.specialty,
            motive=dossier.motive,
            structure=structure.short_name,
            town=structure.town,
            requester=asking.short_name,
            expert=asked.short_name if asked else "",
            urgent=dossier.urgent,
            waits_for_me=waits_for(actor, dossier),
        )
        for dossier, patient, structure, asking, asked in session.exec(query)
    ]
    return sorted(rows, key=_reading_order)


def waits_for(actor: Professional, dossier: Dossier) -> bool:
    """Whether the next act is `actor`'s."""
    if actor.is_expert and dossier.expert_id == actor.id:
        return dossier.step in _WAITING_FOR_EXPERT
    if actor.is_requester and dossier.structure_id == actor.structure_id:
        return dossier.step in _WAITING_FOR_REQUESTER
    return False


def _selected(row: DossierRow, kind: Selection, today: date) -> bool:
    match kind:
        case Selection.WAITING:
            return row.waits_for_me
        case Selection.TODAY:
            return _is_today(row, today)
        case Selection.OPINION_DUE:
            return row.step is Step.OPINION_DUE
        case Selection.URGENT:
            return row.urgent and row.step not in (Step.CLOSED, Step.CANCELLED)
    return True


def _is_today(row: DossierRow, today: date) -> bool:
    return row.planned_at is not None and local(row.planned_at).date() == today and row.step is not Step.CANCELLED


def _planned_first(row: DossierRow) -> tuple[bool, float]:
    return (row.planned_at is None, row.planned_at.timestamp() if row.planned_at else 0.0)


def _reading_order(row: DossierRow) -> tuple[int, bool, float, str]:
    if row.waits_for_me:
        return (0, *_planned_first(row), row.number)
    # What is over comes after what goes on, the most recent first.
    over = row.step in (Step.CLOSED, Step.CANCELLED)
    moment = row.planned_at.timestamp() if row.planned_at else 0.0
    return (2 if over else 1, row.planned_at is None, -moment if over else moment, row.number)
