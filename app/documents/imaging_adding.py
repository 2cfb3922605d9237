"""From an archive of DICOM files to documents of a dossier: one for each series, in its order, of one patient.

The archive is opened in the rendering process only, some files at a time, so that a full CD holds up nobody else's
letter. What is decided here: which images belong together, in which order, and whose they are.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from app.audit import service as audit
from app.documents import entries, gate, imaging_facts, imaging_identity, imaging_series, intake
from app.documents.entries import DocumentView
from app.documents.imaging_archive import NOTHING, TWICE, UNREADABLE
from app.documents.imaging_identity import IdentityCheck, Likeness
from app.documents.imaging_model import (
    SERIES_TYPE,
    ArchiveOutline,
    ArchivePart,
    FileIdentity,
    FoundImage,
    Scale,
)
from app.documents.imaging_values import scale_for
from app.documents.models import Document, DocumentKind, DocumentReading
from app.documents.viewing import loader
from app.dossiers.models import Dossier, Patient
from app.dossiers.service import traits_of
from app.errors import FileRefused
from app.french import NO_BREAK_SPACE
from app.identity.models import Professional
from app.platform import Platform, StoredFile

FILES_AT_ONCE = 40  # of an archive, in one job: about a second
MOST_SERIES = 80
OTHER_PATIENT = "images d'un autre patient"
TOO_LARGE = "séries trop volumineuses"
MIXED = (
    "cette archive contient les images de plusieurs patients, et aucun n'est celui du dossier. "
    "Demandez l'examen de ce patient seul."
)
TOO_MANY = f"cette archive contient plus de {MOST_SERIES} séries. Ajoutez-les en plusieurs fois."
NOT_OURS = "ces images sont celles d'un autre patient que celui du dossier."
NOT_CONFIRMED = "l'identité de ces images n'est pas exactement celle du dossier : vérifiez-la, puis confirmez."

OpenDossier = Callable[[Session, Professional, str], Dossier]


@dataclass(frozen=True)
class Source:
    """Where images come from. `from_pacs`: chosen in a PACS, so another patient's are refused, not only marked;
    `confirmed`: the person has looked at a difference and vouches that it is the same patient."""

    from_pacs: bool = False
    confirmed: bool = False


UPLOAD = Source()


@dataclass(frozen=True)
class Archive:
    """An archive that was kept and looked at."""

    stored: StoredFile
    outline: ArchiveOutline
    source: Source = UPLOAD


@dataclass(frozen=True)
class SeriesPlan:
    """Images that become one document, in their order; they have one size, one series and one identity."""

    images: tuple[FoundImage, ...]

    @property
    def first(self) -> FoundImage:
        return self.images[0]

    @property
    def scale(self) -> Scale:
        return scale_for(image.values for image in self.images)

    @property
    def frames(self) -> int:
        return sum(image.frames for image in self.images)

    @property
    def size(self) -> int:
        return sum(image.size for image in self.images)

    @property
    def title(self) -> str:
        """« Scanner, Thorax 1 mm »."""
        name = imaging_facts.modality_name(self.first.modality) or "Imagerie"
        return f"{name}, {self.first.description}" if self.first.description else name

    def detail(self) -> dict[str, Any]:
        """What is shown of it in the list, as in `gate.Inspected.detail`."""
        first = self.first
        detail: dict[str, Any] = {
            "frames": self.frames,
            "images": len(self.images),
            "modality": first.modality,
            "rows": first.rows,
            "columns": first.columns,
            "series": first.series_uid,
        }
        if first.taken_on:
            detail["taken"] = first.taken_on.isoformat()
        return detail


async def add_archive(
    platform: Platform, actor: Professional, number: str, archive: Archive, open_dossier: OpenDossier
) -> DocumentView:
    """Add every series of an archive, in one transaction; answers the first, with what to say about all of them.

    Whatever goes wrong, nothing remains. Raises: FileRefused(reason), NotFound, AccessDenied, WrongStep.
    """
    images, left_out = await _images(platform, archive)
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
            stored = await _kept(platform, archive, series, left_out)
            if stored is not None:
                kept.append((series, check, stored))
        if not kept:
            raise FileRefused(NOTHING)
        return _record(platform, actor, number, kept, left_out, archive.source, open_dossier)
    except BaseException:
        for _series, _check, stored in kept:
            await asyncio.shield(asyncio.to_thread(platform.files.delete, stored.file_id))
        raise


def plan(images: Iterable[FoundImage], left_out: Counter[str]) -> list[SeriesPlan]:
    """Images that belong together, each group in its order; an instance that comes twice is taken once."""
    groups: dict[Any, list[FoundImage]] = {}
    known: set[str] = set()
    for image in images:
        if image.instance_uid and image.instance_uid in known:
            left_out[TWICE] += 1
            continue
        known.add(image.instance_uid)
        shape = (image.rows, image.columns, image.photometric)
        groups.setdefault((image.series_uid, image.identity, shape), []).append(image)
    plans = [SeriesPlan(tuple(_ordered(group))) for group in groups.values()]
    return sorted(plans, key=lambda series: (str(series.first.taken_on or ""), series.first.entry))


def of_one_patient(
    plans: list[SeriesPlan], patient: Patient, source: Source, left_out: Counter[str]
) -> list[tuple[SeriesPlan, IdentityCheck]]:
    """What may enter the dossier, with how each identity stands to the patient's. Raises: FileRefused.

    Images of the patient are taken and others left out. Where none is the patient's, they must at least be of one
    person: that is said and journalled, since names are misspelt and dossiers too. A PACS was asked for this patient.
    """
    traits = traits_of(patient)
    checked = [(series, imaging_identity.compare(series.first.identity, traits)) for series in plans]
    likeness = {check.likeness for _series, check in checked}
    if source.from_pacs:
        if Likeness.OTHER in likeness:
            raise FileRefused(NOT_OURS)
        if likeness != {Likeness.SAME} and not source.confirmed:
            raise FileRefused(NOT_CONFIRMED)
        return checked
    if Likeness.SAME in likeness:
        ours = [(series, check) for series, check in checked if not check.warning]
        others = sum(len(series.images) for series, check in checked if check.warning)
        if others:
            left_out[OTHER_PATIENT] += others
        return ours
    if len({series.first.identity for series, check in checked if check.warning}) > 1:
        raise FileRefused(MIXED)
    return checked


def journal_identity(
    session: Session, actor: Professional, dossier: Dossier, document: Document, identity: FileIdentity
) -> None:
    """Journal that a document's identity differs from its dossier's, in the caller's transaction; which traits, not how."""
    check = imaging_identity.compare(identity, traits_of(session.get_one(Patient, dossier.patient_id)))
    if check.warning:
        _journal(session, actor, document, "imaging.mismatch", {"differing": list(check.differing)})


