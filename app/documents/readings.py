"""Who has seen a document, and who took it home: kept once per person, journalled with it.

Here stand the readings of professionals. A guest of a teleconsultation who is shown or given a document has no account:
theirs are to be kept beside (by invitation), and answered as `Read`s too; `tracing.SOURCES` is where they join in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.documents.models import Document, DocumentReading
from app.identity.models import Professional


@dataclass(frozen=True)
class Reader:
    """Somebody who reads documents. `key` is unlike anybody else's; `role` is what people call them: « gériatre »."""

    key: str
    name: str
    role: str = ""
    professional_id: int | None = None


@dataclass(frozen=True)
class Read:
    """What one reader did with one document; a time that is missing has not come."""

    document_id: int
    reader: Reader
    seen_at: datetime | None
    downloaded_at: datetime | None


def reader_of(person: Professional) -> Reader:
    """A professional as a reader."""
    return Reader(f"p{person.id}", person.full_name, person.qualification, person.id)


def by_professionals(session: Session, documents: Sequence[Document]) -> list[Read]:
    """What every professional has seen or taken of these documents. The caller has checked the rights."""
    wanted = (
        select(DocumentReading, Professional)
        .join(Professional, col(Professional.id) == col(DocumentReading.professional_id))
        .where(col(DocumentReading.document_id).in_([document.id for document in documents]))
        .order_by(col(Professional.family_name), col(Professional.id))
    )
    return [
        Read(reading.document_id, reader_of(person), reading.seen_at, reading.downloaded_at)
        for reading, person in session.exec(wanted)
    ]


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
