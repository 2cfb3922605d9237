"""DICOM studies: read without identifying surprises, frames decoded. Pure functions over bytes.

Runs in a rendering process. Sizes are checked before a pixel is decoded: a lying header must not fill the memory.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import FileRefused, NotFound

MOST_PIXELS = 60_000_000  # of one frame
MOST_FRAMES = 600
BROKEN = "cette imagerie est abîmée ou incomplète. Demandez au service d'imagerie de l'exporter de nouveau."


@dataclass(frozen=True)
class ImagingStudy:
    """What is shown beside the picture. `spacing` in mm between rows and columns; window values in stored units."""

    modality: str
    description: str
    taken_on: date | None
    frames: int
    rows: int
    columns: int
    spacing: tuple[float, float] | None
    window_center: float
    window_width: float
    lowest: float
    highest: float
    inverted: bool


def read_study(content: bytes) -> ImagingStudy:
    """Read a DICOM Part 10 file. Raises: FileRefused."""
    source = _dataset(content)
    rows, columns, frames = _sizes(source)
    first = _decoded(source, 0)
    center, width = _window(source, first)
    spacing = source.get("PixelSpacing") or source.get("ImagerPixelSpacing")
    return ImagingStudy(
        modality=str(source.get("Modality", ""))[:16],
        description=str(source.get("StudyDescription", "") or source.get("SeriesDescription", ""))[:80],
        taken_on=_day(str(source.get("StudyDate", ""))),
        frames=frames,
        rows=rows,
        columns=columns,
        spacing=(float(spacing[0]), float(spacing[1])) if spacing else None,
        window_center=center,
        window_width=width,
        lowest=float(first.min()),
        highest=float(first.max()),
        inverted=source.get("PhotometricInterpretation") == "MONOCHROME1",
    )


def frame(content: bytes, number: int) -> NDArray[np.int16]:
    """One frame in modality units (Hounsfield for CT), rows by columns. Raises: FileRefused, NotFound."""
    source = _dataset(content)
    if not 0 <= number < _sizes(source)[2]:
        raise NotFound
    return _decoded(source, number)


def _dataset(content: bytes) -> Any:
    import pydicom

    try:
        source = pydicom.dcmread(io.BytesIO(content))
        if "PixelData" not in source:
            raise FileRefused("ce fichier DICOM ne contient pas d'image.")
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
    return source


def _sizes(source: Any) -> tuple[int, int, int]:
    try:
        rows, columns = int(source.Rows), int(source.Columns)
        frames = int(source.get("NumberOfFrames") or 1)
        bits = int(source.BitsAllocated)
        samples = int(source.get("SamplesPerPixel", 1))
    except (AttributeError, TypeError, ValueError) as error:
        raise FileRefused(BROKEN) from error
    if rows < 1 or columns < 1 or frames < 1 or rows * columns > MOST_PIXELS or frames > MOST_FRAMES:
        raise FileRefused("cette imagerie annonce une taille impossible.")
    if not source.file_meta.TransferSyntaxUID.is_compressed:
        needed = rows * columns * frames * samples * bits // 8
        if len(source.PixelData) < needed:
            raise FileRefused(BROKEN)
    return rows, columns, frames


def _decoded(source: Any, number: int) -> NDArray[np.int16]:
    from pydicom.pixels import apply_modality_lut, pixel_array

    try:
        pixels = pixel_array(source, index=number)
        if pixels.ndim == 3:  # colour: its luminance is enough beside the diagnosis (ITU-R BT.601)
            pixels = pixels[..., :3] @ np.array([0.299, 0.587, 0.114])
        else:
            pixels = apply_modality_lut(pixels, source)
    except Exception as error:
        raise FileRefused(BROKEN) from error
    return np.clip(np.rint(pixels), -32768, 32767).astype(np.int16)


def _window(source: Any, first: NDArray[np.int16]) -> tuple[float, float]:
    center, width = source.get("WindowCenter"), source.get("WindowWidth")
    if center is not None and width is not None:
        values = [
            float(value[0]) if hasattr(value, "__getitem__") and not isinstance(value, str) else float(value)
            for value in (center, width)
        ]
        if values[1] > 0:
            return values[0], values[1]
    low, high = float(first.min()), float(first.max())
    return (low + high) / 2, max(high - low, 1.0)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None
