"""An imaging document beside the list: what the viewer is given, in the words of people."""

from __future__ import annotations

import re
from typing import Any

from app.documents.entries import DocumentView
from app.documents.imaging_facts import modality_name
from app.documents.imaging_identity import Likeness
from app.documents.imaging_model import ImagingStudy
from app.documents.imaging_viewing import ShownImaging
from app.dossiers.service import IdentityTraits
from app.french import numeric_date
from components.image_viewer import CT_PRESETS, ImageInfo, ImageViewer, relative_presets

BURNED_IN = (
    "Une identité est inscrite dans l'image elle-même : vérifiez qu'elle est celle du patient avant de la montrer."
)
NOBODY = "Aucune identité lisible dans l'image : rien ne prouve qu'elle soit celle du patient."
# How devices name the windows they propose.
WINDOW_NAMES = {
    "BRAIN": "Cerveau",
    "HEAD": "Tête",
    "BONE": "Os",
    "LUNG": "Poumon",
    "MEDIASTINUM": "Médiastin",
    "ABDOMEN": "Abdomen",
    "LIVER": "Foie",
    "SOFT TISSUE": "Tissus mous",
    "NORMAL": "Normale",
    "HARDER": "Plus contrastée",
    "SOFTER": "Plus douce",
}


def imaging_view(document: DocumentView, shown: ShownImaging, patient: IdentityTraits) -> Any:
    """The viewer of an imaging document."""
    return ImageViewer(
        info=image_info(document, shown, patient).plain(),
        source=f"/api/documents/{document.reference}/coupes",
        sizing_mode="stretch_width",
        min_height=620,
        margin=(12, 16),
    )


def image_info(document: DocumentView, shown: ShownImaging, patient: IdentityTraits) -> ImageInfo:
    """What the viewer shows of a study. The identity over the picture is the dossier's, never the file's."""
    study = shown.study
    taken = numeric_date(study.taken_on) if study.taken_on else ""
    named = (modality_name(study.modality), study.description, taken)
    return ImageInfo(
        title=document.title,
        frames=study.frames,
        rows=study.rows,
        columns=study.columns,
        level=study.window_center,
        window=study.window_width,
        lowest=study.lowest,
        highest=study.highest,
        row_mm=study.spacing[0] if study.spacing else 0.0,
        column_mm=study.spacing[1] if study.spacing else 0.0,
        at_detector=study.at_detector,
        regions=tuple((r.left, r.top, r.right, r.bottom, r.row_mm, r.column_mm) for r in study.regions),
        inverted=study.inverted,
        is_color=study.is_color,
        slope=study.slope,
        intercept=study.intercept,
        unit=study.unit,
        sides=study.sides,
        pace=study.pace,
        identity=f"{patient.birth_name} {patient.first_name} · {numeric_date(patient.birth_date)}",
        detail=" · ".join(part for part in named if part),
        presets=presets_of(study),
        facts=(*study.facts, ("Identité dans le fichier", _identity_words(shown))),
        notices=_notices(shown),
        download=f"/api/documents/{document.reference}?enregistrer=1",
    )


def presets_of(study: ImagingStudy) -> tuple[tuple[str, float, float], ...]:
    """The file's own windows, but for a nameless first one (it is « D'origine »), then those of the modality."""
    if study.is_color:
        return ()
    usual = CT_PRESETS if study.modality == "CT" and study.slope == 1 else relative_presets(study.lowest, study.highest)
    names = {name for name, _level, _window in usual}
    own = []
    for place, window in enumerate(study.windows, 1):
        label = WINDOW_NAMES.get(window.label.upper(), window.label.capitalize())
        if not label or re.fullmatch(r"(window|algo|user)\W*\d*", label, re.IGNORECASE):
            label = f"Fenêtre {place}"
        if any((window.center, window.width) == preset[1:] for preset in usual) or (place == 1 and not window.label):
            continue
        own.append((f"{label} (fichier)" if label in names else label, window.center, window.width))
    return (*own, *usual)


def _notices(shown: ShownImaging) -> tuple[str, ...]:
    burned = BURNED_IN if shown.study.burned_in else ""
    return tuple(text for text in (shown.check.warning, burned) if text)


def _identity_words(shown: ShownImaging) -> str:
    match shown.check.likeness:
        case Likeness.SAME:
            return "Celle du dossier"
        case Likeness.ABSENT:
            return NOBODY
        case _:
            return "Autre que celle du dossier : " + ", ".join(shown.check.differing)
