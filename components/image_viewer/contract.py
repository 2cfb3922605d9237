"""What the image viewer is given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ImageInfo:
    """An image study. Its frames are numbers (int16), rows by columns, counted from 0.

    A number `n` stands for the value `n * slope + intercept`, written with `unit`; `level`, `window`, `lowest`,
    `highest` and `presets` (name, level, window) are in the frames' numbers. `row_mm` and `column_mm`: size of a point
    in mm, 0 when unknown; with `at_detector` on the detector, where everything looks larger than it is. `regions`:
    parts with a scale of their own (left, top, right, bottom in points, mm between rows, between columns). `identity`
    and `detail` stand in the upper corners, a line each line. `sides`: what lies left, right, above and below.
    `is_color`: each number is a colour of 5, 6 and 5 bits. `pace`: frames a second of the clock, 0 when unknown.
    `facts`: lines of « Informations », label and value. `notices`: what must be said above the picture. `download`:
    address of the file itself, empty where it cannot be taken.
    """

    title: str
    frames: int
    rows: int
    columns: int
    level: float
    window: float
    lowest: float
    highest: float
    row_mm: float = 0.0
    column_mm: float = 0.0
    inverted: bool = False
    identity: str = ""
    detail: str = ""
    presets: tuple[tuple[str, float, float], ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    sides: tuple[str, ...] = ()
    is_color: bool = False
    at_detector: bool = False
    regions: tuple[tuple[int, int, int, int, float, float], ...] = ()
    pace: float = 0.0
    facts: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    download: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return asdict(self)


class FrameSource(Protocol):
    """Gives frames where there is no address to fetch them from (a notebook)."""

    def frame(self, number: int) -> NDArray[np.int16]:
        """Frame `number`, rows by columns."""
        ...


# Hounsfield units; name, level, window
CT_PRESETS = (
    ("Cerveau", 40.0, 80.0),
    ("Sous-dural", 75.0, 215.0),
    ("Tissus mous", 40.0, 400.0),
    ("Médiastin", 50.0, 350.0),
    ("Poumon (parenchyme)", -600.0, 1500.0),
    ("Foie", 60.0, 160.0),
    ("Os", 400.0, 1800.0),
)


def relative_presets(lowest: float, highest: float) -> tuple[tuple[str, float, float], ...]:
    """Windows for numbers without a scale of their own (MR, radiographs): the whole of them, its middle, its lower part."""
    whole = max(highest - lowest, 1.0)
    middle = (lowest + highest) / 2
    return (
        ("Tout", middle, whole),
        ("Contrasté", middle, whole / 2),
        ("Zones sombres", lowest + whole / 4, whole / 2),
    )
