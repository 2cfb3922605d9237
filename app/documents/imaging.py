"""DICOM studies: what they are, without identifying surprises, and their frames as numbers. Pure functions over bytes.

Runs in a rendering process. Every size is checked before a pixel is decoded, the compressed pictures' own headers too:
a lying file must not fill the memory. Nobody's name, number or birth date leaves this module: who the patient is, the
dossier says.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.documents import imaging_codestream as codestream
from app.documents import imaging_tags as tags
from app.errors import FileRefused, NotFound

MOST_PIXELS = 60_000_000  # of one frame
MOST_FRAMES = 600
LOWEST, HIGHEST = -32768, 32767

BROKEN = "cette imagerie est abîmée ou incomplète. Demandez au service d'imagerie de l'exporter de nouveau."
NO_PICTURE = "ce fichier DICOM ne contient pas d'image."
TOO_LARGE = "cette imagerie annonce une taille impossible (plus de 60 millions de points, ou de 600 coupes)."
TOO_DEEP = "ses images sont codées sur plus de 16 bits, ce que la visionneuse ne montre pas."
UNKNOWN_CODE = "sa compression n'est pas prise en charge. Demandez un export DICOM non compressé ou JPEG 2000."


@dataclass(frozen=True)
class Window:
    """A window the study proposes. In the units of the frames' numbers, like `ImagingStudy.window_center`."""

    label: str
    center: float
    width: float


