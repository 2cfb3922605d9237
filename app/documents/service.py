"""Add documents to a télédossier, list them, open them. How their content is shown is in `viewing`.

Rights are those on the dossier (`dossiers.access`); a document of somebody else's dossier is answered as if it did not
exist, and the attempt is journalled.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session, col, select

from app.documents import arrivals, entries, examining, gate, imaging_adding, intake, readings
from app.documents.entries import DocumentView
from app.documents.models import Document, DocumentKind
from app.dossiers.access import Right, dossier_for, journal_refusal
from app.errors import NotFound
from app.identity.models import Professional
from app.platform import Platform, StoredFile


def may_add(platform: Platform, actor: Professional, number: str) -> None:
    """Check, before a file is sent, that it may be added.

    Raises: NotFound (journalled when the dossier is somebody else's), AccessDenied, WrongStep.
    """
    try:
        with platform.reading() as session:
            arrivals.open_dossier(session, actor, number)
    except NotFound:
        journal_refusal(platform, actor, number)
        raise


async def add(
    platform: Platform,
    actor: Professional,
    number: str,
    filename: str,
    chunks: intake.Chunks,
    *,
    within: Callable[[Session, Document], None] | None = None,
    source: imaging_adding.Source = imaging_adding.UPLOAD,
) -> DocumentView:
    """Add a file to a dossier: kept encrypted as it arrives, then examined (`examining`), then made visible.

    Nobody opens it before all of that. When its sender goes away in the middle nothing remains; of a refused one only
    its row (`arrivals`), and its bytes when it can be flattened. `within` is done in the transaction that makes it
    visible. An archive of DICOM files becomes a document for each of its series, all or none; the first is answered.

    Raises: NotFound, AccessDenied, WrongStep (closed or cancelled), FileRefused(reason), FileTooLarge,
    FileStoreFull, FileStoreUnavailable, TooManyFiles.
    """
    may_add(platform, actor, number)
    filename = gate.display_name(filename)
    stored = await intake.keep(platform, chunks)
    return await examining.receive(platform, actor, number, filename, stored, within, source)


def add_report(
    platform: Platform,
    session: Session,
    actor: Professional,
    number: str,
    stored: StoredFile,
    title: str,
    *,
    pages: int,
    draft: bool,
) -> str:
    """Add a report of ours, kept already (`intake.keeping`), in the caller's transaction; answers its reference.

    A draft is seen by its author alone. Call `dossiers.service.announce` after the commit.
    Raises: NotFound, AccessDenied.
    """
    dossier = dossier_for(session, actor, number, Right.EDIT_OPINION)
    found = gate.Inspected(
        DocumentKind.PDF, "application/pdf", {"pages": pages, "text": True, "signed": False, "draft": draft}
    )
    filename = gate.with_extension(gate.display_name(title), DocumentKind.PDF, "application/pdf")
    document = entries.row(actor, dossier, filename, stored, found, platform.now(), is_report=True)
    document.title = title
    session.add(document)
    entries.journal_added(session, actor, document, "document.reported")
    return document.reference


def documents_of(platform: Platform, actor: Professional, number: str) -> list[DocumentView]:
    """The documents of a dossier, oldest first. Raises: NotFound (journalled when the dossier is somebody else's)."""
    try:
        with platform.reading() as session:
            dossier = dossier_for(session, actor, number)
            wanted = select(Document).where(Document.dossier_id == dossier.id).order_by(col(Document.id))
            found = [document for document in session.exec(wanted) if entries.is_shown(actor, document)]
            theirs = readings.of(session, actor, found)
            return [entries.view_of(document, number, theirs.get(document.id or 0)) for document in found]
    except NotFound:
        journal_refusal(platform, actor, number)
        raise


def open_document(platform: Platform, actor: Professional, reference: str) -> DocumentView:
    """Open a document: kept and journalled as seen, the first time. Raises: NotFound (journalled when foreign)."""
    return entries.opened(platform, actor, reference).view


def document_of(platform: Platform, actor: Professional, reference: str) -> DocumentView:
    """What is known about a document, without opening it. Raises: NotFound (journalled when foreign)."""
    try:
        with platform.reading() as session:
            document, dossier = entries.find(session, actor, reference)
            return entries.view_of(
                document, dossier.number, readings.of(session, actor, [document]).get(document.id or 0)
            )
    except NotFound:
        entries.journal_foreign(platform, actor, reference)
        raise
