"""What stands beside a DICOM picture: where an attribute is found, scale, orientation, moment; and who it shows, to be compared."""

from __future__ import annotations

import contextlib
import math
import re
from datetime import datetime
from typing import Any

import numpy as np

from app.documents.imaging_model import FileIdentity, Region
from app.french import folded

PROJECTIONS = ("CR", "DX", "MG", "RF", "XA", "IO", "PX", "RTIMAGE")
CENTIMETRES = 3  # PS3.3 table C.8-17
MOST_REGIONS, MOST_NUMBERS = 16, 8
FASTEST = 60.0  # frames a second


def group(source: Any, name: str, number: int = 0) -> Any:
    """Where an attribute stands: the frame's functional group, the shared one (enhanced objects), or the dataset."""
    for groups, index in (("PerFrameFunctionalGroupsSequence", number), ("SharedFunctionalGroupsSequence", 0)):
        sequence = source.get(groups)
        if sequence and index < len(sequence) and name in sequence[index] and sequence[index][name].value:
            return sequence[index][name].value[0]
    return source


def spacing(source: Any) -> tuple[tuple[float, float] | None, bool]:
    """Millimetres between rows and between columns, and whether they are the detector's.

    Those of the patient when the file knows them (PixelSpacing); on a projection radiograph often only those of the
    detector (ImagerPixelSpacing), where everything looks larger than it is (PS3.3 10.7.1.3).
    """
    measures = group(source, "PixelMeasuresSequence")
    of_patient, of_detector = _pair(measures.get("PixelSpacing")), _pair(source.get("ImagerPixelSpacing"))
    if of_patient is None:
        return of_detector, of_detector is not None
    uncalibrated = of_patient == of_detector and text(source, "Modality", 4) in PROJECTIONS
    return of_patient, uncalibrated and not source.get("PixelSpacingCalibrationType")


def _pair(value: Any) -> tuple[float, float] | None:
    numbers = several(value)
    if len(numbers) < 2:
        return None
    between_rows, between_columns = positive(numbers[0]), positive(numbers[1])
    return (between_rows, between_columns) if between_rows and between_columns else None


def regions(source: Any) -> tuple[Region, ...]:
    """The parts of an ultrasound picture that have a scale in centimetres (PS3.3 C.8.5.5.1)."""
    found = []
    for part in list(source.get("SequenceOfUltrasoundRegions") or ())[:MOST_REGIONS]:
        if (part.get("PhysicalUnitsXDirection"), part.get("PhysicalUnitsYDirection")) != (CENTIMETRES, CENTIMETRES):
            continue
        across, down = (positive(abs(float(part.get(f"PhysicalDelta{axis}") or 0))) for axis in "XY")
        edges = [part.get(f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        if across and down and all(isinstance(edge, int) for edge in edges):
            left, top, right, bottom = (int(edge) for edge in edges)
            if left < right and top < bottom:
                found.append(Region(left, top, right, bottom, down * 10, across * 10))
    return tuple(found)


def pace(source: Any) -> float:
    """Frames a second that the file wishes for (PS3.3 C.7.6.5); 0 when it says nothing."""
    for name in ("RecommendedDisplayFrameRate", "CineRate"):
        if rate := positive(source.get(name)):
            return min(rate, FASTEST)
    time = positive(source.get("FrameTime"))  # ms
    return min(1000 / time, FASTEST) if time else 0.0


def identity(source: Any) -> FileIdentity:
    """Who the file says it shows, to be compared with the dossier's patient."""
    name = source.get("PatientName")
    family, given = (clean(getattr(name, f"{part}_name", ""), 64) for part in ("family", "given"))
    numbers = [clean(source.get("PatientID"), 64)]
    for other in list(source.get("OtherPatientIDsSequence") or ())[:MOST_NUMBERS]:
        numbers.append(clean(other.get("PatientID"), 64))
    birth = None
    with contextlib.suppress(ValueError):
        birth = datetime.strptime(clean(source.get("PatientBirthDate"), 8), "%Y%m%d").date()
    sex = clean(source.get("PatientSex"), 1).upper()
    return FileIdentity(family, given, birth, sex, tuple(number for number in numbers if number))


def described(source: Any, name: str, longest: int) -> str:
    """A free text of the device, without the words of the patient's name that a technician may have typed there."""
    secret = {word for word in re.findall(r"\w+", folded(str(source.get("PatientName") or ""))) if len(word) > 2}
    words = text(source, name, 4 * longest).split()
    return " ".join(word for word in words if not secret & set(re.findall(r"\w+", folded(word))))[:longest]


def orientation(source: Any) -> list[float]:
    """Directions of a row and of a column in the patient (six numbers), or nothing."""
    numbers = [
        float(part) for part in several(group(source, "PlaneOrientationSequence").get("ImageOrientationPatient"))
    ]
    return numbers if len(numbers) == 6 and all(math.isfinite(part) for part in numbers) else []


# To the left, to the back and to the head of the patient (DICOM PS3.3 C.7.6.2.1.1), and the opposites.
_LETTERS = (("G", "D"), ("P", "A"), ("S", "I"))
_PLANES = ("Sagittale", "Coronale", "Axiale")


def sides(axes: list[float]) -> tuple[str, ...]:
    """What lies left, right, above and below."""
    if not axes:
        return ()
    row, column = axes[:3], axes[3:]
    return tuple(_letter(part) for part in ([-x for x in row], row, [-x for x in column], column))


def _letter(direction: list[float]) -> str:
    axis = max(range(3), key=lambda index: abs(direction[index]))
    return _LETTERS[axis][direction[axis] < 0]


def plane(axes: list[float]) -> str:
    """Axiale, Coronale or Sagittale, whichever is nearest."""
    if not axes:
        return ""
    normal = np.cross(axes[:3], axes[3:])
    return _PLANES[int(np.argmax(np.abs(normal)))]


def moment(source: Any) -> datetime | None:
    """When the picture was taken, the study's day otherwise."""
    stamps = [str(source.get("AcquisitionDateTime", "") or "")]
    for part in ("Acquisition", "Content", "Series", "Study"):
        stamps.append(str(source.get(f"{part}Date", "") or "") + str(source.get(f"{part}Time", "") or ""))
    for stamp in stamps:
        digits = re.match(r"\d*", stamp)[0]  # type: ignore[index]
        for length, pattern in ((14, "%Y%m%d%H%M%S"), (12, "%Y%m%d%H%M"), (8, "%Y%m%d")):
            if len(digits) >= length:  # a shorter text would fit a longer pattern, with one digit a part
                with contextlib.suppress(ValueError):
                    return datetime.strptime(digits[:length], pattern)
    return None


def text(source: Any, name: str, longest: int) -> str:
    """An attribute as one short line."""
    return clean(source.get(name, ""), longest)


def clean(value: Any, longest: int) -> str:
    """One line, without what cannot be printed."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(value or ""))
    return " ".join(text.split())[:longest]


def several(value: Any) -> list[Any]:
    """The values of an attribute that may have one, many or none."""
    if value is None or value == "":
        return []
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else [value]


def positive(value: Any) -> float | None:
    """A plausible size; nothing where there is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 1e4 else None
