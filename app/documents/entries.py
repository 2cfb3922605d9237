"""Documents as rows and as people see them: found by right, shown as `DocumentView`.

A document of somebody else's dossier is answered as if it did not exist, and the attempt is journalled.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.documents import gate, readings
from app.documents.models import Document, DocumentKind, DocumentReading
from app.dossiers.access import rights, visible_to
from app.dossiers.models import Dossier
from app.errors import NotFound
from app.french import PARIS
from app.identity.models import Professional
from app.platform import Platform, StoredFile


@dataclass(frozen=True)
class DocumentView:
    """A document as somebody sees it in the list; `detail` as in `Document`, `seen_at` and `downloaded_at` theirs."""

    reference: str
    number: str
    kind: DocumentKind
    title: str
    filename: str
    media_type: str
    size: int
    sha256: str
    author_name: str
    created_at: datetime
    dated_at: datetime | None
    is_report: bool
    detail: Mapping[str, Any]
    seen_at: datetime | None
    downloaded_at: datetime | None
    said: str = ""  # to whoever just added it, when one file became several documents or lost something


class Opened(NamedTuple):
    """A document that somebody has opened, by right and journalled; `stored` is where its content is."""

    view: DocumentView
    stored: StoredFile


def opened(platform: Platform, actor: Professional, reference: str, download: bool = False) -> Opened:
    """Open a document: journalled as seen the first time, as taken home with `download`. Raises: NotFound.

    Asked for with every page that is drawn: for a document seen before it is one question to the database.
    """
    try:
        with platform.reading() as session:
            document, dossier, theirs = _find_with_reading(session, actor, reference)
    except NotFound:
        journal_foreign(platform, actor, reference)
        raise
    if theirs is None or theirs.seen_at is None or download:
        with platform.transaction() as session:
            document, dossier = find(session, actor, reference)
            readings.mark_seen(session, platform.now(), actor, document)
            if download:
                readings.mark_downloaded(session, platform.now(), actor, document)
            theirs = readings.of(session, actor, [document]).get(document.id or 0)
    stored = StoredFile(document.file_id, document.size, document.sha256, document.wrapped_key)
    return Opened(view_of(document, dossier.number, theirs), stored)


def find(session: Session, actor: Professional, reference: str) -> tuple[Document, Dossier]:
    """A document and its dossier, when `actor` may see both. Raises: NotFound."""
    found = session.exec(
        select(Document, Dossier)
        .join(Dossier, col(Dossier.id) == col(Document.dossier_id))
        .where(Document.reference == reference, visible_to(actor))
    ).first()
    if found is None or not is_shown(actor, found[0]):
        raise NotFound
    return found[0], found[1]


def _find_with_reading(
    session: Session, actor: Professional, reference: str
) -> tuple[Document, Dossier, DocumentReading | None]:
    """`find`, and what the actor has seen of it, in one question."""
    theirs = (col(DocumentReading.document_id) == col(Document.id)) & (col(DocumentReading.professional_id) == actor.id)
    found = session.exec(
        select(Document, Dossier, DocumentReading)
        .join(Dossier, col(Dossier.id) == col(Document.dossier_id))
        .outerjoin(DocumentReading, theirs)
        .where(Document.reference == reference, visible_to(actor))
    ).first()
    if found is None or not is_shown(actor, found[0]):
        raise NotFound
    return found[0], found[1], found[2]


def is_shown(actor: Professional, document: Document) -> bool:
    """A draft of the opinion is its author's alone until it is signed (guide 4)."""
    return not is_draft(document) or document.author_id == actor.id


def is_draft(document: Document) -> bool:
    """A report of an opinion that is not signed yet."""
    return document.is_report and bool(json.loads(document.detail).get("draft", False))


def view_of(document: Document, number: str, reading: DocumentReading | None) -> DocumentView:
    """A document as its reader sees it, with their own « vu » and « téléchargé »."""
    return DocumentView(
        reference=document.reference,
        number=number,
        kind=document.kind,
        title=document.title,
        filename=document.filename,
        media_type=document.media_type,
        size=document.size,
        sha256=document.sha256,
        author_name=document.author_name,
        created_at=document.created_at,
        dated_at=document.dated_at,
        is_report=document.is_report,
        detail=json.loads(document.detail),
        seen_at=reading.seen_at if reading else None,
        downloaded_at=reading.downloaded_at if reading else None,
    )


def row(
    actor: Professional,
    dossier: Dossier,
    filename: str,
    stored: StoredFile,
    found: gate.Inspected,
    at: datetime,
    is_report: bool = False,
) -> Document:
    """The row of a file that has been kept and examined; not yet in a database session."""
    detail = dict(found.detail)
    return Document(
        reference=secrets.token_hex(16),
        dossier_id=dossier.id or 0,
        kind=found.kind,
        title=gate.title_of(filename),
        filename=gate.with_extension(filename, found.kind, found.media_type),
        media_type=found.media_type,
        size=stored.size,
        sha256=stored.sha256,
        file_id=stored.file_id,
        wrapped_key=stored.wrapped_key,
        author_id=actor.id,
        author_name=actor.short_name,
        created_at=at,
        dated_at=_moment(str(detail.pop("taken", ""))),
        is_report=is_report,
        detail=json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
    )


def journal_added(session: Session, actor: Professional, document: Document, action: str, **more: Any) -> None:
    """Journal a new document, in the caller's transaction; `more` goes into the row's detail."""
    session.flush()
    audit.record(
        session,
        document.created_at,
        actor,
        action,
        dossier_id=document.dossier_id,
        subject=document.reference,
        detail={"kind": document.kind.value, "sha256": document.sha256, "size": document.size} | more,
    )


def journal_foreign(platform: Platform, actor: Professional, reference: str) -> None:
    """Journal that `actor` asked for a document of somebody else's dossier, when it exists."""
    with platform.transaction() as session:
        found = session.exec(
            select(Document, Dossier)
            .join(Dossier, col(Dossier.id) == col(Document.dossier_id))
            .where(Document.reference == reference)
        ).first()
        if found is not None and not rights(actor, found[1]):
            audit.record(
                session,
                platform.now(),
                actor,
                "document.refused",
                dossier_id=found[1].id,
                subject=reference,
            )


def _moment(text: str) -> datetime | None:
    """When a picture was taken (EXIF 4.6.5) or a study made; cameras know no time zone: theirs is ours."""
    for form in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=PARIS)
        except ValueError:
            continue
    return None