@dataclass(frozen=True)
class ImagingStudy:
    """What is shown beside the picture.

    A frame's number `n` stands for the value `n * slope + intercept`, in `unit` (« UH » for a scanner); windows,
    `lowest` and `highest` (of the middle frame) are in the frames' numbers. `spacing`: mm between rows, between
    columns. `sides`: what lies left, right, above and below (D, G, A, P, S, I). `is_color`: each number is a colour of
    5, 6 and 5 bits. `taken_at` is the machine's clock, without a zone.
    """

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
    photometric: str = ""
    windows: tuple[Window, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    is_color: bool = False
    taken_at: datetime | None = None
    plane: str = ""
    thickness: float | None = None
    sides: tuple[str, ...] = ()
    institution: str = ""


def read_study(content: bytes) -> ImagingStudy:
    """Read a DICOM Part 10 file and decode its middle frame. Raises: FileRefused(reason in French)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of each unusual value; what matters is refused here
        source = _dataset(content)
        try:
            return _study(source)
        except FileRefused:
            raise
        except Exception as error:
            raise FileRefused(BROKEN) from error


def frame(content: bytes, number: int) -> NDArray[np.int16]:
    """One frame, rows by columns; frames count from 0. Hounsfield units for a scanner, else see `ImagingStudy`.

    Raises: FileRefused; NotFound where there is no such frame.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = _dataset(content)
        frames = _sizes(source)[2]
        if not 0 <= number < frames:
            raise NotFound
        return _decoded(source, number)


def _study(source: Any) -> ImagingStudy:
    rows, columns, frames = _sizes(source)
    middle = _decoded(source, frames // 2)
    scale, color = _scale(source, frames), _is_color(source)
    lowest, highest = (0.0, 255.0) if color else (float(middle.min()), float(middle.max()))
    whole = Window("", (lowest + highest) / 2, max(highest - lowest, 1.0))
    windows = () if color else _windows(source, scale)
    first = windows[0] if windows else whole
    axes = tags.orientation(source)
    taken = tags.moment(source)
    modality = tags.text(source, "Modality", 16)
    return ImagingStudy(
        modality=modality,
        description=tags.text(source, "StudyDescription", 80) or tags.text(source, "SeriesDescription", 80),
        taken_on=taken.date() if taken else None,
        frames=frames,
        rows=rows,
        columns=columns,
        spacing=tags.spacing(source),
        window_center=first.center,
        window_width=first.width,
        lowest=lowest,
        highest=highest,
        inverted=source.get("PhotometricInterpretation") == "MONOCHROME1",
        photometric=tags.text(source, "PhotometricInterpretation", 32),
        windows=windows,
        slope=scale.gain,
        intercept=scale.offset,
        unit="UH" if modality == "CT" else "",
        is_color=color,
        taken_at=taken,
        plane=tags.plane(axes),
        thickness=tags.positive(tags.group(source, "PixelMeasuresSequence").get("SliceThickness")),
        sides=tags.sides(axes),
        institution=tags.text(source, "InstitutionName", 80),
    )


# ---- the file


def _dataset(content: bytes) -> Any:
    import pydicom

    try:
        syntax = codestream.transfer_syntax(content)
        if syntax in codestream.DEFLATED or syntax.startswith(codestream.VIDEO):
            raise FileRefused(UNKNOWN_CODE)
        source = pydicom.dcmread(io.BytesIO(content))
        if any(name in source for name in ("FloatPixelData", "DoubleFloatPixelData")):
            raise FileRefused(TOO_DEEP)
        if "PixelData" not in source:
            raise FileRefused(NO_PICTURE)
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
    return source


def _sizes(source: Any) -> tuple[int, int, int]:
    """Rows, columns, frames: possible ones, and no more than the file holds."""
    try:
        rows, columns = int(source.Rows), int(source.Columns)
        frames = int(source.get("NumberOfFrames") or 1)
        bits, samples = int(source.BitsAllocated), int(source.get("SamplesPerPixel", 1))
        if rows < 1 or columns < 1 or frames < 1 or rows * columns > MOST_PIXELS or frames > MOST_FRAMES:
            raise FileRefused(TOO_LARGE)
        if bits not in (1, 8, 16):
            raise FileRefused(TOO_DEEP)
        if samples not in (1, 3):
            raise FileRefused(BROKEN)
        if source.file_meta.TransferSyntaxUID.is_encapsulated:
            enough = codestream.fragments(source.PixelData) >= frames
        else:
            if source.get("PhotometricInterpretation") == "YBR_FULL_422":
                samples = 2  # two points share their colour (PS3.3 C.7.6.3.1.2)
            enough = len(source.PixelData) >= rows * columns * frames * samples * bits // 8
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error
    if not enough:
        raise FileRefused(BROKEN)
    return rows, columns, frames


def _decoded(source: Any, number: int) -> NDArray[np.int16]:
    from pydicom.pixels import apply_color_lut, apply_modality_lut, get_decoder, pixel_array

    rows, columns, frames = _sizes(source)
    syntax = source.file_meta.TransferSyntaxUID
    try:
        known = not syntax.is_encapsulated or get_decoder(syntax).is_available
    except NotImplementedError:
        known = False
    if not known:
        raise FileRefused(UNKNOWN_CODE)
    try:
        if syntax.is_encapsulated:
            codestream.check(source, number, rows, columns, frames)
        pixels = pixel_array(source, index=number)
        if source.get("PhotometricInterpretation") == "PALETTE COLOR":
            pixels = apply_color_lut(pixels, source)
        if pixels.shape[:2] != (rows, columns):
            raise FileRefused(BROKEN)
        if pixels.ndim == 3:
            return _packed(pixels)
        if "ModalityLUTSequence" in source:
            values = np.asarray(apply_modality_lut(pixels, source), np.float64)
        else:
            slope, intercept = _rescale(source, number)
            values = pixels * slope + intercept
        scale = _scale(source, frames)
        numbers = np.rint((values - scale.offset) / scale.gain)
        return np.clip(numbers, LOWEST, HIGHEST).astype(np.int16)
    except FileRefused:
        raise
    except Exception as error:
        raise FileRefused(BROKEN) from error


def _packed(pixels: NDArray[Any]) -> NDArray[np.int16]:
    """Colours in 5, 6 and 5 bits, so that a colour frame travels like any other."""
    deep = pixels[..., :3] >> 8 if pixels.dtype.itemsize == 2 else pixels[..., :3]
    red, green, blue = (deep[..., channel].astype(np.uint16) for channel in range(3))
    return ((red >> 3 << 11) | (green >> 2 << 5) | (blue >> 3)).view(np.int16)


# ---- numbers and values


@dataclass(frozen=True)
class _Scale:
    """A frame's number is (value - offset) / gain."""

    gain: float
    offset: float


def _scale(source: Any, frames: int) -> _Scale:
    """Values as they are where int16 holds them: Hounsfield units always. Else what loses least."""
    if _is_color(source) or "ModalityLUTSequence" in source or source.get("Modality") == "CT":
        return _Scale(1.0, 0.0)
    bits = int(source.get("BitsStored") or source.BitsAllocated)
    signed = bool(source.get("PixelRepresentation", 0))
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    pairs = {_rescale(source, number) for number in range(frames)}
    ends = [edge * slope + intercept for slope, intercept in pairs for edge in (low, high)]
    if len(pairs) == 1:
        slope, intercept = pairs.pop()
        if slope == int(slope) and intercept == int(intercept) and min(ends) >= LOWEST and max(ends) <= HIGHEST:
            return _Scale(1.0, 0.0)
        return _Scale(slope, intercept + (0 if high <= HIGHEST else -LOWEST * slope))
    gain = (max(ends) - min(ends)) / (HIGHEST - LOWEST) or 1.0
    return _Scale(gain, min(ends) - LOWEST * gain)


def _rescale(source: Any, number: int) -> tuple[float, float]:
    group = tags.group(source, "PixelValueTransformationSequence", number)
    slope, intercept = float(group.get("RescaleSlope", 1) or 1), float(group.get("RescaleIntercept", 0) or 0)
    if not math.isfinite(slope) or not math.isfinite(intercept):
        raise FileRefused(BROKEN)
    return slope, intercept


def _windows(source: Any, scale: _Scale) -> tuple[Window, ...]:
    group = tags.group(source, "FrameVOILUTSequence")
    centers, widths = tags.several(group.get("WindowCenter")), tags.several(group.get("WindowWidth"))
    labels = tags.several(group.get("WindowCenterWidthExplanation"))
    found = []
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        middle, breadth = float(center), float(width)
        if math.isfinite(middle) and 0 < breadth < 1e6:
            label = tags.clean(labels[index], 24) if index < len(labels) else ""
            found.append(Window(label, (middle - scale.offset) / scale.gain, breadth / abs(scale.gain)))
    return tuple(found[:8])


def _is_color(source: Any) -> bool:
    return int(source.get("SamplesPerPixel", 1)) == 3 or source.get("PhotometricInterpretation") == "PALETTE COLOR"
