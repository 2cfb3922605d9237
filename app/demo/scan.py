"""A drawn head as an enhanced multi-frame CT, in Hounsfield units: skull, folds, ventricles, one old lacune.

Nobody was scanned: the head is made of ellipsoids and sines. The file is a valid DICOM Part 10 object with a
fictional identity, its numbers in functional groups as recent scanners write them.
"""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian

ROWS, SLICES = 256, 32
POINT_MM, SLICE_MM = 0.9, 5.0
ROOT = "2.25.20260001"
DAYS_BEFORE = 3

Volume = NDArray[np.float32]


def head_scan(today: date) -> bytes:
    """A DICOM Part 10 file; 32 slices of 256 × 256, from the base of the skull up."""
    head = _head()
    return _file(np.rint(head).astype("<i2"), today - timedelta(days=DAYS_BEFORE))


# ---- the head


def _head() -> Volume:
    """Slices, rows, columns. x to the patient's left, y to the back, z up; the head fills most of -1 to 1."""
    edge = np.linspace(-1, 1, ROWS, dtype=np.float32)
    x, y, z = (
        edge[None, None, :],
        edge[None, :, None] * 1.02,
        np.linspace(-0.6, 0.86, SLICES, dtype=np.float32)[:, None, None],
    )
    # A head is broader behind than in front, and not quite even.
    depth = np.sqrt((x / (0.70 + 0.05 * y - 0.02 * x)) ** 2 + (y / 0.89) ** 2 + (z / 0.97) ** 2)
    head: Volume = np.full(depth.shape, -1000, np.float32)
    head[depth < 1] = 32  # scalp
    thick = 0.055 + 0.018 * np.abs(y)  # bone is thicker in front and behind
    bone = (depth < 0.962) & (depth > 0.962 - thick)
    head[bone] = 1050
    head[bone & (np.abs(depth - 0.962 + thick / 2) < 0.008)] = 520  # marrow between the two tables
    inside = depth <= 0.962 - thick
    head[inside] = 7  # fluid
    _brain(head, x, y, z, depth, inside)
    _base(head, x, y, z, depth)
    return _noisy(_blurred(head))


def _brain(head: Volume, x: Any, y: Any, z: Any, depth: Volume, inside: Any) -> None:
    chance = np.random.default_rng(7)
    folds = np.zeros_like(depth)
    for _ in range(7):
        kx, ky, kz = chance.normal(0, 1, 3) * (15, 15, 10)
        folds += np.sin(kx * np.abs(x) + ky * y + kz * z + chance.uniform(0, 6.3))
    surface = 0.865 - 0.012 * np.abs(folds) ** 0.5
    brain = inside & (depth < surface)
    sulcus = brain & (np.abs(folds) < 0.42 * (depth - 0.58) / 0.28) & (depth > 0.58)
    head[brain] = 27  # white matter
    near = np.abs(folds) < 0.42 * (depth - 0.50) / 0.28 + 0.85
    head[brain & ((depth > 0.79) | (near & (depth > 0.60)))] = 39  # cortex
    head[sulcus] = 11
    for side in (-1.0, 1.0):
        for cx, cy, cz, rx, ry, rz, value in (
            (0.13, 0.10, 0.08, 0.10, 0.15, 0.16, 38),  # thalamus
            (0.24, -0.10, 0.08, 0.09, 0.20, 0.15, 38),  # lentiform nucleus
            (0.15, -0.27, 0.14, 0.05, 0.11, 0.17, 38),  # head of the caudate nucleus
        ):
            head[brain & _ellipsoid(x, y, z, side * cx, cy, cz, rx, ry, rz)] = value
        # Lateral ventricle: front and back horns open away from the middle.
        bend = 0.075 + 0.5 * (y - 0.02) ** 2
        horn = ((x - side * bend) / 0.055) ** 2 + ((y - 0.03) / 0.43) ** 2 + ((z - 0.2 + 0.25 * y**2) / 0.15) ** 2
        head[brain & (horn < 1)] = 6
        head[brain & _ellipsoid(x, y, z, side * 0.17, 0.27, 0.2, 0.022, 0.035, 0.035)] = 130  # choroid plexus
    head[brain & _ellipsoid(x, y, z, 0, 0.05, 0.05, 0.022, 0.20, 0.13)] = 8  # third ventricle
    head[brain & _ellipsoid(x, y, z, 0, 0.24, 0.08, 0.022, 0.028, 0.03)] = 190  # pineal gland
    between = np.abs(x + 0.006 * np.sin(9 * y)) < 0.009
    head[inside & between & (z > 0.02) & (np.abs(y) > 0.44 - 0.7 * np.maximum(z - 0.15, 0))] = 58  # falx
    head[brain & (np.abs(np.abs(x) - 0.018) < 0.008) & (z > 0.22) & (depth > 0.5)] = 12
    head[brain & _ellipsoid(x, y, z, -0.25, -0.13, 0.16, 0.045, 0.055, 0.09)] = 12  # old lacune, right


