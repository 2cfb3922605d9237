"""A drawn photograph of a wound beside a ruler, with the date in its EXIF; smaller the later it was taken."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1600, 1200


def wound_photo(day: date) -> bytes:
    """A JPEG, the same for the same day."""
    chance = np.random.default_rng(day.toordinal())
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = 1.05 - 0.25 * ((x - WIDTH * 0.45) ** 2 + (y - HEIGHT * 0.4) ** 2) / (WIDTH**2 / 2)
    skin = np.stack([220 * light, 176 * light, 150 * light], axis=-1)
    skin += (
        chance.normal(0, 4, (HEIGHT, WIDTH, 1))
        + _blur(chance.normal(0, 60, (HEIGHT // 8, WIDTH // 8)))[..., None] * 0.12
    )
    angle = np.arctan2(y - 600, x - 760)
    radius = np.hypot((x - 760) / 1.45, y - 600) * (1 + 0.06 * np.sin(5 * angle) + 0.04 * np.sin(9 * angle + 1))
    size = 190 + (day.toordinal() % 7) * 4
    for limit, colour, soft in (
        (size * 1.45, (196, 112, 100), 60),
        (size, (150, 46, 44), 18),
        (size * 0.62, (206, 176, 104), 26),
    ):
        share = (1 / (1 + np.exp((radius - limit) / soft)))[..., None]
        skin = skin * (1 - share) + np.array(colour) * share
    image = Image.fromarray(np.clip(skin, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2))
    _ruler(image)
    exif = Image.Exif()
    exif[0x0132] = f"{day:%Y:%m:%d} 10:12:00"
    target = io.BytesIO()
    image.save(target, "JPEG", quality=88, exif=exif)
    return target.getvalue()


def _blur(grain: np.ndarray) -> np.ndarray:
    small = Image.fromarray(np.clip(grain + 128, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(6))
    return np.asarray(small.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.float32) - 128


def _ruler(image: Image.Image) -> None:
    draw = ImageDraw.Draw(image)
    draw.rectangle((140, 1010, 1460, 1110), fill=(250, 250, 246))
    for millimetre in range(61):
        left = 180 + millimetre * 20
        length = 52 if millimetre % 10 == 0 else 36 if millimetre % 5 == 0 else 22
        draw.line((left, 1010, left, 1010 + length), fill=(30, 30, 30), width=3)
        if millimetre % 10 == 0:
            draw.text((left - 8, 1068), str(millimetre // 10), fill=(30, 30, 30), font_size=30)
