"""The viewer alone, on a drawn phantom; frames come from Python."""

from __future__ import annotations

import numpy as np

from components.image_viewer.component import ImageViewer
from components.image_viewer.contract import CT_PRESETS, ImageInfo

SIZE, FRAMES = 128, 9


class Phantom:
    """Nested ellipses that grow and shrink from frame to frame."""

    def frame(self, number: int) -> bytes:
        y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
        size = 0.9 - 0.08 * abs(number - FRAMES // 2)
        radius = np.hypot(x / 0.8, y) / size
        picture = np.select([radius < 0.25, radius < 0.85, radius < 0.95], [10, 38, 900], -1000)
        return bytes(picture.astype("<i2").tobytes())


def demo() -> ImageViewer:
    """A phantom of nine frames."""
    info = ImageInfo(
        title="Fantôme",
        frames=FRAMES,
        rows=SIZE,
        columns=SIZE,
        level=35,
        window=80,
        lowest=-1000,
        highest=900,
        row_mm=1.6,
        column_mm=1.6,
        identity="Résidente fictive",
        detail="Fantôme dessiné",
        presets=CT_PRESETS,
    )
    return ImageViewer(frames=Phantom(), info=info.plain(), width=700, height=640)
