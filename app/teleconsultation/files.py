"""Documents handed over during a call (guide 3.1): who got which, and how far it came.

    sent ── the last bytes leave our side ──> fetched ── the page has the whole ──> received ── kept by the person ──> saved

What is handed over is a PDF of the dossier; one from a disk becomes one first, through the gate of `app.documents`. Who
receives it may read that file and nothing else of the dossier: a guest as long as they are in the call with an
invitation that holds. Anything else is answered as if it did not exist, and the attempt is journalled.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.db import key as key_of
from app.documents import entries, readings, tracing
from app.documents.models import Document, DocumentKind
from app.documents.readings import Read, Reader
from app.dossiers.access import Right, dossier_for
from app.dossiers.models import Dossier, Step
from app.errors import FileRefused, InvalidInput, InvitationInvalid, NotAdmitted, NotFound
from app.identity.models import Professional
from app.platform import Platform, StoredFile
from app.teleconsultation.models import ChatMessage, Invitation, RoomFile, RoomFileReceiver
from app.teleconsultation.presence import Person
from app.teleconsultation.service import ChatLine, check_step, room_called

Receiving = Professional | Invitation

ONLY_PDF = "seul un PDF peut être transmis pendant la téléconsultation. Enregistrez-le en PDF, puis transmettez-le."
ONLY_PDF_OF_DOSSIER = "Seul un PDF peut être transmis. Pour une image, utilisez « Pointer » : elle est montrée à tous."
DRAFT = "Ce compte rendu est encore un brouillon : signez l'avis avant de le transmettre. Rien n'a été envoyé."
NOT_FETCHED = "Le document n'est pas encore arrivé en entier. Téléchargez-le de nouveau."


@dataclass(frozen=True)
class Handed:
    """A document as its sender follows it; `people` are names with `sent`, `received` or `saved`."""

    id: str
    key: str
    name: str
    sender: int
    people: tuple[tuple[str, str], ...]
    line: ChatLine | None = None
    repeated: bool = False


@dataclass(frozen=True)
class Received:
    """The same as whoever receives it sees it."""

    id: str
    name: str
    filename: str
    sender: str
    size: int
    at: datetime
    state: str


def must_be_pdf(_session: Session, document: Document) -> None:
    """For the transaction that makes a document of a file from a disk. Raises: FileRefused."""
    if document.kind is not DocumentKind.PDF:
        raise FileRefused(ONLY_PDF)


async def no_archive(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks; a zip, which may hold many documents, is refused at its first. Raises: FileRefused."""
    is_first = True
    async for chunk in chunks:
        if is_first and chunk.startswith(b"PK"):
            raise FileRefused(ONLY_PDF)
        is_first = False
        yield chunk


def key_of_actor(actor: Receiving) -> str:
    """The key by which the rooms know somebody (`presence.Person`)."""
    return f"{'professional' if isinstance(actor, Professional) else 'invitation'}:{actor.id}"


def hand_over(
    platform: Platform,
    actor: Professional,
    number: str,
    room: str,
    reference: str,
    people: Sequence[Person],
    key: str,
    *,
    everybody: bool,
) -> Handed:
    """Hand a PDF of the dossier to people of the room; the same `key` again hands over once.

    A line in the discussion says so; it names the document only when `everybody` in the room gets it.

    Raises: NotFound (dossier, document, room), AccessDenied, WrongStep, InvalidInput (no PDF, a draft, another's key).
    """
    now = platform.now()
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        check_step(dossier)
        known = session.exec(select(RoomFile).where(RoomFile.request_key == key)).first()
        if known is not None:
            if (known.dossier_id, known.sender_id) != (dossier.id, actor.id):
                raise InvalidInput
            return _handed(session, known, repeated=True)
        document = _sendable(session, actor, dossier, reference)
        kept = room_called(session, room)
        file = RoomFile(
            reference=secrets.token_hex(16),
            document_id=key_of(document),
            dossier_id=key_of(dossier),
            room_id=key_of(kept),
            sender_id=key_of(actor),
            sender_name=actor.full_name,
            request_key=key,
            sent_at=now,
        )
        session.add(file)
        session.flush()
        for person in people:
            kind, _, row = person.key.partition(":")
            receiver = RoomFileReceiver(file_id=key_of(file), name=person.name)
            setattr(receiver, f"{kind}_id", int(row))
            session.add(receiver)
        line = _written(session, actor, file, _said(document.title if everybody else "", people), now)
        # A guest is named by the invitation alone: it may be the patient.
        labels = [person.label if person.professional else person.detail for person in people]
        detail = {"file": file.reference, "persons": [person.key for person in people], "to": labels}
        audit.record(
            session, now, actor, "document.sent", dossier_id=dossier.id, subject=document.reference, detail=detail
        )
        return _handed(session, file, line)


