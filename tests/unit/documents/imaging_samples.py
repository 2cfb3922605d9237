"""Small DICOM files and archives of them, good and hostile; every name is fictional."""

from __future__ import annotations

import io
import stat
import zipfile
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

MERCIER = {"PatientName": "MERCIER^JEANNE", "PatientBirthDate": "19380314", "PatientSex": "F"}
OTHER = {"PatientName": "DURAND^PAUL", "PatientBirthDate": "19450102", "PatientSex": "M"}


def instance(number: int = 1, series: str = "2.25.7", rows: int = 8, columns: int = 6, **more: Any) -> bytes:
    """A slice of a scanner, its pixels all `number`, at `number` × 5 mm; the dossier's patient unless told otherwise."""
    pixels = more.pop("pixels", np.full((rows, columns), number, "<i2"))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, f"{series}.{number}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    source = Dataset()
    source.file_meta = meta
    source.SpecificCharacterSet = "ISO_IR 192"
    source.SOPClassUID, source.SOPInstanceUID = CTImageStorage, f"{series}.{number}"
    source.StudyInstanceUID, source.SeriesInstanceUID = "2.25.6", series
    source.Modality, source.SeriesDescription, source.StudyDate = "CT", "Thorax 5 mm", "20261121"
    source.InstanceNumber = number
    source.ImageOrientationPatient, source.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5 * number]
    source.Rows, source.Columns, source.SamplesPerPixel = *pixels.shape[:2], 1
    source.PhotometricInterpretation, source.PixelRepresentation = "MONOCHROME2", 1
    source.BitsAllocated = source.BitsStored = 16
    source.HighBit = 15
    source.PixelData = pixels.tobytes()
    for name, value in (MERCIER | more).items():
        if value is None:
            if name in source:
                del source[name]
        else:
            setattr(source, name, value)
    target = io.BytesIO()
    source.save_as(target, enforce_file_format=True)
    return target.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name) if method == zipfile.ZIP_STORED else name, content)
    return target.getvalue()


def slices(count: int = 3, series: str = "2.25.7", folder: str = "IMAGES", **more: Any) -> dict[str, bytes]:
    """Slices of a series under names that say nothing, as on a CD."""
    return {f"{folder}/IM{n:06}": instance(n, series, **more) for n in range(1, count + 1)}


def compact_disc(files: dict[str, bytes] | None = None) -> bytes:
    """A CD as departments burn them: an index, the images, a viewer that starts by itself."""
    return zipped(
        {
            "DICOMDIR": bytes(128) + b"DICM" + bytes(64),
            "AUTORUN.INF": b"[autorun]\nopen=viewer.exe",
            "VIEWER/viewer.exe": b"MZ" + bytes(200),
            "VIEWER/help/index.html": b"<html>",
            "LISEZMOI": b"Bonjour",
            **(slices() if files is None else files),
        }
    )


def with_link() -> bytes:
    """An entry that is a symbolic link to a file of the server."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.dcm", instance())
        link = zipfile.ZipInfo("b.dcm")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return target.getvalue()


def sealed() -> bytes:
    """The flag of encryption on every entry, in both headers (APPNOTE 4.4.4)."""
    content = bytearray(zipped(slices(1)))
    content[6] |= 1
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 8] |= 1
    return bytes(content)


def bomb() -> bytes:
    """Forty kilobytes that become forty megabytes."""
    return zipped({"a.dcm": instance(), "b.dcm": bytes(128) + b"DICM" + bytes(40 << 20)})


def lying_sizes() -> bytes:
    """An entry whose directory announces ten bytes; thousands come out."""
    content = bytearray(zipped({"a.dcm": instance() + bytes(5000)}))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (200).to_bytes(4, "little")
    return bytes(content)


def overlapping() -> bytes:
    """Two hundred entries of the directory that all point at one file."""
    content = zipped(
        {
            "a.dcm": instance(
                rows=256, columns=256, pixels=np.random.default_rng(1).integers(0, 999, (256, 256)).astype("<i2")
            )
        }
    )
    start, end = content.rindex(b"PK\x01\x02"), content.rindex(b"PK\x05\x06")
    record = content[start:end]
    tail = bytearray(content[end:])
    count = 200
    tail[8:10] = tail[10:12] = count.to_bytes(2, "little")
    tail[12:16] = (len(record) * count).to_bytes(4, "little")
    return content[:start] + record * count + bytes(tail)
