"""The demo's files: the same for the same day, plausible, and good enough for the product's own gate."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, timedelta

import pymupdf
import pytest
from PIL import Image

from app.demo import files, letters
from app.documents import gate, imaging, laboratory
from app.documents.models import DocumentKind

pytestmark = pytest.mark.slow  # real pictures, keys or processes: seconds each

TODAY = date(2026, 11, 24)
MAKERS: dict[str, tuple[Callable[[date], bytes], str, DocumentKind]] = {
    "letter": (files.letter, "courrier.pdf", DocumentKind.PDF),
    "treatment": (files.treatment, "traitement.pdf", DocumentKind.PDF),
    "wound": (files.wound_photo, "talon.jpg", DocumentKind.PICTURE),
    "scan": (files.head_scan, "scanner.dcm", DocumentKind.IMAGING),
    "blood": (files.blood_tests, "biologie.hl7", DocumentKind.LABORATORY),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_a_file_is_the_same_for_the_same_day_and_another_for_another(name: str) -> None:
    make = MAKERS[name][0]
    assert make(TODAY) == make(TODAY)
    assert make(TODAY) != make(TODAY - timedelta(days=1))


@pytest.mark.parametrize("name", MAKERS)
def test_a_file_passes_the_gate_as_what_its_name_says(name: str) -> None:
    make, filename, kind = MAKERS[name]
    assert gate.inspect(make(TODAY), filename).kind is kind


def text(content: bytes) -> list[str]:
    with pymupdf.open("pdf", content) as document:
        return [page.get_text() for page in document]


def test_the_letter_has_two_pages_with_the_patient_the_three_scales_and_the_questions() -> None:
    first, second = text(files.letter(TODAY))
    for words in ("MERCIER Jeanne, Louise", "née le 14/03/1938", "Alzheimer", "NPI-ES", "Algoplus", "Poids", "52,3"):
        assert words in first
    assert "12/06/2026" in first
    assert "hyponatrémie" in second


def test_the_letter_agrees_with_the_blood_tests_it_quotes() -> None:
    letter = "".join(text(files.letter(TODAY)))
    last = {r.name: r for r in laboratory.read_results(files.blood_tests(TODAY))}
    assert f"natrémie à {last['Sodium'].value:g} mmol/L" in letter.replace("\n", " ")
    assert f"bilan du {last['Sodium'].at:%d/%m/%Y}" in letter.replace("\n", " ")


def test_the_treatment_has_one_page_and_may_be_another_patient_s() -> None:
    (page,) = text(files.treatment(TODAY, patient=("Mme AUBRY Simone", "née le 30/04/1933")))
    assert "AUBRY" in page
    assert "MERCIER" not in page
    assert "Oxybutynine 5 mg" in page


def test_letters_never_put_data_into_their_source() -> None:
    hostile = '#panic("x") \\ *gras* $x$ #sys.inputs'
    (page,) = text(files.treatment(TODAY, patient=(hostile,)))
    assert hostile in page
    assert json.dumps(hostile) not in letters.TREATMENT


def test_a_wound_photo_carries_its_day_and_no_place() -> None:
    with Image.open(io.BytesIO(files.wound_photo(TODAY))) as image:
        assert image.size == (1600, 1200)
        exif = image.getexif()
    assert exif.get_ifd(0x8769)[0x9003] == "2026:11:24 10:12:00"
    assert not exif.get_ifd(0x8825)


def red(content: bytes) -> int:
    """How many points are as red as an open wound."""
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").resize((400, 300))
    return sum(1 for r, g, b in zip(*(band.tobytes() for band in small.split()), strict=True) if r > g + 60 and g < 90)


def test_a_wound_shrinks_as_it_heals() -> None:
    areas = [red(files.wound_photo(TODAY, healing=healing)) for healing in (0.0, 0.9)]
    assert areas[0] > 1.5 * areas[1] > 0


def test_another_site_is_another_picture() -> None:
    assert files.wound_photo(TODAY, site="forearm") != files.wound_photo(TODAY)


def test_the_scan_is_a_head_in_hounsfield_units() -> None:
    content = files.head_scan(TODAY)
    study = imaging.read_study(content)
    assert (study.modality, study.frames, study.rows, study.columns) == ("CT", 32, 256, 256)
    assert (study.window_center, study.window_width) == (40, 80)
    assert study.sides == ("D", "G", "A", "P")
    assert study.taken_on == date(2026, 11, 21)
    middle = imaging.frame(content, 16)
    assert middle[0, 0] < -900  # air
    assert middle.max() > 900  # bone
    brain = middle[100:156, 100:156]
    assert 15 < brain.mean() < 45


def test_blood_tests_are_six_dates_of_nine_analyses_with_a_critical_sodium() -> None:
    results = laboratory.read_results(files.blood_tests(TODAY))
    assert len(results) == 54
    assert len({r.code for r in results}) == 9
    assert len({r.at for r in results}) == 6
    sodium = [r for r in results if r.name == "Sodium"]
    assert [r.value for r in sodium] == sorted((r.value for r in sodium), reverse=True)
    assert (sodium[-1].value, sodium[-1].flag) == (128, "LL")
    assert max(r.at for r in results).date() == TODAY - timedelta(days=3)
    assert {r.flag for r in results} >= {"N", "H", "L", "LL"}