async def _images(platform: Platform, archive: Archive) -> tuple[list[FoundImage], Counter[str]]:
    images: list[FoundImage] = []
    left_out: Counter[str] = Counter()
    for start in range(0, archive.outline.entries, FILES_AT_ONCE):
        part: ArchivePart = await platform.renderer.run(
            "imaging_part",
            archive.stored.file_id,
            loader(platform, archive.stored),
            start=start,
            count=FILES_AT_ONCE,
        )
        images += part.images
        left_out.update(dict(part.left_out))
    return images, left_out


def _ordered(images: list[FoundImage]) -> list[FoundImage]:
    """By place along the patient; by number where a place is missing, or where all are the same (phases, a clip)."""
    positions = {image.position for image in images}
    by_place = None not in positions and len(positions) > 1

    def rank(image: FoundImage) -> tuple[float, float, int]:
        number = math.inf if image.number is None else float(image.number)
        return (float(image.position or 0) if by_place else 0.0, number, image.entry)

    return sorted(images, key=rank)


async def _kept(platform: Platform, archive: Archive, series: SeriesPlan, left_out: Counter[str]) -> StoredFile | None:
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
            entries=tuple(image.entry for image in series.images),
            frames=tuple(image.frames for image in series.images),
            gain=scale.gain,
            offset=scale.offset,
        )
    except FileRefused:
        left_out[UNREADABLE] += len(series.images)
        return None
    return await intake.keep(platform, iter([content]))


def _record(
    platform: Platform,
    actor: Professional,
    number: str,
    kept: list[tuple[SeriesPlan, IdentityCheck, StoredFile]],
    left_out: Counter[str],
    source: Source,
    open_dossier: OpenDossier,
) -> DocumentView:
    views: list[DocumentView] = []
    with platform.transaction() as session:
        dossier = open_dossier(session, actor, number)  # again: the step may have moved meanwhile
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
