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
    in mm, 0 when unknown. `identity` and `detail` stand in the upper corners, a line each line. `sides`: what lies
    left, right, above and below. `is_color`: each number is a colour of 5, 6 and 5 bits.
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
    ("Tissus mous", 40.0, 400.0),
    ("Os", 400.0, 1800.0),
    ("Poumon", -600.0, 1500.0),
)
