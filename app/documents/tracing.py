"""« Traçabilité »: who has seen and taken which document of a dossier, who has not, and who asked without a right.

For the professionals of the dossier; what is not shown to them as a document (somebody's draft) is not traced here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.audit.models import AuditEntry
from app.audit.wording import ROUTES, words_of
from app.documents import entries, laboratory_typing, readings
from app.documents.laboratory_typing import TypedState
from app.documents.models import Document, DocumentKind
from app.documents.readings import Read, Reader, reader_of
from app.dossiers.access import dossier_for, journal_refusal, rights
from app.dossiers.models import Dossier, Step
from app.errors import NotFound
from app.identity.models import Professional
from app.platform import Platform

REFUSED = ("document.refused", "dossier.refused")
# Where readings come from. Those of guests join here (`teleconsultation.files`), a layer above.
SOURCES: list[Callable[[Session, Sequence[Document]], list[Read]]] = [readings.by_professionals]


@dataclass(frozen=True)
class Cell:
    """One reader and one document. `concerned`: it is shown to them today; `own`: they brought it."""

    reader: Reader
    seen_at: datetime | None
    downloaded_at: datetime | None
    concerned: bool
    own: bool


@dataclass(frozen=True)
class TracedDocument:
    """A document with a cell per reader, in the order of `Trace.readers`. `holds`: no newer version, not withdrawn."""

    reference: str
    title: str
    kind: DocumentKind
    author: str
    created_at: datetime
    is_ours: bool  # made here: a report, a typed biology; nobody has it elsewhere
    is_draft: bool
    state: TypedState
    cells: tuple[Cell, ...]

    @property
    def holds(self) -> bool:
        return self.state.holds


@dataclass(frozen=True)
class Attempt:
    """Somebody asked for the dossier, or for one of its documents (`title`), and was refused."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True)
class Trace:
    """Everything of a dossier: requérant and requis first among the readers.

    `participants` are keys of readers: requérant, requis and who brought a document; the others only looked.
    """

    readers: tuple[Reader, ...]
    participants: frozenset[str]
    documents: tuple[TracedDocument, ...]
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class JournalLine:
    """One row of the dossier's journal in words."""

    at: datetime
    who: str
    what: str
    refused: bool


def trace_of(platform: Platform, actor: Professional, number: str) -> Trace:
    """Who has read what. Raises: NotFound (journalled when the dossier is somebody else's)."""
    try:
        with platform.reading() as session:
            dossier = dossier_for(session, actor, number)
            wanted = select(Document).where(Document.dossier_id == dossier.id).order_by(col(Document.id))
            documents = [document for document in session.exec(wanted) if entries.is_shown(actor, document)]
            states = laboratory_typing.states_in(session, dossier.id or 0)
            reads = [read for source in SOURCES for read in source(session, documents)]
            people = _people(session, dossier, documents)
            attempts = tuple(_attempts(session, dossier, titles_of(session, actor, dossier.id or 0)))
            by_place = {(read.document_id, read.reader.key): read for read in reads}
            readers = {reader_of(person).key: reader_of(person) for person in people}
            readers |= {read.reader.key: read.reader for read in reads if read.reader.key not in readers}
            allowed = {f"p{person.id}": person for person in people if rights(person, dossier)}
            traced = tuple(
                _traced(document, states.get(document.reference, TypedState()), tuple(readers.values()), by_place, allowed)
                for document in documents
            )  # fmt: skip
            part = (dossier.requester_id, dossier.expert_id, *(document.author_id for document in documents))
            participants = frozenset(f"p{one}" for one in part if one is not None)
            return Trace(tuple(readers.values()), participants, traced, attempts)
    except NotFound:
        journal_refusal(platform, actor, number)
        raise


def readers_by_document(platform: Platform, actor: Professional, number: str) -> dict[str, list[Read]]:
    """Who has read each document, by reference: for the list's hover. Raises: NotFound."""
    with platform.reading() as session:
        dossier = dossier_for(session, actor, number)
        documents = list(session.exec(select(Document).where(Document.dossier_id == dossier.id)))
        references = {document.id: document.reference for document in documents}
        found: dict[str, list[Read]] = {}
        for source in SOURCES:
            for read in source(session, documents):
                found.setdefault(references[read.document_id], []).append(read)
        return found


