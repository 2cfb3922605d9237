"""What stands beside a DICOM picture: where an attribute is found, scale, orientation, moment; never who the patient is."""

from __future__ import annotations

import contextlib
import math
import re
from datetime import datetime
from typing import Any

import numpy as np


def group(source: Any, name: str, number: int = 0) -> Any:
    """Where an attribute stands: the frame's functional group, the shared one (enhanced objects), or the dataset."""
    for groups, index in (("PerFrameFunctionalGroupsSequence", number), ("SharedFunctionalGroupsSequence", 0)):
        sequence = source.get(groups)
        if sequence and index < len(sequence) and name in sequence[index] and sequence[index][name].value:
            return sequence[index][name].value[0]
    return source


def spacing(source: Any) -> tuple[float, float] | None:
    """Millimetres between rows and between columns; of the detector where the patient's are not known."""
    measures = group(source, "PixelMeasuresSequence")
    pair = several(measures.get("PixelSpacing") or source.get("ImagerPixelSpacing"))
    if len(pair) < 2:
        return None
    between_rows, between_columns = positive(pair[0]), positive(pair[1])
    return (between_rows, between_columns) if between_rows and between_columns else None


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