def received_by(session: Session, actor: Receiving, dossier: Dossier) -> list[Received]:
    """What was handed to somebody who was already checked, oldest first."""
    wanted = (
        select(RoomFile, RoomFileReceiver, Document)
        .join(RoomFileReceiver, col(RoomFileReceiver.file_id) == col(RoomFile.id))
        .join(Document, col(Document.id) == col(RoomFile.document_id))
        .where(RoomFile.dossier_id == dossier.id, _theirs(actor))
        .order_by(col(RoomFile.id))
    )
    return [_received(*row) for row in session.exec(wanted)]


def handed_by(session: Session, actor: Professional, dossier: Dossier) -> list[Handed]:
    """What somebody who was already checked has handed over for this dossier, oldest first."""
    wanted = select(RoomFile).where(RoomFile.dossier_id == dossier.id, RoomFile.sender_id == actor.id)
    return [_handed(session, file) for file in session.exec(wanted.order_by(col(RoomFile.id)))]


def open_file(
    platform: Platform, actor: Receiving, reference: str, *, look: bool = False
) -> tuple[Received, StoredFile]:
    """A file that was handed to `actor`, and where its content lies; with `look`, kept and journalled as seen.

    Raises: NotFound (unknown, or handed to somebody else: journalled), InvitationInvalid, NotAdmitted.
    """
    try:
        with platform.reading() as session:
            file, receiver, document = _mine(session, platform.now(), actor, reference)
    except NotFound:
        _journal_foreign(platform, actor, reference)
        raise
    if look and receiver.seen_at is None:
        with platform.transaction() as session:
            file, receiver, document = _mine(session, platform.now(), actor, reference)
            _mark_seen(session, platform.now(), actor, receiver, document)
    stored = StoredFile(document.file_id, document.size, document.sha256, document.wrapped_key)
    return _received(file, receiver, document), stored


def fetched(platform: Platform, actor: Receiving, reference: str) -> None:
    """All but the last bytes are written out to `actor`'s page, and those are about to be. Raises: NotFound, InvitationInvalid, NotAdmitted."""
    with platform.transaction() as session:
        _file, receiver, _document = _mine(session, platform.now(), actor, reference)
        receiver.fetched_at = platform.now()
        session.add(receiver)


def confirm(platform: Platform, actor: Receiving, reference: str, *, saved: bool) -> Handed:
    """`actor`'s page has the whole file, or the person has kept it (`saved`): for the sender, and journalled.

    Raises: NotFound, InvitationInvalid, NotAdmitted, InvalidInput (the content never left for them).
    """
    now = platform.now()
    with platform.transaction() as session:
        file, receiver, document = _mine(session, now, actor, reference)
        if receiver.fetched_at is None:
            raise InvalidInput(NOT_FETCHED)
        if receiver.received_at is None:
            receiver.received_at = now
            _record(session, now, actor, document, "document.received", file)
        if saved and receiver.saved_at is None:
            receiver.saved_at = now
            if isinstance(actor, Professional):
                readings.mark_downloaded(session, now, actor, document)
            else:
                _record(session, now, actor, document, "document.downloaded", file)
        session.add(receiver)
        return _handed(session, file)


def sendable(platform: Platform, actor: Professional, number: str, reference: str) -> tuple[Document, StoredFile]:
    """A document of the dossier that people of the room may see: a PDF or a picture, no draft.

    Raises: NotFound, AccessDenied, WrongStep, InvalidInput.
    """
    with platform.reading() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        check_step(dossier)
        document = _sendable(session, actor, dossier, reference, (DocumentKind.PDF, DocumentKind.PICTURE))
    return document, StoredFile(document.file_id, document.size, document.sha256, document.wrapped_key)


def by_guests(session: Session, documents: Sequence[Document]) -> list[Read]:
    """What guests have seen or taken of these documents, for « Traçabilité » (`tracing.SOURCES`).

    For the professionals of the dossier, who invited them by this name.
    """
    wanted = (
        select(RoomFileReceiver, RoomFile, Invitation)
        .join(RoomFile, col(RoomFile.id) == col(RoomFileReceiver.file_id))
        .join(Invitation, col(Invitation.id) == col(RoomFileReceiver.invitation_id))
        .where(col(RoomFile.document_id).in_([document.id for document in documents]))
        .order_by(col(RoomFileReceiver.id))
    )
    found: dict[tuple[int, int], Read] = {}
    for receiver, file, invitation in session.exec(wanted):
        place = (file.document_id, key_of(invitation))
        known = found.get(place)
        reader = Reader(f"i{invitation.id}", receiver.name, invitation.role.label)
        seen = [at for at in (known.seen_at if known else None, receiver.seen_at) if at is not None]
        taken = [at for at in (known.downloaded_at if known else None, receiver.saved_at) if at is not None]
        found[place] = Read(file.document_id, reader, min(seen, default=None), max(taken, default=None))
    return list(found.values())


