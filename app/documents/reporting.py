"""« Générer PDF » and « Signer » (guide 4): the expert's opinion becomes a document of the dossier.

A draft's PDF is its author's alone and replaces the one before. The signed one is made from the very revision that is
sealed, and kept in the transaction that seals it: there is no signed opinion without its report, nor the other way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlmodel import Session, col, delete, select

from app.documents import intake, report, service
from app.documents.models import Document, DocumentReading
from app.documents.report import ReportContent, Signature
from app.dossiers.access import Right, journal_refusal
from app.dossiers.call_facts import annex, calls_of
from app.dossiers.calls import held
from app.dossiers.service import DossierView, announce, read_dossier
from app.errors import AccessDenied, NotFound, StaleDraft
from app.forms.models import FormKind
from app.forms.questionnaire import readable
from app.forms.service import (
    FormView,
    SignedOpinion,
    announce_signature,
    check_opinion_open,
    form_of,
    seal_opinion,
)
from app.identity.models import Professional
from app.platform import Platform

TITLE = "Compte rendu de téléconsultation"
DRAFT_TITLE = "Compte rendu (brouillon)"


async def make_draft_report(platform: Platform, actor: Professional, number: str) -> str:
    """Make the PDF of the opinion as it is saved now; answers the document's reference.

    Raises: NotFound (journalled when the dossier is somebody else's), AccessDenied, Locked (signed meanwhile),
    WrongStep (closed or cancelled); then nothing is kept.
    """
    dossier, opinion = _opinion(platform, actor, number, Right.EDIT_OPINION)
    at = platform.now()
    content = _content(platform, actor, dossier, opinion, None)
    pdf, pages = await report.render(platform, content, at)
    async with intake.keeping(platform, pdf) as stored:
        with platform.transaction() as session:
            check_opinion_open(session, actor, number)  # it may have been signed while the PDF was made
            replaced = _remove_drafts(session, dossier)
            reference = service.add_report(
                platform, session, actor, number, stored, DRAFT_TITLE, pages=pages, draft=True
            )
    await _forget(platform, replaced)
    announce(platform, number)
    return reference


async def sign(platform: Platform, actor: Professional, number: str, revision: int) -> SignedOpinion:
    """Sign the expert's opinion and close the dossier; its report joins the documents.

    Raises: NotFound (journalled when foreign), AccessDenied, Locked, WrongStep, IncompleteForm(missing),
    StaleDraft(current) when somebody typed meanwhile.
    """
    dossier, opinion = _opinion(platform, actor, number, Right.SIGN)
    if opinion.editable and opinion.revision != revision:
        raise StaleDraft(opinion.revision)
    at = platform.now()
    signature = Signature(actor.full_name, actor.rpps or "", at)
    content = _content(platform, actor, dossier, opinion, signature)
    pdf, pages = await report.render(platform, content, at)
    async with intake.keeping(platform, pdf) as stored:
        with platform.transaction() as session:
            signed = seal_opinion(session, platform, actor, number, revision, at)
            replaced = _remove_drafts(session, dossier)
            service.add_report(platform, session, actor, number, stored, TITLE, pages=pages, draft=False)
    await _forget(platform, replaced)
    announce_signature(platform, number)
    return signed


def _opinion(platform: Platform, actor: Professional, number: str, right: Right) -> tuple[DossierView, FormView]:
    try:
        dossier = read_dossier(platform, actor, number)
    except NotFound:
        journal_refusal(platform, actor, number)
        raise
    if right not in dossier.rights:
        raise AccessDenied
    return dossier, form_of(platform, actor, number, FormKind.OPINION)


def _content(
    platform: Platform, actor: Professional, dossier: DossierView, opinion: FormView, signature: Signature | None
) -> ReportContent:
    request = form_of(platform, actor, dossier.number, FormKind.REQUEST)
    with platform.reading() as session:
        meeting = held(session, dossier.dossier_id)
        calls = calls_of(session, dossier.dossier_id)
    asked = [line for _title, lines in readable(request.questionnaire, request.answers) for line in lines]
    return ReportContent(
        number=dossier.number,
        title=TITLE,
        patient=dossier.patient,
        structure=dossier.structure,
        requester=_presented(dossier.requester),
        expert=_presented(dossier.expert or actor),
        specialty=dossier.specialty,
        motive=dossier.motive,
        held=meeting,
        request=tuple(asked),
        sections=tuple((title, tuple(lines)) for title, lines in readable(opinion.questionnaire, opinion.answers)),
        signature=signature,
        planned_at=dossier.planned_at,
        annex=annex(calls),
    )


def _presented(professional: Professional) -> str:
    """« Nadia DUBOIS, infirmière »."""
    return ", ".join(part for part in (professional.full_name, professional.qualification) if part)


def _remove_drafts(session: Session, dossier: DossierView) -> list[str]:
    """Remove the drafts' rows, in the caller's transaction; answers the files to delete after the commit."""
    reports = session.exec(
        select(Document).where(Document.dossier_id == dossier.dossier_id, col(Document.is_report))
    ).all()
    drafts = [document for document in reports if json.loads(document.detail).get("draft")]
    session.exec(delete(DocumentReading).where(col(DocumentReading.document_id).in_([draft.id for draft in drafts])))
    for draft in drafts:
        session.delete(draft)
    session.flush()
    return [draft.file_id for draft in drafts]


async def _forget(platform: Platform, file_ids: Sequence[str]) -> None:
    for file_id in file_ids:
        await intake.forget(platform, file_id)
