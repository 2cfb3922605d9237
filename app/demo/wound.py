"""Drawn photographs of a heel with a pressure sore that heals, and of a forearm with a bruise; a ruler beside them.

No photograph of anybody: light, skin and wound are noise and ellipses. The date is in the EXIF, as a telephone writes it.
"""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1600, 1200
POINTS_PER_MM = 14.0
CLOTH, SKIN = (168, 196, 204), (222, 178, 152)

Plane = NDArray[np.float32]


def wound_photo(day: date, site: str = "heel", healing: float = 0.0) -> bytes:
    """A JPEG of 1600 × 1200 points, the same for the same arguments.

    `site`: heel (a sore 32 mm wide) or forearm (a bruise). `healing`: 0 as it was found, 1 nearly closed.
    """
    chance = np.random.default_rng(day.toordinal())
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    cloudy = _clouds(chance)
    draw = _forearm if site == "forearm" else _heel
    picture = draw(x, y, cloudy, chance, min(max(healing, 0.0), 1.0))
    light = 1.06 - 0.20 * (((x - WIDTH * 0.42) / WIDTH) ** 2 + ((y - HEIGHT * 0.35) / HEIGHT) ** 2)
    picture *= light[..., None]
    picture += chance.standard_normal((HEIGHT, WIDTH, 1), np.float32) * 2.2
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    _ruler(image)
    exif = Image.Exif()
    exif[0x0132] = f"{day:%Y:%m:%d} 10:12:00"  # DateTime
    exif.get_ifd(0x8769)[0x9003] = f"{day:%Y:%m:%d} 10:12:00"  # DateTimeOriginal
    target = io.BytesIO()
    image.save(target, "JPEG", quality=86, exif=exif)
    return target.getvalue()


def _heel(x: Plane, y: Plane, cloudy: Plane, chance: np.random.Generator, healing: float) -> Any:
    turn = (x - 800) * 0.05
    outline = np.hypot((x - 800) / 640, np.maximum(y - 520 + turn, (y - 520 + turn) * 0.52) / 500) + cloudy * 0.004
    picture = _body(outline, cloudy, chance)
    _crease(picture, y - 960 - 0.00022 * (x - 780) ** 2 - cloudy * 10, outline)
    near = np.s_[130:910, 230:1310]  # all that the sore colours
    _sore(picture[near], x[near] - 770, y[near] - 520, cloudy[near], chance, healing)
    return picture


def _forearm(x: Plane, y: Plane, cloudy: Plane, chance: np.random.Generator, healing: float) -> Any:
    outline = np.abs(y - 520 + 0.10 * (x - 800)) / (430 - 0.04 * x) + cloudy * 0.004
    picture = _body(outline, cloudy, chance)
    spread = np.hypot((x - 760) / 1.7, y - 520) + cloudy * 55 + 400 * _below(-outline, -0.97, 0.02)
    for limit, soft, colour, share in (
        (330, 60, (214, 186, 120), 0.55),  # the rim turns yellow first
        (235, 50, (150, 96, 110), 0.62),
        (150, 45, (104, 62, 92), 0.60),
    ):
        _paint(picture, _below(spread, limit, soft) * share * (1 - 0.5 * healing), colour)
    tear = np.hypot((x - 930) / 2.4, y - 430 + 0.3 * (x - 930)) + cloudy * 9
    _paint(picture, _below(tear, 22 * (1 - 0.7 * healing), 3), (150, 44, 40))
    return picture


def _body(outline: Plane, cloudy: Plane, chance: np.random.Generator) -> Any:
    """Skin within `outline` < 1, rounded by its shade; a cloth and a soft shadow outside."""
    round_ = np.sqrt(np.clip(1 - np.clip(outline, 0, 1) ** 2.6, 0, 1))
    shade = (0.66 + 0.36 * round_)[..., None]
    pores = _grain(chance, 2) * 3.0 + _grain(chance, 5) * 3.5
    skin = np.array(SKIN, np.float32) * shade + pores[..., None] + cloudy[..., None] * np.array((2, -4, -4), np.float32)
    weave = (
        5
        * np.sin(np.arange(WIDTH, dtype=np.float32) / 3.1)[None, :]
        * np.sin(np.arange(HEIGHT, dtype=np.float32) / 3.1)[:, None]
    )
    shadow = 1 - 0.32 * np.clip(1.22 - outline, 0, 0.22) / 0.22
    cloth = np.array(CLOTH, np.float32) * shadow[..., None] + weave[..., None] + 3 * cloudy[..., None]
    share = _below(outline, 1, 0.004)[..., None]
    return skin * share + cloth * (1 - share)


