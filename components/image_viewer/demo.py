"""The viewer alone, on a drawn phantom; frames come from Python."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.image_viewer.component import ImageViewer
from components.image_viewer.contract import CT_PRESETS, ImageInfo

SIZE, FRAMES = 256, 17


class Phantom:
    """A head of ellipses, in Hounsfield units, that grows and shrinks from frame to frame."""

    def frame(self, number: int) -> NDArray[np.int16]:
        y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
        level = (number - FRAMES // 2) / FRAMES
        size = 0.94 * np.sqrt(1 - 2.2 * level**2)
        radius = np.hypot(x / 0.8, y) / size
        ventricle = np.hypot((np.abs(x) - 0.10) / 0.06, (y + 0.02) / 0.32) < 1 - 9 * level**2
        calcium = np.hypot(x - 0.24, y - 0.28) < 0.035
        folds = (radius > 0.72) & (np.sin(17 * np.arctan2(y, x) + 30 * radius) > 0.82)
        inside = [calcium & (radius < 0.8), ventricle, folds & (radius < 0.84), radius < 0.62, radius < 0.84]
        picture = np.select(
            [*inside, radius < 0.88, radius < 0.96, radius < 1], [150, 8, 10, 28, 37, 8, 1000, 30], -1000
        )
        grain = np.random.default_rng(number).normal(0, 3, picture.shape)
        rounded: NDArray[np.int16] = np.rint(picture + grain).astype("<i2")
        return rounded


INFO = ImageInfo(
    title="Scanner cérébral (fantôme)",
    frames=FRAMES,
    rows=SIZE,
    columns=SIZE,
    level=40,
    window=80,
    lowest=-1000,
    highest=1000,
    row_mm=0.9,
    column_mm=0.9,
    identity="MERCIER Jeanne, Louise\nF · 14/03/1938\nTLM-2026-0001",
    detail="Fantôme dessiné\nTDM 21/11/2026 11:40\nAxiale, 5,0 mm",
    presets=CT_PRESETS,
    unit="UH",
    sides=("D", "G", "A", "P"),
    pace=10,
    facts=(
        ("Examen", "Scanner · Fantôme dessiné"),
        ("Plan", "Axiale"),
        ("Épaisseur de coupe", "5 mm"),
        ("Compression", "Aucune"),
    ),
)


def demo() -> ImageViewer:
    """A drawn head of 17 frames: no patient, no file."""
    return ImageViewer(frames=Phantom(), info=INFO, sizing_mode="stretch_width", max_width=760, height=760)
