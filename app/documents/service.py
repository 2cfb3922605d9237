"""Add documents to a télédossier, list them, open them. How their content is shown is in `viewing`.

Rights are those on the dossier (`dossiers.access`); a document of somebody else's dossier is answered as if it did not
exist, and the attempt is journalled.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import structlog
from sqlalchemy import event
from sqlmodel import Session, col, select

from app.documents import entries, gate, intake, readings
from app.documents.entries import DocumentView
from app.documents.models import Document, DocumentKind, DocumentReading
from app.documents.viewing import loader
from app.dossiers.access import Right, dossier_for, journal_refusal
from app.dossiers.models import Dossier, Step
from app.dossiers.service import announce
from app.errors import FileRefused, NotFound, WrongStep
from app.identity.models import Professional
from app.platform import Platform, StoredFile

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


@dataclass(frozen=True)
class Wish:
    """What else is wanted of a file that is added: one of these `kinds`, another `title`, more for its `detail`."""

    kinds: Collection[DocumentKind] = tuple(DocumentKind)
    refusal: str = ""
    title: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


async def add(
    platform: Platform,
    actor: Professional,
    number: str,
    filename: str,
    chunks: intake.Chunks,
    wish: Wish = Wish(),
) -> DocumentView:
    """Add a file to a dossier: kept encrypted as it arrives, examined in a rendering process, then made visible.

    Nobody sees it before all of that; whatever goes wrong, or whoever goes away, nothing of it remains.

    Raises: NotFound, AccessDenied, WrongStep (closed or cancelled), FileRefused(reason), FileTooLarge.
    """
    may_add(platform, actor, number)
    filename = gate.display_name(filename)
    stored, found = await examined(platform, filename, chunks, wish)
    try:
        view = _record(platform, actor, number, filename, stored, found, wish)
    except BaseException:
        await asyncio.shield(asyncio.to_thread(platform.files.delete, stored.file_id))
        raise
    announce(platform, number)
    if found.kind is DocumentKind.PDF:
        _in_background(_draw(platform, stored, FIRST_PAGE_WIDTH))
    return view


async def examined(
    platform: Platform,
    filename: str,
    chunks: intake.Chunks,
    wish: Wish = Wish(),
    megabytes: int | None = None,
) -> tuple[StoredFile, gate.Inspected]:
    """Keep a file that nobody sees yet and let the gate look at it; the caller owns it, and removes it again.

    Raises: FileRefused(reason), FileTooLarge; then nothing of it remains.
    """
    stored = await intake.keep(platform, chunks, megabytes)
    try:
        if stored.size == 0:
            raise FileRefused("il est vide.")
        found: gate.Inspected = await platform.renderer.run(
            "inspect", stored.file_id, loader(platform, stored), filename=filename
        )
        if found.kind not in wish.kinds:
            raise FileRefused(wish.refusal)
        if found.replacement is not None:
            original, stored = stored, await intake.keep(platform, iter([found.replacement]))
            await asyncio.to_thread(platform.files.delete, original.file_id)
    except BaseException:
        await asyncio.shield(asyncio.to_thread(platform.files.delete, stored.file_id))
        raise
    return stored, found


def add_report(
    platform: Platform,
    actor: Professional,
    number: str,
    content: bytes,
    title: str,
    *,
    pages: int,
    draft: bool,
    session: Session | None = None,
) -> str:
    """Keep a report of ours, in the caller's transaction when there is one; answers its reference.

    A draft is seen by its author alone. When the caller's transaction fails, the file goes too. Call
    `dossiers.service.announce` after the commit. Raises: NotFound, AccessDenied.
    """
    if session is None:
        with platform.transaction() as own:
            return add_report(platform, actor, number, content, title, pages=pages, draft=draft, session=own)
    dossier = dossier_for(session, actor, number, Right.EDIT_OPINION)
    stored = platform.files.write(secrets.token_hex(16), iter([content]))
    _undo_on_rollback(session, partial(platform.files.delete, stored.file_id))
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
    return entries.opened(platform, actor, reference)[0]


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


def titles_of(session: Session, dossier_id: int) -> dict[str, str]:
    """Titles by reference, for the journal, which keeps references only. The caller has checked the rights."""
    wanted = select(Document.reference, Document.title).where(Document.dossier_id == dossier_id)
    return dict(session.exec(wanted).all())


def remove_leftovers(platform: Platform, older_than: float = 3600.0) -> int:
    """Remove stored files that no document owns, left by a process that was killed; answers how many."""
    sweep = getattr(platform.files, "sweep", None)
    if sweep is None:
        return 0
    with platform.reading() as session:
        known = set(session.exec(select(Document.file_id)))
    return len(sweep(known, older_than))


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
    wish: Wish,
) -> DocumentView:
    found = replace(found, detail={**found.detail, **wish.about})
    with platform.transaction() as session:
        dossier = _open_dossier(session, actor, number)  # again: the step may have moved while the file was arriving
        document = entries.row(actor, dossier, filename, stored, found, platform.now())
        document.title = wish.title or document.title
        session.add(document)
        entries.journal_added(session, actor, document, "document.added")
        # Who adds a document has seen it; that is no row of its own in the journal.
        reading = DocumentReading(
            document_id=document.id or 0, professional_id=actor.id or 0, seen_at=document.created_at
        )
        session.add(reading)
    return entries.view_of(document, number, reading)


async def _draw(platform: Platform, stored: StoredFile, width: int) -> None:
    try:
        await platform.renderer.run("pdf_page", stored.file_id, loader(platform, stored), page=1, width=width)
    except FileRefused as refusal:  # it will be said to whoever opens it
        log.warning("first page not drawn", reason=refusal.reason)


def _in_background(work: Any) -> None:
    task = asyncio.create_task(work)
    _background.add(task)
    task.add_done_callback(_background.discard)


def _undo_on_rollback(session: Session, undo: Callable[[], None]) -> None:
    committed = False

    def keep(_session: Session) -> None:
        nonlocal committed
        committed = True

    def roll_back(_session: Session) -> None:
        if not committed:
            undo()

    event.listen(session, "after_commit", keep)
    event.listen(session, "after_rollback", roll_back)