tracing.SOURCES.append(by_guests)


def _sendable(
    session: Session,
    actor: Professional,
    dossier: Dossier,
    reference: str,
    kinds: Sequence[DocumentKind] = (DocumentKind.PDF,),
) -> Document:
    document, its_dossier = entries.find(session, actor, reference)
    if its_dossier.id != dossier.id:
        raise NotFound
    if document.kind not in kinds:
        raise InvalidInput(ONLY_PDF_OF_DOSSIER)
    if entries.is_draft(document):
        raise InvalidInput(DRAFT)
    return document


def _mine(
    session: Session, now: datetime, actor: Receiving, reference: str
) -> tuple[RoomFile, RoomFileReceiver, Document]:
    """Raises: NotFound, InvitationInvalid, NotAdmitted."""
    found = session.exec(
        select(RoomFile, RoomFileReceiver, Document, Dossier)
        .join(RoomFileReceiver, col(RoomFileReceiver.file_id) == col(RoomFile.id))
        .join(Document, col(Document.id) == col(RoomFile.document_id))
        .join(Dossier, col(Dossier.id) == col(RoomFile.dossier_id))
        .where(RoomFile.reference == reference, _theirs(actor))
    ).first()
    if found is None:
        raise NotFound
    file, receiver, document, dossier = found
    if isinstance(actor, Professional):
        dossier_for(session, actor, dossier.number, Right.ENTER_ROOM)
    else:
        _check_guest(session, now, actor, dossier)
    return file, receiver, document


def _check_guest(session: Session, now: datetime, actor: Invitation, dossier: Dossier) -> None:
    kept = session.get_one(Invitation, actor.id)
    ended = kept.withdrawn_at or kept.refused_at or now >= kept.expires_at
    if ended or dossier.step in (Step.CLOSED, Step.CANCELLED):
        raise InvitationInvalid
    if not kept.is_admitted:
        raise NotAdmitted


def _theirs(actor: Receiving) -> bool:
    column = RoomFileReceiver.professional_id if isinstance(actor, Professional) else RoomFileReceiver.invitation_id
    return column == actor.id


def _mark_seen(
    session: Session, now: datetime, actor: Receiving, receiver: RoomFileReceiver, document: Document
) -> None:
    if receiver.seen_at is not None:
        return
    receiver.seen_at = now
    session.add(receiver)
    if isinstance(actor, Professional):
        readings.mark_seen(session, now, actor, document)
    else:
        _record(session, now, actor, document, "document.seen", None)


def _record(
    session: Session, now: datetime, actor: Receiving, document: Document, action: str, file: RoomFile | None
) -> None:
    detail = {"file": file.reference} if file else {"kind": document.kind.value}
    audit.record(session, now, actor, action, dossier_id=document.dossier_id, subject=document.reference, detail=detail)


def _journal_foreign(platform: Platform, actor: Receiving, reference: str) -> None:
    with platform.transaction() as session:
        found = session.exec(
            select(RoomFile, Document)
            .join(Document, col(Document.id) == col(RoomFile.document_id))
            .where(RoomFile.reference == reference)
        ).first()
        if found is not None:
            _record(session, platform.now(), actor, found[1], "document.refused", found[0])


def _written(session: Session, actor: Professional, file: RoomFile, text: str, now: datetime) -> ChatLine:
    message = ChatMessage(
        key=f"file-{file.reference}",
        dossier_id=file.dossier_id,
        room_id=file.room_id,
        professional_id=actor.id,
        author_name=actor.room_name,
        text=text,
        at=now,
    )
    session.add(message)
    return ChatLine(message.key, message.author_name, text, now, mine=True)


def _said(title: str, people: Sequence[Person]) -> str:
    if title:
        return f"Document transmis à tous : « {title} »"
    return f"Document transmis à {', '.join(person.label if person.professional else person.name for person in people)}"


def _handed(session: Session, file: RoomFile, line: ChatLine | None = None, *, repeated: bool = False) -> Handed:
    session.flush()
    title = session.exec(select(Document.title).where(Document.id == file.document_id)).one()
    receivers = session.exec(
        select(RoomFileReceiver).where(RoomFileReceiver.file_id == file.id).order_by(col(RoomFileReceiver.id))
    )
    people = tuple((receiver.name, receiver.state) for receiver in receivers)
    return Handed(file.reference, file.request_key, title, file.sender_id, people, line, repeated)


def _received(file: RoomFile, receiver: RoomFileReceiver, document: Document) -> Received:
    return Received(
        id=file.reference,
        name=document.title,
        filename=document.filename,
        sender=file.sender_name,
        size=document.size,
        at=file.sent_at,
        state=receiver.state,
    )
