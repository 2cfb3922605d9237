"""The viewer alone, on two drawn photographs of a wound that heals, with a ruler; they come through the channel."""

from __future__ import annotations

import io
import math
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

from components.picture_viewer.component import PictureViewer
from components.picture_viewer.contract import TILE, Picture

WIDTH, HEIGHT = 4000, 3000
POINTS_PER_MM = 25
SIZES = {"before": 46.0, "after": 38.0}  # mm across


def demo() -> PictureViewer:
    """Two dates of a drawn wound: nobody's photograph."""
    pictures = [
        Picture("before", "Talon droit", "02/11/2026", WIDTH, HEIGHT, "2026-11-02", "Prise à 10:12, dessin"),
        Picture("after", "Talon droit", "23/11/2026", WIDTH, HEIGHT, "2026-11-23", "Prise à 10:05, dessin"),
    ]
    return PictureViewer(pictures, Drawn(), picture="after", other="before", sizing_mode="stretch_width", height=760)


class Drawn:
    """Draws an ellipse on skin beside a ruler, and cuts tiles from it."""

    def whole(self, picture: str, width: int) -> bytes:
        image = _drawn(picture).copy()
        image.thumbnail((width, width))
        return _png(image)

    def tile(self, picture: str, level: int, column: int, row: int) -> bytes:
        image = _level(picture, level)
        left, top = column * TILE, row * TILE
        if left >= image.width or top >= image.height:
            raise LookupError
        return _png(image.crop((left, top, min(left + TILE, image.width), min(top + TILE, image.height))))


@cache
def _level(picture: str, level: int) -> Image.Image:
    return _drawn(picture).reduce(2**level) if level else _drawn(picture)


@cache
def _drawn(picture: str) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HEIGHT), (219, 178, 152))
    pencil = ImageDraw.Draw(image)
    across = SIZES[picture] * POINTS_PER_MM
    outline = [
        (
            2000 + across / 2 * math.cos(angle) * (1 + 0.05 * math.sin(5 * angle)),
            1250 + across / 2.6 * math.sin(angle) * (1 + 0.04 * math.cos(3 * angle)),
        )
        for angle in (number * math.tau / 180 for number in range(180))
    ]
    pencil.polygon(outline, fill=(156, 52, 46))
    image = image.filter(ImageFilter.GaussianBlur(6))
    pencil = ImageDraw.Draw(image)
    pencil.rectangle((700, 2450, 700 + 100 * POINTS_PER_MM, 2720), fill=(250, 249, 244))
    for mm in range(101):
        x, high = 700 + mm * POINTS_PER_MM, 130 if mm % 10 == 0 else 90 if mm % 5 == 0 else 55
        pencil.line((x, 2450, x, 2450 + high), fill=(25, 25, 25), width=4)
    return image


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
