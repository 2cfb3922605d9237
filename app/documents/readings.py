"""Who has seen a document, and who took it home: kept once per person, journalled with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.documents.models import Document, DocumentReading
from app.identity.models import Professional


def of(session: Session, actor: Professional, documents: Sequence[Document]) -> dict[int, DocumentReading]:
    """What `actor` has seen or taken of these documents, by document."""
    wanted = select(DocumentReading).where(
        col(DocumentReading.document_id).in_([document.id for document in documents]),
        DocumentReading.professional_id == actor.id,
    )
    return {reading.document_id: reading for reading in session.exec(wanted)}


def mark_seen(session: Session, at: datetime, actor: Professional, document: Document) -> None:
    """Keep that `actor` saw it; journalled the first time only."""
    if _mark(session, actor, document, DocumentReading.seen_at, at, only_first=True):  # type: ignore[arg-type]
        _journal(session, at, actor, document, "document.seen")


def mark_downloaded(session: Session, at: datetime, actor: Professional, document: Document) -> None:
    """Keep that `actor` took it home; journalled each time."""
    _mark(session, actor, document, DocumentReading.downloaded_at, at, only_first=False)  # type: ignore[arg-type]
    _journal(session, at, actor, document, "document.downloaded")


def _mark(
    session: Session,
    actor: Professional,
    document: Document,
    field: sa.ColumnElement[datetime | None],
    at: datetime,
    only_first: bool,
) -> bool:
    own = {"document_id": document.id, "professional_id": actor.id}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # Two requests of one page come together: the second must neither fail nor count again.
    session.execute(insert(DocumentReading).values(**own).on_conflict_do_nothing())
    update = sa.update(DocumentReading).filter_by(**own).values({field: at})
    if only_first:
        update = update.where(field.is_(None))
    return bool(session.execute(update).rowcount)  # type: ignore[attr-defined]


def _journal(session: Session, at: datetime, actor: Professional, document: Document, action: str) -> None:
    audit.record(
        session,
        at,
        actor,
        action,
        dossier_id=document.dossier_id,
        subject=document.reference,
        detail={"kind": document.kind.value},
    )
