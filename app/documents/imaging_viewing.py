"""An imaging document as it is opened: the study, and whether it is of the dossier's patient."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import select

from app.audit import service as audit
from app.audit.models import AuditEntry
from app.documents import entries, imaging_identity, viewing
from app.documents.imaging_identity import IdentityCheck
from app.documents.imaging_model import ImagingStudy
from app.dossiers.models import Patient
from app.dossiers.service import traits_of
from app.identity.models import Professional
from app.platform import Platform


@dataclass(frozen=True)
class ShownImaging:
    """A study and how the identity in the file stands to the dossier's, compared again at each opening: dossiers are
    corrected."""

    study: ImagingStudy
    check: IdentityCheck


async def shown(platform: Platform, actor: Professional, reference: str) -> ShownImaging:
    """Open an imaging document. A warning is journalled once per person and document: who has been told.

    Raises: NotFound (journalled when foreign), FileRefused.
    """
    study: ImagingStudy = await viewing.imaging_info(platform, actor, reference)
    identity = await viewing.imaging_identity(platform, actor, reference)
    with platform.reading() as session:
        document, dossier = entries.find(session, actor, reference)
        check = imaging_identity.compare(identity, traits_of(session.get_one(Patient, dossier.patient_id)))
        wanted = select(AuditEntry.id).where(
            AuditEntry.dossier_id == dossier.id,
            AuditEntry.actor_id == actor.id,
            AuditEntry.action == "imaging.warned",
            AuditEntry.subject == reference,
        )
        told = session.exec(wanted.limit(1)).first() is not None
    if check.warning and not told:
        with platform.transaction() as session:
            document, dossier = entries.find(session, actor, reference)
            audit.record(
                session,
                platform.now(),
                actor,
                "imaging.warned",
                dossier_id=dossier.id,
                subject=document.reference,
                detail={"differing": list(check.differing)},
            )
    return ShownImaging(study, check)
