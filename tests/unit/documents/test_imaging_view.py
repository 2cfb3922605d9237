"""What the image viewer is given on the page: windows by name, notices, identity."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.documents import imaging
from app.documents.entries import DocumentView
from app.documents.imaging_identity import compare
from app.documents.imaging_model import ImagingStudy, Window
from app.documents.imaging_viewing import ShownImaging
from app.documents.models import DocumentKind
from app.dossiers.models import IdentityStatus
from app.dossiers.service import IdentityTraits
from app.pages import imaging_view
from tests.unit.documents import imaging_samples as samples

JEANNE = IdentityTraits("MERCIER", "Jeanne, Louise", "", "F", date(1938, 3, 14), "", "", IdentityStatus.VALIDATED)


def shown(**more: Any) -> ShownImaging:
    content = samples.instance(**more)
    return ShownImaging(imaging.read_study(content), compare(imaging.read_identity(content), JEANNE))


def document() -> DocumentView:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return DocumentView(
        "a" * 32, "TLM-2026-0001", DocumentKind.IMAGING, "Scanner", "s.dcm", "application/dicom", 1, "", "N. DUBOIS", now,
        None, False, {}, None, None,
    )  # fmt: skip


def names(study: ImagingStudy) -> list[str]:
    return [name for name, _level, _window in imaging_view.presets_of(study)]


def test_a_scanner_has_the_windows_of_the_trade_and_its_own_beside_them() -> None:
    study = shown().study
    windows = (Window("Cerveau", 40, 80), Window("BONE", 500, 2000), Window("WINDOW3", 10, 20))
    assert names(replace(study, windows=windows))[:3] == ["Os (fichier)", "Fenêtre 3", "Cerveau"]
    assert {"Os", "Foie", "Médiastin", "Poumon (parenchyme)", "Sous-dural", "Tissus mous"} <= set(names(study))


def test_other_numbers_have_windows_of_their_own_range() -> None:
    assert names(shown(Modality="MR").study) == ["Tout", "Contrasté", "Zones sombres"]


def test_a_colour_picture_has_no_window_by_name() -> None:
    assert names(replace(shown().study, is_color=True)) == []


@pytest.mark.parametrize(
    ("more", "notices"),
    [
        ({}, 0),
        (samples.OTHER, 1),
        ({"BurnedInAnnotation": "YES"}, 1),
        (samples.OTHER | {"BurnedInAnnotation": "YES"}, 2),
        ({"PatientName": "", "PatientBirthDate": "", "PatientSex": ""}, 0),
    ],
)
def test_what_must_be_said_stands_above_the_picture(more: dict[str, str], notices: int) -> None:
    info = imaging_view.image_info(document(), shown(**more), JEANNE)
    assert len(info.notices) == notices
    assert info.identity == "MERCIER Jeanne · 14/03/1938"  # the dossier's, whatever the file says
    assert dict(info.facts)["Identité dans le fichier"]