def _base(head: Volume, x: Any, y: Any, z: Any, depth: Volume) -> None:
    """Below: petrous bones, orbits, air of the nose and of the frontal sinus, head rest."""
    within = depth < 0.93
    for side in (-1.0, 1.0):
        ridge = np.abs(0.72 * (y - 0.06) + 0.69 * (side * x - 0.33)) < 0.07
        head[within & ridge & (z < -0.38) & (np.abs(side * x - 0.36) < 0.24)] = 900
        head[within & _ellipsoid(x, y, z, side * 0.42, 0.24, -0.5, 0.07, 0.08, 0.12)] = -650  # mastoid cells
        orbit = _ellipsoid(x, y, z, side * 0.29, -0.50, -0.40, 0.17, 0.26, 0.17)
        head[orbit & (depth < 0.985)] = -75  # fat
        head[orbit & (y < -0.3) & (np.abs(x - side * (0.29 - 0.28 * (y + 0.50))) < 0.02)] = 42  # muscle and nerve
        head[_ellipsoid(x, y, z, side * 0.30, -0.57, -0.40, 0.115, 0.115, 0.115)] = 14  # eye
        head[_ellipsoid(x, y, z, side * 0.30, -0.66, -0.40, 0.045, 0.018, 0.05)] = 75  # lens
    head[within & _ellipsoid(x, y, z, 0, -0.55, -0.50, 0.09, 0.19, 0.20)] = -880  # nose
    head[within & _ellipsoid(x, y, z, 0, -0.55, -0.50, 0.09, 0.19, 0.20) & (np.abs(x) < 0.012)] = 500
    head[(depth < 0.94) & _ellipsoid(x, y, z, 0.03, -0.80, -0.16, 0.15, 0.05, 0.12)] = -900  # frontal sinus
    rest = np.abs(np.sqrt(x**2 + (y + 0.12) ** 2) - 1.085) < 0.012
    head[rest & (y > 0.45) & (z < 2)] = 160


def _ellipsoid(x: Any, y: Any, z: Any, cx: float, cy: float, cz: float, rx: float, ry: float, rz: float) -> Any:
    return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + ((z - cz) / rz) ** 2 < 1


def _blurred(head: Volume) -> Volume:
    """Edges as a scanner sees them: a point is a mean of its neighbours."""
    for axis in (1, 2):
        head = 0.5 * head + 0.25 * (np.roll(head, 1, axis) + np.roll(head, -1, axis))
    return head


def _noisy(head: Volume) -> Volume:
    grain = np.random.default_rng(11).standard_normal(head.shape, np.float32) * 5
    grain = (grain + np.roll(grain, 1, 1) + np.roll(grain, 1, 2)) / 1.9
    return np.maximum(head + grain * (head > -900), -1024)


# ---- the file


def _file(pixels: NDArray[np.int16], day: date) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    meta.MediaStorageSOPInstanceUID = f"{ROOT}.3"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    study = Dataset()
    study.file_meta = meta
    study.SpecificCharacterSet = "ISO_IR 192"
    study.SOPClassUID, study.SOPInstanceUID = EnhancedCTImageStorage, f"{ROOT}.3"
    study.StudyInstanceUID, study.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.2"
    study.PatientName, study.PatientID = "MERCIER^JEANNE", "DEMO0001"
    study.PatientBirthDate, study.PatientSex = "19380314", "F"
    study.Modality, study.ImageType = "CT", ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    study.Manufacturer, study.InstitutionName = "Données fictives", "CH d'Alençon"
    study.StudyDescription, study.SeriesDescription = "Scanner cérébral sans injection", "Axiales 5 mm"
    study.StudyDate, study.StudyTime, study.AccessionNumber = f"{day:%Y%m%d}", "114000", ""
    study.ContentDate, study.ContentTime = study.StudyDate, study.StudyTime
    study.AcquisitionDateTime = f"{day:%Y%m%d}114000"
    study.StudyID, study.SeriesNumber, study.InstanceNumber = "1", 1, 1
    study.NumberOfFrames, study.Rows, study.Columns = len(pixels), ROWS, ROWS
    study.SamplesPerPixel, study.PhotometricInterpretation = 1, "MONOCHROME2"
    study.BitsAllocated, study.BitsStored, study.HighBit, study.PixelRepresentation = 16, 16, 15, 1
    study.SharedFunctionalGroupsSequence = Sequence([_shared()])
    study.PerFrameFunctionalGroupsSequence = Sequence([_of_frame(number) for number in range(len(pixels))])
    study.PixelData = pixels.tobytes()
    target = io.BytesIO()
    study.save_as(target, enforce_file_format=True)
    return target.getvalue()


def _shared() -> Dataset:
    return _with(
        PixelMeasuresSequence=_with(PixelSpacing=[POINT_MM, POINT_MM], SliceThickness=SLICE_MM),
        PlaneOrientationSequence=_with(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        PixelValueTransformationSequence=_with(RescaleSlope=1, RescaleIntercept=0, RescaleType="HU"),
        FrameVOILUTSequence=_with(
            WindowCenter=[40, 500], WindowWidth=[80, 2000], WindowCenterWidthExplanation=["Cerveau", "Os"]
        ),
    )


def _of_frame(number: int) -> Dataset:
    corner = -POINT_MM * ROWS / 2
    return _with(
        FrameContentSequence=_with(StackID="1", InStackPositionNumber=number + 1, DimensionIndexValues=[1, number + 1]),
        PlanePositionSequence=_with(ImagePositionPatient=[corner, corner, SLICE_MM * number]),
    )


def _with(**values: Any) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, Sequence([value]) if isinstance(value, Dataset) else value)
    return made
