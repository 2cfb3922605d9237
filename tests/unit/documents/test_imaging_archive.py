"""An archive of images becomes documents of one patient, in order; a hostile one becomes nothing."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.documents import (
    gate,
    imaging,
    imaging_adding,
    imaging_archive,
    imaging_series,
    imaging_viewing,
    service,
    viewing,
)
from app.documents.entries import DocumentView
from app.documents.imaging_model import SERIES_TYPE
from app.documents.models import Document, DocumentKind
from app.documents.store import EncryptedFolder
from app.errors import FileRefused
from tests.support.people import World, small_world
from tests.unit.documents import imaging_samples as samples

NUMBER = "TLM-2026-0001"  # of Jeanne MERCIER, born 14 March 1938


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = small_world(upload_megabytes=4)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path, {1: bytes(32)}, 1))
    return world


async def added(
    world: World, content: bytes, name: str = "CD.zip", source: imaging_adding.Source = imaging_adding.UPLOAD
) -> DocumentView:
    return await service.add(world.platform, world.ide_dubois, NUMBER, name, iter([content]), source=source)


async def refused(world: World, content: bytes, source: imaging_adding.Source = imaging_adding.UPLOAD) -> str:
    """The reason, when nothing at all remains."""
    with pytest.raises(FileRefused) as refusal:
        await added(world, content, source=source)
    assert documents(world) == []
    assert files_of(world) == []
    return refusal.value.reason


def documents(world: World) -> list[DocumentView]:
    return service.documents_of(world.platform, world.ide_dubois, NUMBER)


def files_of(world: World) -> list[Path]:
    return [path for path in world.platform.files._folder.rglob("*") if path.is_file()]  # type: ignore[attr-defined]


def journal(world: World) -> list[str]:
    with world.platform.reading() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id))  # type: ignore[arg-type]
        return [row.action for row in rows if row.action.startswith(("document.", "imaging."))]


async def content_of(world: World, reference: str) -> bytes:
    reading = await viewing.read(world.platform, world.ide_dubois, reference)
    return b"".join([piece async for piece in reading.chunks])


async def levels(world: World, reference: str) -> list[int]:
    """The number that each frame is filled with."""
    study = await viewing.imaging_info(world.platform, world.ide_dubois, reference)
    frames = [
        await viewing.imaging_frame(world.platform, world.ide_dubois, reference, number)
        for number in range(study.frames)
    ]
    return [int(np.frombuffer(pixels, "<i2")[0]) for pixels in frames]


# ---- what an archive becomes


async def test_a_compact_disc_becomes_a_document_for_each_series_and_says_what_it_left(world: World) -> None:
    files = samples.slices(3) | samples.slices(2, "2.25.8", "AUTRE", SeriesDescription="Os", InstanceNumber=1)
    view = await added(world, samples.compact_disc(files))
    assert [document.title for document in documents(world)] == ["Scanner, Thorax 5 mm", "Scanner, Os"]
    assert view.said == (
        "2\u00a0séries ajoutées (5\u00a0images). Laissés de côté : autres fichiers (1), logiciel de visualisation du CD (3)."
    )
    assert (view.kind, view.media_type, view.filename) == (
        DocumentKind.IMAGING,
        SERIES_TYPE,
        "Scanner, Thorax 5 mm.zip",
    )
    assert (view.detail["frames"], view.detail["images"], view.detail["modality"]) == (3, 3, "CT")
    assert view.dated_at is not None
    assert len(files_of(world)) == 2  # the archive itself has gone
    assert journal(world) == ["document.added", "document.added"]


async def test_images_stand_in_their_place_along_the_patient_whatever_their_names_and_numbers(world: World) -> None:
    files = {
        f"{name}": samples.instance(place, InstanceNumber=number, ImagePositionPatient=[0, 0, place * 5])
        for name, place, number in (("a", 4, 1), ("b", 1, 9), ("c", 3, 5), ("d", 2, 2))
    }
    view = await added(world, samples.zipped(files))
    assert await levels(world, view.reference) == [1, 2, 3, 4]


async def test_without_places_the_numbers_order_them(world: World) -> None:
    files = {str(n): samples.instance(n, ImagePositionPatient=None) for n in (10, 9, 2, 1)}
    assert await levels(world, (await added(world, samples.zipped(files))).reference) == [1, 2, 9, 10]


async def test_images_of_other_sizes_in_a_series_are_a_document_of_their_own(world: World) -> None:
    files = samples.slices(3) | {"scout": samples.instance(9, rows=16, columns=16)}
    await added(world, samples.zipped(files))
    assert sorted(document.detail["rows"] for document in documents(world)) == [8, 16]


async def test_a_series_of_one_image_stays_a_plain_file(world: World) -> None:
    view = await added(world, samples.zipped({"x": samples.instance()}))
    assert (view.media_type, view.filename) == ("application/dicom", "Scanner, Thorax 5 mm.dcm")
    assert (await content_of(world, view.reference))[128:132] == b"DICM"


async def test_the_stored_series_opens_anywhere_and_may_be_added_again(world: World) -> None:
    first = await added(world, samples.compact_disc())
    kept = await content_of(world, first.reference)
    with zipfile.ZipFile(io.BytesIO(kept)) as series:
        assert series.testzip() is None
        assert series.namelist() == ["00001.dcm", "00002.dcm", "00003.dcm", "serie.json"]
    again = await added(world, kept, "serie.zip")
    assert await content_of(world, again.reference) == kept


async def test_an_image_that_comes_twice_is_taken_once(world: World) -> None:
    files = samples.slices(2) | {"copie": samples.instance(1)}
    view = await added(world, samples.zipped(files))
    assert view.detail["frames"] == 2
    assert "images en double (1)" in view.said


async def test_several_slopes_of_a_series_share_one_scale(world: World) -> None:
    files = {
        str(n): samples.instance(n, Modality="PT", RescaleSlope=slope, RescaleIntercept=0, pixels=np.full((4, 4), 100, "<i2"))
        for n, slope in ((1, 1.0), (2, 3.5))
    }  # fmt: skip
    view = await added(world, samples.zipped(files))
    study = await viewing.imaging_info(world.platform, world.ide_dubois, view.reference)
    values = [level * study.slope + study.intercept for level in await levels(world, view.reference)]
    assert values == pytest.approx([100, 350], abs=2 * study.slope)


async def test_a_program_before_an_image_does_not_get_into_the_store(world: World) -> None:
    disguised = b"MZ" + bytes(126) + samples.instance(2)[128:]
    view = await added(world, samples.zipped({"a": samples.instance(1), "b": disguised}))
    assert "DICOM illisible ou trop grand (1)" in view.said
    with pytest.raises(FileRefused) as refusal:
        gate.inspect(disguised, "a.dcm")
    assert refusal.value.reason == imaging.DISGUISED


async def test_what_holds_no_picture_is_left_out_and_said(world: World) -> None:
    view = await added(world, samples.zipped(samples.slices(2) | {"rapport": samples.instance(5, PixelData=None)}))
    assert "DICOM sans image (compte rendu, mesures) (1)" in view.said


async def test_a_series_larger_than_a_document_may_be_is_left_out_and_said(world: World) -> None:
    large = {f"L{n}": samples.instance(n, "2.25.9", rows=1000, columns=1000) for n in (1, 2, 3)}
    view = await added(world, samples.zipped(samples.slices(2) | large))
    assert len(documents(world)) == 1
    assert "séries trop volumineuses (1)" in view.said


# ---- whose images they are


async def test_images_of_another_patient_are_left_out_said_and_journalled(world: World) -> None:
    files = samples.slices(2) | samples.slices(3, "2.25.8", "AUTRE", **samples.OTHER)
    view = await added(world, samples.zipped(files))
    assert len(documents(world)) == 1
    assert "images d'un autre patient (3)" in view.said
    assert journal(world) == ["document.added", "imaging.refused"]


async def test_two_patients_in_one_series_are_never_one_document(world: World) -> None:
    files = samples.slices(2) | {"intrus": samples.instance(7, **samples.OTHER)}
    view = await added(world, samples.zipped(files))
    assert await levels(world, view.reference) == [1, 2]


async def test_several_patients_none_of_them_ours_are_refused_and_journalled(world: World) -> None:
    third = {"PatientName": "PETIT^LUC", "PatientBirthDate": "19300303"}
    files = samples.slices(1, **samples.OTHER) | samples.slices(1, "2.25.8", "B", **third)
    assert await refused(world, samples.zipped(files)) == imaging_adding.MIXED
    assert journal(world) == ["imaging.refused"]


async def test_images_in_another_name_are_added_with_a_warning_told_and_journalled(world: World) -> None:
    view = await added(world, samples.zipped(samples.slices(2, **samples.OTHER)))
    warning = "Le nom dans l'image est « DURAND Paul, né(e) le 02/01/1945 » : vérifiez que c'est le bon patient"
    assert warning in view.said
    assert journal(world) == ["document.added", "imaging.mismatch"]
    for _time in range(2):
        shown = await imaging_viewing.shown(world.platform, world.dr_martin, view.reference)
        assert shown.check.warning.startswith(warning)
    assert journal(world).count("imaging.warned") == 1  # once a person


async def test_a_single_file_in_another_name_is_journalled_too(world: World) -> None:
    await added(world, samples.instance(**samples.OTHER), "coupe.dcm")
    assert journal(world) == ["document.added", "imaging.mismatch"]


async def test_the_journal_never_holds_the_name_of_the_file(world: World) -> None:
    await added(world, samples.zipped(samples.slices(2, **samples.OTHER)))
    with world.platform.reading() as session:
        assert all("DURAND" not in row.detail.upper() for row in session.exec(select(AuditEntry)))
        assert all("DURAND" not in (row.detail + row.title).upper() for row in session.exec(select(Document)))


FROM_PACS, CONFIRMED = imaging_adding.Source(True), imaging_adding.Source(True, True)


async def test_from_a_pacs_another_patient_is_refused_even_when_confirmed(world: World) -> None:
    content = samples.zipped(samples.slices(2, **samples.OTHER))
    for source in (FROM_PACS, CONFIRMED):
        assert await refused(world, content, source) == imaging_adding.NOT_OURS


async def test_from_a_pacs_a_doubt_must_be_confirmed(world: World) -> None:
    content = samples.zipped(samples.slices(2, PatientBirthDate="19380315"))
    assert await refused(world, content, FROM_PACS) == imaging_adding.NOT_CONFIRMED
    await added(world, content, source=CONFIRMED)
    assert journal(world)[-2:] == ["document.imported", "imaging.mismatch"]


# ---- hostile archives


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip slip": (lambda: samples.zipped({"../../etc/cron.d/x": samples.instance()}), imaging_archive.ESCAPE),
    "zip slip of Windows": (lambda: samples.zipped({"a\\..\\..\\x.dcm": samples.instance()}), imaging_archive.ESCAPE),
    "absolute path": (lambda: samples.zipped({"/etc/x.dcm": samples.instance()}), imaging_archive.ESCAPE),
    "drive": (lambda: samples.zipped({"C:/x.dcm": samples.instance()}), imaging_archive.ESCAPE),
    "symbolic link": (samples.with_link, imaging_archive.LINK),
    "encrypted": (samples.sealed, imaging_archive.SECRET),
    "bomb": (samples.bomb, imaging_archive.BOMB),
    "lying sizes": (samples.lying_sizes, imaging_archive.DAMAGED),
    "overlapping entries": (samples.overlapping, imaging_archive.BOMB),
    "nested archive": (
        lambda: samples.zipped({"a.dcm": samples.instance(), "b.zip": samples.zipped({"c": b"x"})}),
        imaging_archive.NESTED,
    ),
    "too deep": (lambda: samples.zipped({"a/" * 14 + "x.dcm": samples.instance()}), imaging_archive.DEEP),
    "other compression": (lambda: samples.zipped({"a.dcm": samples.instance()}, zipfile.ZIP_BZIP2), imaging_archive.METHOD),
    "nothing that can be shown": (lambda: samples.zipped({"a.dcm": samples.instance(PixelData=None)}), imaging_archive.NOTHING),
    "wrong checksum": (
        lambda: samples.zipped({"a.dcm": samples.instance(4)}, zipfile.ZIP_STORED).replace(b"\x04\0" * 48, b"\x05\0" * 48),
        imaging_archive.DAMAGED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_archive_is_refused_for_its_own_reason_and_soon(world: World, name: str) -> None:
    make, reason = HOSTILE[name]
    content, began = make(), time.perf_counter()
    assert await refused(world, content) == reason
    assert time.perf_counter() - began < 60


async def test_too_many_files_are_refused_before_any_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imaging_archive, "_inflated", lambda *_a: pytest.fail("opened"))
    content = samples.zipped({f"{n}.dcm": b"" for n in range(imaging_archive.MOST_ENTRIES + 1)})
    with pytest.raises(FileRefused) as refusal:
        gate.inspect(content, "CD.zip")
    assert refusal.value.reason == imaging_archive.TOO_MANY


async def test_more_than_the_limit_once_opened_is_refused_before_any_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imaging_archive, "LARGEST_WHOLE", 1000)
    with pytest.raises(FileRefused) as refusal:
        gate.inspect(samples.zipped(samples.slices(3)), "CD.zip")
    assert refusal.value.reason == imaging_archive.TOO_LARGE


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tout.zip", samples.zipped({"lettre.pdf": b"%PDF-1.7"})),
        ("vide.zip", samples.zipped({"x": b""})),
        ("coupé.zip", samples.compact_disc()[:-30]),
    ],
)
def test_an_archive_without_dicom_stays_refused_as_an_archive(name: str, content: bytes) -> None:
    with pytest.raises(FileRefused) as refusal:
        gate.inspect(content, name)
    assert "c'est une archive" in refusal.value.reason


def test_an_archive_under_another_kind_s_name_is_refused() -> None:
    with pytest.raises(FileRefused) as refusal:
        gate.inspect(samples.compact_disc(), "radio.pdf")
    assert "pas un PDF" in refusal.value.reason


@pytest.mark.parametrize("table", ['{"images": []}', "{}", "[", '{"images": [["x", 1]], "gain": 1, "offset": 0}'])
def test_a_stored_series_that_was_changed_is_refused(table: str) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as series:
        series.writestr(imaging_series.TABLE, table)
    with pytest.raises(FileRefused):
        imaging.frame(target.getvalue(), 0)


async def test_the_archive_goes_through_a_real_rendering_process(world: World) -> None:
    from app.documents.rendering import RendererPool

    pool = RendererPool()
    world.platform = replace(world.platform, renderer=pool)
    try:
        view = await added(world, samples.compact_disc(samples.slices(50)))
        assert await levels(world, view.reference) == list(range(1, 51))
        shown: Any = await imaging_viewing.shown(world.platform, world.dr_martin, view.reference)
        assert (shown.study.images, shown.check.warning) == (50, "")
        for name in ("bomb", "overlapping entries", "zip slip"):
            make, reason = HOSTILE[name]
            with pytest.raises(FileRefused) as refusal:
                await added(world, make())
            assert refusal.value.reason == reason
    finally:
        await pool.close()
