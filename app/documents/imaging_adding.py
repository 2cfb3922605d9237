"""From an archive of DICOM files to documents of a dossier: one for each series, in its order, of one patient.

The archive is opened in the rendering process only, some files at a time, so that a full CD holds up nobody else's
letter. Which images belong together, in which order, and whose they are, is decided in `imaging_planning`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from app.audit import service as audit
from app.documents import entries, gate, imaging_identity, imaging_series, intake
from app.documents.entries import DocumentView
from app.documents.imaging_archive import NOTHING, UNREADABLE
from app.documents.imaging_identity import IdentityCheck
from app.documents.imaging_model import (
    SERIES_TYPE,
    ArchiveOutline,
    ArchivePart,
    FileIdentity,
    FoundImage,
)
from app.documents.imaging_planning import (
    MIXED,
    NOT_CONFIRMED,
    NOT_OURS,
    OTHER_PATIENT,
    UPLOAD,
    SeriesPlan,
    Source,
    of_one_patient,
    plan,
)
from app.documents.models import Document, DocumentKind, DocumentReading
from app.documents.viewing import loader
from app.dossiers.models import Dossier, Patient
from app.dossiers.service import traits_of
from app.errors import FileRefused
from app.french import NO_BREAK_SPACE
from app.identity.models import Professional
from app.platform import Platform, StoredFile, Turn

__all__ = ["MIXED", "NOT_CONFIRMED", "NOT_OURS", "UPLOAD", "Archive", "Source", "add_archive", "journal_identity"]

FILES_AT_ONCE = 40  # of an archive, in one job: about a second
PIECE = 1 << 20  # bytes written at once: a whole series would hold the interpreter
MOST_SERIES = 80
TOO_LARGE = "séries trop volumineuses"
TOO_MANY = f"cette archive contient plus de {MOST_SERIES} séries. Ajoutez-les en plusieurs fois."

OpenDossier = Callable[[Session, Professional, str], Dossier]
Settle = Callable[[Session], object]


@dataclass(frozen=True)
class Archive:
    """An archive that was kept and looked at."""

    stored: StoredFile
    outline: ArchiveOutline
    source: Source = UPLOAD


async def add_archive(
    platform: Platform,
    actor: Professional,
    number: str,
    archive: Archive,
    open_dossier: OpenDossier,
    settle: Settle = lambda _session: None,
) -> DocumentView:
    """Add every series of an archive, in one transaction; answers the first, with what to say about all of them.

    `settle` is done in that transaction. Whatever goes wrong, nothing remains. Raises: FileRefused(reason), NotFound, AccessDenied, WrongStep.
    """
    turn = Turn(actor.login)
    images, left_out = await _images(platform, archive, turn)
    plans = plan(images, left_out)
    if not plans:
        raise FileRefused(NOTHING)
    if len(plans) > MOST_SERIES:
        raise FileRefused(TOO_MANY)
    try:
        with platform.reading() as session:
            patient = session.get_one(Patient, open_dossier(session, actor, number).patient_id)
        checked = of_one_patient(plans, patient, archive.source, left_out)
    except FileRefused:
        _journal_refused(platform, actor, number, open_dossier)
        raise
    kept: list[tuple[SeriesPlan, IdentityCheck, StoredFile]] = []
    try:
        for series, check in checked:
            stored = await _kept(platform, archive, series, left_out, turn)
            if stored is not None:
                kept.append((series, check, stored))
        if not kept:
            raise FileRefused(NOTHING)
        return _record(platform, actor, number, kept, left_out, archive.source, open_dossier, settle)
    except BaseException:
        for _series, _check, stored in kept:
            await asyncio.shield(intake.forget(platform, stored.file_id))
        raise


def journal_identity(
    session: Session, actor: Professional, dossier: Dossier, document: Document, identity: FileIdentity
) -> None:
    """Journal that a document's identity differs from its dossier's, in the caller's transaction; which traits, not how."""
    check = imaging_identity.compare(identity, traits_of(session.get_one(Patient, dossier.patient_id)))
    if check.warning:
        _journal(session, actor, document, "imaging.mismatch", {"differing": list(check.differing)})


async def _images(platform: Platform, archive: Archive, turn: Turn) -> tuple[list[FoundImage], Counter[str]]:
    images: list[FoundImage] = []
    left_out: Counter[str] = Counter()
    for start in range(0, archive.outline.entries, FILES_AT_ONCE):
        part: ArchivePart = await platform.renderer.run(
            "imaging_part",
            archive.stored.file_id,
            loader(platform, archive.stored),
            turn=turn,
            start=start,
            count=FILES_AT_ONCE,
        )
        images += part.images
        left_out.update(dict(part.left_out))
    return images, left_out


