"""Reading DICOM: what is shown, what is hidden, what is refused."""

from __future__ import annotations

import io
import time
import zlib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from app.documents import imaging, imaging_codestream
from app.documents.imaging import ImagingStudy, frame, read_study
from app.errors import FileRefused, NotFound

PIXELS = np.arange(-40, 40, dtype="<i2").reshape(2, 5, 8)


def dicom(pixels: np.ndarray = PIXELS, syntax: str = ExplicitVRLittleEndian, **more: Any) -> bytes:
    """A Part 10 file of the given frames (frames, rows, columns[, 3])."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, "2.25.1"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    source = Dataset()
    source.file_meta = meta
    source.SOPClassUID, source.SOPInstanceUID = CTImageStorage, "2.25.1"
    source.Modality, source.PatientName, source.PatientID = "CT", "SECRET^NOM", "IPP-42"
    source.PatientBirthDate, source.StudyDescription = "19380314", "Scanner cérébral"
    source.SpecificCharacterSet = "ISO_IR 192"
    source.Rows, source.Columns, source.NumberOfFrames = *pixels.shape[1:3], pixels.shape[0]
    source.SamplesPerPixel = 3 if pixels.ndim == 4 else 1
    source.PhotometricInterpretation = "RGB" if pixels.ndim == 4 else "MONOCHROME2"
    if pixels.ndim == 4:
        source.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    source.BitsAllocated, source.BitsStored, source.HighBit = bits, bits, bits - 1
    source.PixelRepresentation = int(pixels.dtype.kind == "i")
    source.PixelData = pixels.tobytes()
    for name, value in more.items():
        if value is None:
            del source[name]
        else:
            setattr(source, name, value)
    if syntax in (JPEG2000Lossless, RLELossless):
        source.compress(syntax, generate_instance_uid=False)
    else:
        meta.TransferSyntaxUID = syntax
    target = io.BytesIO()
    source.save_as(target, enforce_file_format=True)
    return target.getvalue()


def reason(content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read_study(content)
    return refused.value.reason


# ---- what is read


def test_a_study_says_what_is_shown_beside_the_picture() -> None:
    study = read_study(
        dicom(
            PixelSpacing=[0.9, 0.8],
            WindowCenter=[40, 500],
            WindowWidth=[80, 2000],
            WindowCenterWidthExplanation=["Cerveau", "Os"],
            StudyDate="20261121",
            StudyTime="114000",
            SliceThickness=5,
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            InstitutionName="CH d'Alençon",
        )
    )
    assert (study.modality, study.description, study.institution) == ("CT", "Scanner cérébral", "CH d'Alençon")
    assert (study.frames, study.rows, study.columns) == (2, 5, 8)
    assert study.spacing == (0.9, 0.8)
    assert (study.taken_on, study.taken_at) == (date(2026, 11, 21), datetime(2026, 11, 21, 11, 40))
    assert [(w.label, w.center, w.width) for w in study.windows] == [("Cerveau", 40, 80), ("Os", 500, 2000)]
    assert (study.window_center, study.window_width, study.unit) == (40, 80, "UH")
    assert (study.plane, study.thickness, study.sides) == ("Axiale", 5, ("D", "G", "A", "P"))


@pytest.mark.parametrize(
    ("day", "hour", "taken"),
    [
        ("20261121", "", datetime(2026, 11, 21)),
        ("20261121", "1140", datetime(2026, 11, 21, 11, 40)),
        ("20261121", "114005.250000", datetime(2026, 11, 21, 11, 40, 5)),
        ("20261121", "11", datetime(2026, 11, 21)),
        ("", "", None),
    ],
)
def test_the_moment_is_read_as_far_as_it_is_written(day: str, hour: str, taken: datetime | None) -> None:
    assert read_study(dicom(StudyDate=day, StudyTime=hour)).taken_at == taken


def test_no_name_number_or_birth_date_leaves_the_file() -> None:
    said = repr(read_study(dicom()))
    assert not any(secret in said for secret in ("SECRET", "IPP-42", "1938"))


def test_a_description_is_one_short_line() -> None:
    content = dicom(StudyDescription="A\tB " + "x" * 58).replace(b"x" * 58, b"\x1b\n\0" * 19 + b"y")
    assert read_study(content).description == "A B y"


def test_without_a_window_the_middle_frame_is_seen_whole() -> None:
    study = read_study(dicom())
    assert (study.lowest, study.highest) == (0, 39)
    assert (study.window_center, study.window_width) == (19.5, 39)


@pytest.mark.parametrize(
    ("axes", "plane", "sides"),
    [
        ([0, 1, 0, 0, 0, -1], "Sagittale", ("A", "P", "S", "I")),
        ([1, 0, 0, 0, 0, -1], "Coronale", ("D", "G", "S", "I")),
        ([-1, 0, 0, 0, 1, 0], "Axiale", ("G", "D", "A", "P")),
    ],
)
def test_sides_of_the_picture_follow_the_orientation(axes: list[int], plane: str, sides: tuple[str, ...]) -> None:
    study = read_study(dicom(ImageOrientationPatient=axes))
    assert (study.plane, study.sides) == (plane, sides)


def test_attributes_of_enhanced_objects_are_found_in_their_groups() -> None:
    measures, transform, window, shared = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.5], 2.5
    transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = 1, -1024, "HU"
    window.WindowCenter, window.WindowWidth = 35, 90
    shared.PixelMeasuresSequence = [measures]
    shared.PixelValueTransformationSequence = [transform]
    shared.FrameVOILUTSequence = [window]
    content = dicom((PIXELS.astype("<i4") + 1100).astype("<u2"), SharedFunctionalGroupsSequence=[shared])
    study = read_study(content)
    assert (study.spacing, study.thickness, study.window_center, study.window_width) == ((0.5, 0.5), 2.5, 35, 90)
    assert frame(content, 0)[0, 0] == -40 + 1100 - 1024


# ---- frames


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless])
def test_frames_are_the_numbers_of_the_file_whatever_its_coding(syntax: str) -> None:
    pixels = np.random.default_rng(1).integers(-1024, 3000, (2, 64, 48)).astype("<i2")
    content = dicom(pixels, syntax=syntax)
    assert [frame(content, n).tolist() for n in (0, 1)] == pixels.tolist()
    assert frame(content, 0).dtype == np.int16


def test_a_scanner_gives_hounsfield_units() -> None:
    content = dicom(np.full((1, 4, 4), 1064, "<u2"), RescaleSlope=1, RescaleIntercept=-1024)
    assert (frame(content, 0) == 40).all()
    assert (read_study(content).slope, read_study(content).intercept) == (1, 0)


def test_numbers_too_large_for_int16_are_shifted_and_the_study_says_so() -> None:
    content = dicom(np.array([[[0, 65535], [40000, 1]]], "<u2"), Modality="DX", WindowCenter=40000, WindowWidth=100)
    study, pixels = read_study(content), frame(content, 0)
    assert (pixels * study.slope + study.intercept).tolist() == [[0, 65535], [40000, 1]]
    assert study.window_center * study.slope + study.intercept == 40000


def test_a_fraction_as_slope_keeps_the_file_s_numbers() -> None:
    content = dicom(np.array([[[0, 1000]]], "<u2"), Modality="CR", RescaleSlope=0.5, RescaleIntercept=10)
    study = read_study(content)
    assert (frame(content, 0) * study.slope + study.intercept).tolist() == [[10, 510]]


def test_frames_with_slopes_of_their_own_share_one_scale() -> None:
    groups = []
    for slope in (1.0, 3.5):
        transform, group = Dataset(), Dataset()
        transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = slope, 0, "US"
        group.PixelValueTransformationSequence = [transform]
        groups.append(group)
    content = dicom(np.full((2, 2, 2), 100, "<u2"), Modality="PT", PerFrameFunctionalGroupsSequence=groups)
    study = read_study(content)
    values = [float(frame(content, n)[0, 0]) * study.slope + study.intercept for n in (0, 1)]
    assert values == pytest.approx([100, 350], abs=2 * study.slope)


def test_colours_travel_in_sixteen_bits() -> None:
    content = dicom(np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]], np.uint8), Modality="US")
    assert read_study(content).is_color
    assert [int(n) & 0xFFFF for n in frame(content, 0)[0]] == [0xF800, 0x07E0, 0x001F]


def test_monochrome1_is_marked_as_inverted() -> None:
    assert read_study(dicom(PhotometricInterpretation="MONOCHROME1")).inverted


@pytest.mark.parametrize("number", [-1, 2, 10_000])
def test_a_frame_that_is_not_there_is_not_found(number: int) -> None:
    with pytest.raises(NotFound):
        frame(dicom(), number)


def test_a_large_study_gives_a_frame_quickly() -> None:
    content = dicom(np.zeros((100, 256, 256), "<i2"))
    began = time.thread_time()  # of the processor: a busy machine gives it slowly
    frame(content, 50)
    assert time.thread_time() - began < 0.5


# ---- what is refused


@pytest.mark.parametrize("content", [b"", b"DICM", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\xff" * 64])
def test_what_is_no_dicom_is_refused(content: bytes) -> None:
    assert reason(content) in (imaging.BROKEN, imaging.NO_PICTURE)


def test_a_file_cut_short_is_refused() -> None:
    content = dicom()
    for length in range(140, len(content) - 1, 37):
        assert reason(content[:length]) in (imaging.BROKEN, imaging.NO_PICTURE)


def test_a_study_without_picture_is_refused() -> None:
    assert reason(dicom(PixelData=None)) == imaging.NO_PICTURE


@pytest.mark.parametrize(
    "lie", [{"Rows": 60_000, "Columns": 60_000}, {"NumberOfFrames": 601}, {"NumberOfFrames": -3}, {"Rows": 0}]
)
def test_an_impossible_size_is_refused_before_anything_is_decoded(lie: dict[str, int]) -> None:
    assert reason(dicom(**lie)) == imaging.TOO_LARGE


@pytest.mark.parametrize("lie", [{"NumberOfFrames": 3}, {"Rows": 6}, {"SamplesPerPixel": 3}])
def test_more_announced_than_there_is_is_refused(lie: dict[str, int]) -> None:
    assert reason(dicom(**lie)) == imaging.BROKEN


def test_a_compressed_picture_larger_than_its_file_says_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import pydicom.pixels

    content = dicom(np.zeros((1, 64, 64), "<i2"), syntax=JPEG2000Lossless)
    place = content.index(b"\xff\x4f\xff\x51") + 8
    claim = (60_000).to_bytes(4, "big") * 2
    monkeypatch.setattr(pydicom.pixels, "pixel_array", lambda *_a, **_k: pytest.fail("decoded"))
    assert reason(content[:place] + claim + content[place + 8 :]) == imaging.BROKEN


def test_fewer_pictures_than_announced_frames_are_refused() -> None:
    content = dicom(syntax=RLELossless)
    assert b"IS\x02\x002 " in content
    assert reason(content.replace(b"IS\x02\x002 ", b"IS\x02\x009 ")) == imaging.BROKEN


def test_a_deflated_file_is_refused_without_being_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    content = dicom(np.zeros((1, 512, 512), "<i2"), syntax=DeflatedExplicitVRLittleEndian)
    monkeypatch.setattr(zlib, "decompress", lambda *_a, **_k: pytest.fail("inflated"))
    assert reason(content) == imaging.UNKNOWN_CODE


def test_a_video_is_refused() -> None:
    content = dicom()
    longer = content.replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x18\x001.2.840.10008.1.2.4.102\0")
    assert reason(longer) == imaging.UNKNOWN_CODE


def test_numbers_of_32_bits_are_refused() -> None:
    assert reason(dicom(np.zeros((1, 4, 4), "<u4"))) == imaging.TOO_DEEP


@pytest.mark.parametrize("value", ["abc", "1e999", "NaN"])
def test_a_slope_that_is_no_number_is_refused(value: str) -> None:
    content = dicom(RescaleSlope="12345678", RescaleIntercept=0, Modality="MR")
    assert reason(content.replace(b"12345678", value.encode().ljust(8))) == imaging.BROKEN


def test_every_file_of_pydicom_is_read_or_refused_in_french() -> None:
    from pydicom.data import get_testdata_file

    known = get_testdata_file("CT_small.dcm")
    assert known is not None
    shown = 0
    for path in sorted(Path(str(known)).parent.rglob("*")):
        if not path.is_file():
            continue
        try:
            study = read_study(path.read_bytes())
        except FileRefused as refusal:
            assert refusal.reason.endswith(".")
        else:
            shown += 1
            assert isinstance(study, ImagingStudy)
            assert frame(path.read_bytes(), study.frames - 1).shape == (study.rows, study.columns)
    assert shown >= 75


@pytest.mark.parametrize(
    "coded", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\xff\xd8" + b"\xff" * 60, b"\xff\xd8ab" + b"\0" * 20]
)
def test_a_broken_jpeg_has_no_size(coded: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG|start"):
        imaging_codestream.size(coded)
