"""What the image viewer is given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class ImageInfo:
    """An image study. `row_mm` and `column_mm`: size of a point in mm, 0 when unknown; `presets`: name to (level, window)."""

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

    def plain(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return asdict(self)


class FrameSource(Protocol):
    """Gives frames where there is no address to fetch them from (a notebook)."""

    def frame(self, number: int) -> bytes:
        """Frame `number` as little-endian int16, row by row."""
        ...


CT_PRESETS = (
    ("Cerveau", 35.0, 80.0),
    ("Tissus mous", 40.0, 400.0),
    ("Os", 500.0, 2000.0),
    ("Poumon", -600.0, 1500.0),
)
