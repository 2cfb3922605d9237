"""Add documents to a télédossier, list them, open them. How their content is shown is in `viewing`.

Rights are those on the dossier (`dossiers.access`); a document of somebody else's dossier is answered as if it did not
exist, and the attempt is journalled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from sqlmodel import Session, col, select

from app.documents import entries, gate, intake, readings
from app.documents.entries import DocumentView
from app.documents.models import Document, DocumentKind, DocumentReading
from app.documents.viewing import loader
from app.dossiers.access import Right, dossier_for, journal_refusal
from app.dossiers.models import Dossier, Step
from app.dossiers.service import announce
from app.errors import FileRefused, NotFound, TeledossierError, WrongStep
from app.identity.models import Professional
from app.platform import Platform, StoredFile, Turn, Urgency

log = structlog.get_logger(__name__)

OVER = (Step.CLOSED, Step.CANCELLED)
FIRST_PAGE_WIDTH = 760  # pixels: what a viewer asks for first on an ordinary screen
_background: set[asyncio.Task[Any]] = set()


def may_add(platform: Platform, actor: Professional, number: str) -> None:
    """Check, before a file is sent, that it may be added.

    Raises: NotFound (journalled when the dossier is somebody else's), AccessDenied, WrongStep.
    """
    try:
        with platform.reading() as session:
            _open_dossier(session, actor, number)
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
) -> DocumentView:
    """Add a file to a dossier: kept encrypted as it arrives, examined in a rendering process, then made visible.

    Nobody sees it before all of that; whatever goes wrong, or whoever goes away, nothing of it remains.
    `within` is done in the transaction that makes it visible.

    Raises: NotFound, AccessDenied, WrongStep (closed or cancelled), FileRefused(reason), FileTooLarge, FileStoreFull,
    FileStoreUnavailable.
    """
    may_add(platform, actor, number)
    filename = gate.display_name(filename)
    stored = await intake.keep(platform, chunks)
    try:
        if stored.size == 0:
            raise FileRefused("il est vide.")
        found: gate.Inspected = await platform.renderer.run(
            "inspect", stored.file_id, loader(platform, stored), turn=Turn(actor.login), filename=filename
        )
        if found.replacement is not None:
            original, stored = stored, await intake.keep(platform, iter([found.replacement]))
            await intake.forget(platform, original.file_id)
        view = _record(platform, actor, number, filename, stored, found, within)
    except BaseException:
        await asyncio.shield(intake.forget(platform, stored.file_id))
        raise
    announce(platform, number)
    if found.kind is DocumentKind.PDF:
        _in_background(_draw(platform, actor, stored, FIRST_PAGE_WIDTH))
    return view


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


def _open_dossier(session: Session, actor: Professional, number: str) -> Dossier:
    dossier = dossier_for(session, actor, number, Right.ADD_DOCUMENT)
    if dossier.step in OVER:
        raise WrongStep
    return dossier


def _record(
    platform: Platform,
    actor: Professional,
    number: str,
    filename: str,
    stored: StoredFile,
    found: gate.Inspected,
    within: Callable[[Session, Document], None] | None = None,
) -> DocumentView:
    with platform.transaction() as session:
        dossier = _open_dossier(session, actor, number)  # again: the step may have moved while the file was arriving
        document = entries.row(actor, dossier, filename, stored, found, platform.now())
        session.add(document)
        entries.journal_added(session, actor, document, "document.added")
        # Who adds a document has seen it; that is no row of its own in the journal.
        reading = DocumentReading(
            document_id=document.id or 0, professional_id=actor.id or 0, seen_at=document.created_at
        )
        session.add(reading)
        if within is not None:
            within(session, document)
    return entries.view_of(document, number, reading)


async def _draw(platform: Platform, actor: Professional, stored: StoredFile, width: int) -> None:
    """What a viewer asks for first, before anybody has opened it."""
    turn = Turn(actor.login, Urgency.AHEAD)
    run = partial(platform.renderer.run, key=stored.file_id, load=loader(platform, stored), turn=turn)
    try:
        await run("pdf_page", page=1, width=width)
        await run("pdf_info")
    except TeledossierError as refusal:  # it will be said to whoever opens it
        log.warning("first page not drawn", reason=refusal.code)


def _in_background(work: Any) -> None:
    task = asyncio.create_task(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