def _crease(picture: Any, distance: Plane, outline: Plane) -> None:
    _paint(picture, 0.35 * np.exp(-((distance / 7) ** 2)) * _below(outline, 0.93, 0.02), (150, 104, 88))


def _sore(picture: Any, x: Plane, y: Plane, cloudy: Plane, chance: np.random.Generator, healing: float) -> None:
    """Redness, a rim of new skin, red granulation, yellow fibrin; what is wet shines."""
    angle = np.arctan2(y, x)
    wavy = 1 + 0.05 * np.sin(2 * angle + 0.6) + 0.045 * np.sin(3 * angle + 2) + 0.03 * np.sin(7 * angle)
    radius = np.hypot(x / 1.5, y) * wavy + cloudy * 7
    size = 149 * (1 - 0.62 * healing)  # 32 mm wide when found
    rough = _grain(chance, 6, x.shape) + 0.8 * _grain(chance, 14, x.shape)
    _paint(picture, 0.62 * (1 - 0.45 * healing) * _below(radius, size * 1.35, size * 0.22 + 16), (198, 104, 94))
    _paint(picture, 0.75 * _below(radius, size * 1.05 + 6, 7), (226, 160, 150))  # new skin
    _paint(picture, _below(radius, size, 4), (136, 40, 38))
    bed = _below(radius, size * 0.94, 7)
    picture += (bed * rough * 9)[..., None] * np.array((1.0, 0.45, 0.42), np.float32)
    _paint(picture, 0.55 * bed * _below(-cloudy - 0.3 * rough, 0.2, 0.35), (172, 62, 54))
    fibrin = size * (0.74 - 0.62 * healing)
    patch = radius + 40 * cloudy + 9 * rough
    _paint(picture, 0.86 * _below(patch, fibrin, 11) * bed, (204, 176, 112))
    _paint(picture, 0.5 * _below(patch, fibrin * 0.6, 16) * bed, (222, 202, 150))
    wet = np.clip(_grain(chance, 9, x.shape) + 0.6 * rough - 2.1, 0, 0.6) * bed * (1 - 0.6 * healing)
    _paint(picture, wet, (255, 244, 236))


def _paint(picture: Any, share: Plane, colour: tuple[int, int, int]) -> None:
    picture += share[..., None] * (np.array(colour, np.float32) - picture)


def _below(distance: Plane, limit: float, soft: float) -> Plane:
    """1 where `distance` is well below `limit`, 0 well above, softly between."""
    share: Plane = 1 / (1 + np.exp(np.clip((distance - limit) / soft, -30, 30)))
    return share


def _clouds(chance: np.random.Generator) -> Plane:
    return (_grain(chance, 220) + 0.5 * _grain(chance, 90) + 0.25 * _grain(chance, 36)) * 0.8


def _grain(chance: np.random.Generator, points: int, shape: tuple[int, ...] = (HEIGHT, WIDTH)) -> Plane:
    """Smooth noise about 0 whose grains are `points` wide."""
    few = chance.standard_normal((shape[0] // points + 3, shape[1] // points + 3), np.float32)
    wide = Image.fromarray(few).resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(wide, np.float32)


def _ruler(image: Image.Image) -> None:
    """Seven centimetres of paper, with a millimetre every 14 points."""
    draw = ImageDraw.Draw(image)
    left, top = 300, 1046
    right = left + 100 + round(70 * POINTS_PER_MM)
    draw.rectangle((left + 5, top + 7, right + 5, top + 107), fill=(120, 142, 150))
    draw.rectangle((left, top, right, top + 100), fill=(248, 248, 243))
    for millimetre in range(71):
        at = left + 30 + round(millimetre * POINTS_PER_MM)
        length = 50 if millimetre % 10 == 0 else 34 if millimetre % 5 == 0 else 20
        draw.line((at, top, at, top + length), fill=(34, 34, 34), width=2)
        if millimetre % 10 == 0:
            draw.text((at - 8, top + 56), str(millimetre // 10), fill=(34, 34, 34), font_size=30)
    draw.text((right - 52, top + 60), "cm", fill=(34, 34, 34), font_size=26)
