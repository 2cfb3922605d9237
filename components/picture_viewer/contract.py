"""What the picture viewer is given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

TILE = 512
MOST_LEVELS = 8


@dataclass(frozen=True)
class Picture:
    """One photograph. `width` and `height` are in its points, upright.

    `date` is shown in large and stands in sentences (« 02/11/2026 »); `at` only sorts (ISO 8601, older first).
    `source` is the address under which its routes are: `/image?l=<width>` and
    `/tuiles/<level>/<column>-<row>.webp`, tiles of 512 points, each level half the size of the one below it; empty
    in a notebook, where a `PictureSource` is asked by `id`.
    """

    id: str
    title: str
    date: str
    width: int
    height: int
    at: str = ""
    caption: str = ""
    source: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON for the browser."""
        return asdict(self)


class PictureSource(Protocol):
    """Photographs by their `Picture.id`, as WebP, PNG or JPEG. Raises: LookupError for what it has not."""

    def whole(self, picture: str, width: int) -> bytes:
        """All of it, at most so many points wide."""
        ...

    def tile(self, picture: str, level: int, column: int, row: int) -> bytes:
        """512 points square, less at the right and lower edges; level 0 has all its points."""
        ...
