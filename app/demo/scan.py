"""A drawn head as a multi-frame CT in Hounsfield units: skull, brain, ventricles, one older lesion."""

from __future__ import annotations

import io
from datetime import date, timedelta

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

ROWS, SLICES = 256, 24
ROOT = "2.25.20260001"


def head_scan(today: date) -> bytes:
    """A DICOM Part 10 file; 24 slices of 256 × 256."""
    y, x = np.mgrid[-1 : 1 : ROWS * 1j, -1 : 1 : ROWS * 1j]
    chance = np.random.default_rng(7)
    slices = np.stack([_slice(x, y, level, chance) for level in np.linspace(-0.75, 0.8, SLICES)])
    return _file(np.rint(slices + 1024).astype("<u2"), today - timedelta(days=2))


def _slice(x: np.ndarray, y: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    size = np.sqrt(1 - level**2) * 0.86 + 0.06
    radius = np.hypot(x / 0.82, y) / size
    picture = np.full_like(x, -1000.0)
    picture[radius < 1.0] = 30  # scalp
    picture[radius < 0.96] = 900  # bone
    picture[radius < 0.88] = 8  # fluid
    folds = 0.83 + 0.018 * np.sin(14 * np.arctan2(y, x) + 9 * level)
    brain = radius < folds
    picture[brain] = 36
    picture[brain & (radius < 0.66)] = 28
    picture[brain & (np.abs(x) < 0.012)] = 10  # between the halves
    ventricle = max(0.0, 1 - (level / 0.42) ** 2)
    for side in (-1, 1):
        horn = np.hypot((x - side * (0.10 + 0.10 * (y + 0.1) ** 2)) / 0.055, (y + 0.02) / 0.30) / max(ventricle, 1e-3)
        picture[brain & (horn < 1)] = 8
    lesion = np.hypot((x + 0.34) / 0.08, (y - 0.22) / 0.06) + abs(level - 0.1) * 4
    picture[brain & (lesion < 1)] = 18
    picture[(np.hypot(x / 1.1, y - 0.97) < 0.05)] = 300  # head rest
    return picture + chance.normal(0, 5, x.shape) * (picture > -900)


def _file(pixels: np.ndarray, day: date) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(f"{ROOT}.3")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    study = Dataset()
    study.file_meta = meta
    study.SOPClassUID, study.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    study.StudyInstanceUID, study.SeriesInstanceUID = f"{ROOT}.1", f"{ROOT}.2"
    study.PatientName, study.PatientID = "MERCIER^JEANNE", "DEMO0001"
    study.PatientBirthDate, study.PatientSex = "19380314", "F"
    study.Modality, study.StudyDescription = "CT", "Scanner cérébral sans injection"
    study.SpecificCharacterSet = "ISO_IR 192"
    study.StudyDate, study.StudyTime, study.AccessionNumber = f"{day:%Y%m%d}", "114000", ""
    study.Rows, study.Columns, study.NumberOfFrames = ROWS, ROWS, len(pixels)
    study.SamplesPerPixel, study.PhotometricInterpretation = 1, "MONOCHROME2"
    study.BitsAllocated, study.BitsStored, study.HighBit, study.PixelRepresentation = 16, 16, 15, 0
    study.RescaleSlope, study.RescaleIntercept = 1, -1024
    study.PixelSpacing, study.SliceThickness = [0.9, 0.9], 5
    study.WindowCenter, study.WindowWidth = 35, 80
    study.PixelData = pixels.tobytes()
    target = io.BytesIO()
    study.save_as(target, enforce_file_format=True)
    return target.getvalue()
