"""From stored numbers to values and back: rescaling, and the one scale in which all frames of a document travel."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from app.documents import imaging_tags as tags
from app.documents.imaging_model import Scale, Values, Window
from app.errors import FileRefused

LOWEST, HIGHEST = -32768, 32767  # of int16
BROKEN = "cette imagerie est abîmée ou incomplète. Demandez au service d'imagerie de l'exporter de nouveau."


def is_color(source: Any) -> bool:
    """Whether a point has a colour of its own: three samples, or a palette."""
    return int(source.get("SamplesPerPixel", 1)) == 3 or source.get("PhotometricInterpretation") == "PALETTE COLOR"


def values_of(source: Any, frames: int) -> Values:
    """What the numbers of a file may stand for. Raises: FileRefused, for a slope that is no number."""
    bits = int(source.get("BitsStored") or source.BitsAllocated)
    signed = bool(source.get("PixelRepresentation", 0))
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    as_is = is_color(source) or "ModalityLUTSequence" in source or source.get("Modality") == "CT"
    pairs = () if as_is else tuple(sorted({rescale(source, number) for number in range(frames)}))
    return Values(pairs, low, high, as_is)


def scale_for(found: Iterable[Values]) -> Scale:
    """Values as they are where int16 holds them: Hounsfield units always. Else what loses least."""
    every = tuple(found)
    if all(values.as_is for values in every):
        return Scale()
    pairs = {pair for values in every for pair in values.pairs}
    low, high = min(values.low for values in every), max(values.high for values in every)
    ends = [edge * slope + intercept for slope, intercept in pairs for edge in (low, high)]
    if len(pairs) == 1:
        slope, intercept = pairs.pop()
        if slope == int(slope) and intercept == int(intercept) and min(ends) >= LOWEST and max(ends) <= HIGHEST:
            return Scale()
        return Scale(slope, intercept + (0 if high <= HIGHEST else -LOWEST * slope))
    gain = (max(ends) - min(ends)) / (HIGHEST - LOWEST) or 1.0
    return Scale(gain, min(ends) - LOWEST * gain)


def rescale(source: Any, number: int) -> tuple[float, float]:
    """Slope and intercept of a frame (PS3.3 C.11.1). Raises: FileRefused."""
    group = tags.group(source, "PixelValueTransformationSequence", number)
    slope, intercept = float(group.get("RescaleSlope", 1) or 1), float(group.get("RescaleIntercept", 0) or 0)
    if not math.isfinite(slope) or not math.isfinite(intercept):
        raise FileRefused(BROKEN)
    return slope, intercept


def windows(source: Any, scale: Scale) -> tuple[Window, ...]:
    """The windows that the file proposes, in the frames' numbers."""
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