async def _kept(
    platform: Platform, archive: Archive, series: SeriesPlan, left_out: Counter[str], turn: Turn
) -> StoredFile | None:
    """A series in the store; or nothing, and said, where it is too large or cannot be shown."""
    limit = platform.settings.upload_megabytes * intake.MEGABYTE
    if series.size > limit - len(series.images) * 512 or series.frames > imaging_series.MOST_FRAMES:
        left_out[TOO_LARGE] += 1
        return None
    scale = series.scale
    try:
        content: bytes = await platform.renderer.run(
            "imaging_series",
            archive.stored.file_id,
            loader(platform, archive.stored),
            turn=turn,
            entries=tuple(image.entry for image in series.images),
            frames=tuple(image.frames for image in series.images),
            gain=scale.gain,
            offset=scale.offset,
        )
    except FileRefused:
        left_out[UNREADABLE] += len(series.images)
        return None
    pieces = (content[start : start + PIECE] for start in range(0, len(content), PIECE))
    return await intake.keep(platform, pieces)


def _record(
    platform: Platform,
    actor: Professional,
    number: str,
    kept: list[tuple[SeriesPlan, IdentityCheck, StoredFile]],
    left_out: Counter[str],
    source: Source,
    open_dossier: OpenDossier,
    settle: Settle,
) -> DocumentView:
    views: list[DocumentView] = []
    with platform.transaction() as session:
        dossier = open_dossier(session, actor, number)  # again: the step may have moved meanwhile
        settle(session)
        for series, check, stored in kept:
            media_type = SERIES_TYPE if len(series.images) > 1 else "application/dicom"
            found = gate.Inspected(DocumentKind.IMAGING, media_type, series.detail())
            filename = gate.display_name(series.title.replace("/", "-").replace("\\", "-"))
            document = entries.row(actor, dossier, filename, stored, found, platform.now())
            document.title = series.title
            session.add(document)
            action = "document.imported" if source.from_pacs else "document.added"
            entries.journal_added(session, actor, document, action)
            if check.warning:
                _journal(session, actor, document, "imaging.mismatch", {"differing": list(check.differing)})
            # Who adds a document has seen it; that is no row of its own in the journal.
            reading = DocumentReading(
                document_id=document.id or 0, professional_id=actor.id or 0, seen_at=document.created_at
            )
            session.add(reading)
            views.append(entries.view_of(document, number, reading))
        if others := left_out[OTHER_PATIENT]:
            audit.record(
                session,
                platform.now(),
                actor,
                "imaging.refused",
                dossier_id=dossier.id,
                subject=number,
                detail={"images": others},
            )
    return replace(views[0], said=_said(kept, left_out))


def _said(kept: list[tuple[SeriesPlan, IdentityCheck, StoredFile]], left_out: Counter[str]) -> str:
    """« 2 séries ajoutées (34 images). Laissés de côté : logiciel de visualisation du CD (12). »"""
    images = sum(series.frames for series, _check, _stored in kept)
    many = len(kept) > 1
    sentences = [
        f"{len(kept)}{NO_BREAK_SPACE}{'séries ajoutées' if many else 'série ajoutée'} "
        f"({images}{NO_BREAK_SPACE}{'images' if images > 1 else 'image'})."
    ]
    if left_out:
        listed = ", ".join(f"{reason} ({count})" for reason, count in sorted(left_out.items()) if count)
        sentences.append(f"Laissés de côté : {listed}.")
    warning = next((check.warning for _series, check, _stored in kept if check.warning), "")
    return " ".join([*sentences, *([warning] if warning else [])])


def _journal(session: Session, actor: Professional, document: Document, action: str, detail: dict[str, Any]) -> None:
    audit.record(
        session,
        document.created_at,
        actor,
        action,
        dossier_id=document.dossier_id,
        subject=document.reference,
        detail=detail,
    )


def _journal_refused(platform: Platform, actor: Professional, number: str, open_dossier: OpenDossier) -> None:
    with platform.transaction() as session:
        dossier = open_dossier(session, actor, number)
        audit.record(session, platform.now(), actor, "imaging.refused", dossier_id=dossier.id, subject=number)
