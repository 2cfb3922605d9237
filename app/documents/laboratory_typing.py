"""« Saisir une biologie »: type a laboratory report, correct it by a newer version, withdraw one entered in error.

What is typed becomes a FHIR Bundle that goes through the gate like any file; the right is that of adding a document.
A version that holds no longer stays in the dossier with its file (`DocumentCorrection`): nothing anybody has read
disappears, curves alone leave it out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, select

from app.audit import service as audit
from app.documents import entries, laboratory_bundle, laboratory_entry, service
from app.documents.arrivals import OVER
from app.documents.entries import DocumentView
from app.documents.laboratory_bundle import Subject, Typist
from app.documents.laboratory_entry import Checked, TypedReport
from app.documents.models import Document, DocumentCorrection, DocumentKind, LaboratoryDraft
from app.documents.viewing import loader
from app.dossiers.access import Right, dossier_for, journal_refusal, rights
from app.dossiers.models import Dossier, Patient
from app.dossiers.service import announce
from app.errors import AccessDenied, InvalidInput, NotFound, Outdated, WrongStep
from app.french import numeric_date
from app.identity.models import Professional
from app.platform import Platform, StoredFile

LARGEST_DRAFT = 64_000  # letters of JSON
LONGEST_REASON = 200
TO_MEND = "Des champs sont à corriger : ils sont signalés. Rien n'est perdu, rien n'est encore ajouté au dossier."
NO_REASON = "Indiquez le motif : il reste lisible à côté du document retiré."


@dataclass(frozen=True)
class TypedState:
    """What became of a typed report: `replaced_by` and `replaces` are references, `withdrawn` says it was an error."""

    replaced_by: str = ""
    replaces: str = ""
    withdrawn: bool = False
    at: datetime | None = None
    by: str = ""
    reason: str = ""

    @property
    def holds(self) -> bool:
        return not self.withdrawn and not self.replaced_by


# ---- typing


def check(platform: Platform, actor: Professional, number: str, form: object) -> Checked:
    """What a form comes to, without keeping anything. Raises: NotFound, AccessDenied, WrongStep."""
    patient = _patient(platform, actor, number)
    return laboratory_entry.check(laboratory_entry.tidy(form), platform.now(), patient.birth_date)


async def enter(platform: Platform, actor: Professional, number: str, form: object, replaces: str = "") -> DocumentView:
    """Keep a typed report as a document; with `replaces`, as the version that takes that document's place.

    Doubts (`Checked.questions`) keep nobody back: whoever calls has asked them.

    Raises: NotFound (journalled when foreign), AccessDenied, WrongStep, InvalidInput (fields to mend, see `check`),
    Outdated (that version was replaced or withdrawn meanwhile), FileRefused.
    """
    checked = check(platform, actor, number, form)
    report = checked.report
    if report is None:
        raise InvalidInput(TO_MEND)
    before = await _before(platform, actor, number, replaces) if replaces else None
    now, patient = platform.now(), _patient(platform, actor, number)
    content = laboratory_bundle.write(report, _subject(patient), Typist(actor.full_name, actor.rpps or "", now), before)

    def within(session: Session, document: Document) -> None:
        document.title = title_of(report)
        document.detail = _with(document.detail, typed=True, laboratory=report.laboratory)
        session.add(document)
        if replaces:
            _close(session, platform, actor, replaces, document)
        _forget(session, actor, document.dossier_id, replaces)

    try:
        return await service.add(platform, actor, number, _filename(report), iter([content]), within=within)
    except IntegrityError as error:  # somebody else's correction of the same version came first
        raise Outdated from error


def withdraw(platform: Platform, actor: Professional, reference: str, reason: str) -> None:
    """Withdraw a typed report that was entered in error: it stays listed with its reason, and leaves the curves.

    Raises: NotFound (journalled when foreign), AccessDenied, WrongStep, InvalidInput (no reason), Outdated.
    """
    reason = laboratory_entry.line(reason)[:LONGEST_REASON]
    if not reason:
        raise InvalidInput(NO_REASON)
    try:
        with platform.transaction() as session:
            document, dossier = _correctable(session, actor, reference)
            _refuse_unless_current(session, document)
            correction = _correction(document, platform.now(), actor, reason=reason)
            session.add(correction)
            _journal(session, platform, actor, "document.withdrawn", document)
    except NotFound:
        entries.journal_foreign(platform, actor, reference)
        raise
    except IntegrityError as error:
        raise Outdated from error
    announce(platform, dossier.number)


async def form_to_correct(platform: Platform, actor: Professional, reference: str) -> dict[str, Any]:
    """The form of a typed report as it stands, to be corrected; counts as seen.

    Raises: NotFound (journalled when foreign), AccessDenied, WrongStep, Outdated, FileRefused.
    """
    entries.opened(platform, actor, reference)  # journals what is foreign, and what is read
    with platform.reading() as session:
        document, _dossier = _correctable(session, actor, reference)
        _refuse_unless_current(session, document)
        stored = StoredFile(document.file_id, document.size, document.sha256, document.wrapped_key)
    form: dict[str, Any] = await platform.renderer.run("laboratory_form", stored.file_id, loader(platform, stored))
    return form


# ---- drafts


def draft_of(platform: Platform, actor: Professional, number: str, replaces: str = "") -> dict[str, Any] | None:
    """What `actor` was typing in this dossier, if anything. Raises: NotFound."""
    with platform.reading() as session:
        dossier = dossier_for(session, actor, number)
        draft = session.get(LaboratoryDraft, (dossier.id, actor.id, replaces))
        return laboratory_entry.tidy(json.loads(draft.content)) if draft else None


def keep_draft(platform: Platform, actor: Professional, number: str, form: object, replaces: str = "") -> None:
    """Keep what is being typed, theirs alone, until it is a document. Raises: NotFound, AccessDenied, WrongStep."""
    content = json.dumps(laboratory_entry.tidy(form), ensure_ascii=False)
    if len(content) > LARGEST_DRAFT:
        raise InvalidInput
    with platform.transaction() as session:
        dossier = _open(session, actor, number)
        if replaces:
            entries.find(session, actor, replaces)
        own = {"dossier_id": dossier.id, "professional_id": actor.id, "replaces": replaces}
        newest = {"content": content, "updated_at": platform.now()}
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        # Two pages of one person may type at once: the last word is kept, neither fails.
        session.execute(
            insert(LaboratoryDraft).values(**own, **newest).on_conflict_do_update(index_elements=list(own), set_=newest)
        )


def forget_draft(platform: Platform, actor: Professional, number: str, replaces: str = "") -> None:
    """Throw away what was being typed. Raises: NotFound."""
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number)
        _forget(session, actor, dossier.id or 0, replaces)


# ---- what became of them


def states_of(platform: Platform, actor: Professional, number: str) -> dict[str, TypedState]:
    """What became of each corrected document of a dossier, by reference. Raises: NotFound."""
    with platform.reading() as session:
        dossier = dossier_for(session, actor, number)
        return states_in(session, dossier.id or 0)


def states_in(session: Session, dossier_id: int) -> dict[str, TypedState]:
    """The same for who has checked the rights already."""
    newer = aliased(Document)
    found = session.execute(
        select(DocumentCorrection, Document.reference, newer.reference)
        .join(Document, col(Document.id) == col(DocumentCorrection.document_id))
        .outerjoin(newer, col(newer.id) == col(DocumentCorrection.replaced_by_id))
        .where(Document.dossier_id == dossier_id)
    ).all()
    states = {
        old: TypedState(new or "", "", new is None, correction.at, correction.author_name, correction.reason)
        for correction, old, new in found
    }
    for _correction_row, old, new in found:
        if new:
            before = states.get(new, TypedState())
            states[new] = TypedState(before.replaced_by, old, before.withdrawn, before.at, before.by, before.reason)
    return states


def title_of(report: TypedReport) -> str:
    """« Biologie du 20/11/2026, Orne Bio »."""
    of = f", {report.laboratory}" if report.laboratory else ""
    return f"Biologie du {numeric_date(report.taken_on)}{of}"


# ---- parts


def _patient(platform: Platform, actor: Professional, number: str) -> Patient:
    """The patient of a dossier into which `actor` may type now."""
    try:
        with platform.reading() as session:
            return session.get_one(Patient, _open(session, actor, number).patient_id)
    except NotFound:
        journal_refusal(platform, actor, number)
        raise


def _open(session: Session, actor: Professional, number: str) -> Dossier:
    dossier = dossier_for(session, actor, number, Right.ADD_DOCUMENT)
    if dossier.step in OVER:
        raise WrongStep
    return dossier


def _correctable(session: Session, actor: Professional, reference: str) -> tuple[Document, Dossier]:
    """A typed report of a dossier that is still open to `actor`; anything else does not exist here."""
    document, dossier = entries.find(session, actor, reference)
    if document.kind is not DocumentKind.LABORATORY or not is_typed(document.detail):
        raise NotFound
    if Right.ADD_DOCUMENT not in rights(actor, dossier):
        raise AccessDenied
    if dossier.step in OVER:
        raise WrongStep
    return document, dossier


def _refuse_unless_current(session: Session, document: Document) -> None:
    if session.get(DocumentCorrection, document.id) is not None:
        raise Outdated


async def _before(platform: Platform, actor: Professional, number: str, reference: str) -> TypedReport:
    """The report that is being corrected; it is one of this very dossier."""
    with platform.reading() as session:
        _document, dossier = _correctable(session, actor, reference)
        if dossier.number != number:
            raise NotFound
    form = await form_to_correct(platform, actor, reference)
    patient = _patient(platform, actor, number)
    report = laboratory_entry.check(form, platform.now(), patient.birth_date).report
    if report is None:
        raise InvalidInput
    return report


def _close(session: Session, platform: Platform, actor: Professional, reference: str, newer: Document) -> None:
    """Put `newer` in the place of the document `reference`, in the transaction that adds it."""
    document, _dossier = _correctable(session, actor, reference)
    _refuse_unless_current(session, document)
    session.add(_correction(document, platform.now(), actor, replaced_by=newer.id))
    _journal(session, platform, actor, "document.corrected", document)


def _correction(
    document: Document, at: datetime, actor: Professional, *, reason: str = "", replaced_by: int | None = None
) -> DocumentCorrection:
    return DocumentCorrection(
        document_id=document.id or 0,
        replaced_by_id=replaced_by,
        reason=reason,
        at=at,
        author_id=actor.id,
        author_name=actor.short_name,
    )


def _journal(session: Session, platform: Platform, actor: Professional, action: str, document: Document) -> None:
    session.flush()
    audit.record(session, platform.now(), actor, action, dossier_id=document.dossier_id, subject=document.reference)


def _forget(session: Session, actor: Professional, dossier_id: int, replaces: str) -> None:
    session.exec(
        delete(LaboratoryDraft).where(
            col(LaboratoryDraft.dossier_id) == dossier_id,
            col(LaboratoryDraft.professional_id) == actor.id,
            col(LaboratoryDraft.replaces) == replaces,
        )
    )


def is_typed(detail: str | Mapping[str, Any]) -> bool:
    """Whether a document was typed here: its row says so, not its content, which anybody could have written."""
    known = json.loads(detail) if isinstance(detail, str) else detail
    return known.get("typed") is True


def _with(detail: str, **more: Any) -> str:
    return json.dumps(json.loads(detail) | more, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _filename(report: TypedReport) -> str:
    return f"Biologie du {report.taken_on:%Y-%m-%d} saisie à la main.json"


def _subject(patient: Patient) -> Subject:
    given = tuple(name.strip() for name in patient.first_names.split(",") if name.strip())
    return Subject(patient.birth_name, given, patient.sex, patient.birth_date, patient.ins, patient.ins_oid)