def journal_of(platform: Platform, actor: Professional, number: str) -> list[JournalLine]:
    """The journal of a dossier in words, newest first. Raises: NotFound (journalled when somebody else's)."""
    try:
        with platform.reading() as session:
            dossier = dossier_for(session, actor, number)
            titles = titles_of(session, actor, dossier.id or 0)
            return [
                JournalLine(entry.at, entry.actor_name, said(entry, titles), entry.action in REFUSED)
                for entry in audit.entries_of(session, dossier.id or 0)
            ]
    except NotFound:
        journal_refusal(platform, actor, number)
        raise


def journal_export(platform: Platform, actor: Professional, number: str) -> None:
    """Journal that the trace of a dossier left as a file, in the act's own transaction. Raises: NotFound."""
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number)
        audit.record(session, platform.now(), actor, "trace.exported", dossier_id=dossier.id, subject=number)


def titles_of(session: Session, actor: Professional, dossier_id: int) -> dict[str, str]:
    """Titles by reference, for the journal, which keeps references only; somebody else's draft has none."""
    wanted = select(Document).where(Document.dossier_id == dossier_id)
    return {
        document.reference: document.title if entries.is_shown(actor, document) else "brouillon"
        for document in session.exec(wanted)
    }


def said(entry: AuditEntry, titles: Mapping[str, str]) -> str:
    """One row of the journal in words."""
    words = words_of(entry.action)
    if entry.action == "dossier.step":
        step = Step(json.loads(entry.detail)["to"])
        return f"{words} « {step.label} »"
    if entry.action == "call.route":
        return ROUTES[json.loads(entry.detail)["route"]]
    if entry.action.startswith("participant."):
        return f"{words} : {entry.subject}"
    if entry.action in ("file.refused", "file.infected"):
        return f"{words} : {json.loads(entry.detail)['reason']}"
    if entry.action.startswith("document."):
        whom = json.loads(entry.detail).get("to", [])
        return f"{words} : {titles.get(entry.subject, 'document retiré')}" + (f", à {', '.join(whom)}" if whom else "")
    if entry.action == "picture.asked":
        return f"{words} : {entry.subject}"
    return words


def _people(session: Session, dossier: Dossier, documents: Sequence[Document]) -> list[Professional]:
    """Requérant and requis, then who brought a document, then who opened the dossier, each once."""
    opened = session.exec(
        select(AuditEntry.actor_id)
        .where(AuditEntry.dossier_id == dossier.id, AuditEntry.action == "dossier.opened")
        .distinct()
    )
    ids = [dossier.requester_id, dossier.expert_id, *(document.author_id for document in documents), *sorted(filter(None, opened))]  # fmt: skip
    people = (session.get(Professional, one) for one in dict.fromkeys(filter(None, ids)))
    return [person for person in people if person is not None]


def _attempts(session: Session, dossier: Dossier, titles: Mapping[str, str]) -> list[Attempt]:
    wanted = (
        select(AuditEntry)
        .where(AuditEntry.dossier_id == dossier.id, col(AuditEntry.action).in_(REFUSED))
        .order_by(col(AuditEntry.id).desc())
    )
    return [Attempt(entry.at, entry.actor_name, said(entry, titles)) for entry in session.exec(wanted)]


def _traced(
    document: Document,
    state: TypedState,
    readers: Sequence[Reader],
    reads: Mapping[tuple[int, str], Read],
    allowed: Mapping[str, Professional],
) -> TracedDocument:
    cells = []
    for reader in readers:
        read, person = reads.get((document.id or 0, reader.key)), allowed.get(reader.key)
        cells.append(
            Cell(
                reader,
                read.seen_at if read else None,
                read.downloaded_at if read else None,
                concerned=person is not None and entries.is_shown(person, document),
                own=reader.professional_id is not None and reader.professional_id == document.author_id,
            )
        )
    detail = json.loads(document.detail)
    return TracedDocument(
        document.reference,
        document.title,
        document.kind,
        document.author_name,
        document.created_at,
        is_ours=document.is_report or laboratory_typing.is_typed(detail),
        is_draft=detail.get("draft") is True,
        state=state,
        cells=tuple(cells),
    )
