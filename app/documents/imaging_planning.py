"""Which images of an archive belong together, in which order, and whether they may enter the dossier."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.documents import imaging_facts, imaging_identity
from app.documents.imaging_archive import TWICE
from app.documents.imaging_identity import IdentityCheck, Likeness
from app.documents.imaging_model import FoundImage, Scale
from app.documents.imaging_values import scale_for
from app.dossiers.models import Patient
from app.dossiers.service import traits_of
from app.errors import FileRefused

OTHER_PATIENT = "images d'un autre patient"
MIXED = (
    "cette archive contient les images de plusieurs patients, et aucun n'est celui du dossier. "
    "Demandez l'examen de ce patient seul."
)
NOT_OURS = "ces images sont celles d'un autre patient que celui du dossier."
NOT_CONFIRMED = "l'identité de ces images n'est pas exactement celle du dossier : vérifiez-la, puis confirmez."


@dataclass(frozen=True)
class Source:
    """Where images come from. `from_pacs`: chosen in a PACS, so another patient's are refused, not only marked;
    `confirmed`: the person has looked at a difference and vouches that it is the same patient."""

    from_pacs: bool = False
    confirmed: bool = False


UPLOAD = Source()


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


def _ordered(images: list[FoundImage]) -> list[FoundImage]:
    """By place along the patient; by number where a place is missing, or where all are the same (phases, a clip)."""
    positions = {image.position for image in images}
    by_place = None not in positions and len(positions) > 1

    def rank(image: FoundImage) -> tuple[float, float, int]:
        number = math.inf if image.number is None else float(image.number)
        return (float(image.position or 0) if by_place else 0.0, number, image.entry)

    return sorted(images, key=rank)
