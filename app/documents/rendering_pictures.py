"""Photographs in a rendering process: whole at the width of a screen, or tile by tile with every one of their points.

Tiles are `TILE` points square, counted from 0 from the upper left corner. Level 0 is the picture as it was taken, each
level above has half the width and height of the one below (rounded up). What leaves is in sRGB: a colour profile from
outside is applied here and never reaches a browser.
"""

from __future__ import annotations

import io
import math
from collections import OrderedDict
from typing import Any

from app.errors import NotFound

TILE = 512  # points
MOST_LEVELS = 8
WIDEST = 2400  # points
KEPT_POINTS = 80_000_000  # of decoded pictures: the largest one the gate lets in, and its smaller levels
LARGEST_PROFILE = 4 << 20  # bytes

_decoded: OrderedDict[tuple[str, int], Any] = OrderedDict()


def picture(_key: str, content: bytes, width: int) -> bytes:
    """A picture as WebP, at most `width` points wide."""
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (width * 2, width * 2))
        upright = _upright(image)
        upright.thumbnail((min(width, WIDEST), WIDEST * 2))
        return _written(upright, quality=85)


def picture_tile(key: str, content: bytes, level: int, column: int, row: int) -> bytes:
    """One tile of a picture as WebP. Raises: NotFound when there is none such."""
    shown = _level(key, content, level)
    left, top = column * TILE, row * TILE
    if not (0 <= left < shown.width and 0 <= top < shown.height):
        raise NotFound
    box = (left, top, min(left + TILE, shown.width), min(top + TILE, shown.height))
    return _written(shown.crop(box), quality=92)


def has_tile(width: int, height: int, level: int, column: int, row: int) -> bool:
    """Whether a picture of so many points has a tile; known without opening it."""
    if not 0 <= level < MOST_LEVELS or column < 0 or row < 0:
        return False
    across, down = (math.ceil(math.ceil(size / 2**level) / TILE) for size in (width, height))
    return column < across and row < down


def forget(key: str) -> None:
    """Let go of the decoded levels of a content."""
    for known in [each for each in _decoded if each[0] == key]:
        del _decoded[known]


def _level(key: str, content: bytes, level: int) -> Any:
    """A picture at a level, decoded once. Raises: NotFound for a level that no picture has."""
    from PIL import Image

    if not 0 <= level < MOST_LEVELS:
        raise NotFound
    if (key, level) in _decoded:
        _decoded.move_to_end((key, level))
        return _decoded[key, level]
    with Image.open(io.BytesIO(content)) as image:
        whole = image.size
        if image.format == "JPEG" and level:  # decoded at a half, a quarter or an eighth: so many times faster
            image.draft("RGB", tuple(math.ceil(size / 2 ** min(level, 3)) for size in whole))
        halvings = max(0, level - round(math.log2(whole[0] / image.width)))
        shown = _upright(image)
    if halvings:
        shown = shown.reduce(2**halvings)
    _decoded[key, level] = shown
    while len(_decoded) > 1 and sum(each.width * each.height for each in _decoded.values()) > KEPT_POINTS:
        _decoded.popitem(last=False)
    return shown


def _upright(image: Any) -> Any:
    """As it was seen, on white where it lets through, in plain greys or colours of eight bits."""
    from PIL import ImageOps

    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits of grey: converted as they are, all but the darkest would be white
        upright = upright.point(lambda value: value / 256).convert("L")
    flat = upright if upright.mode == "RGB" else _on_white(upright)
    if profile and image.mode == "RGB":
        flat.info["icc_profile"] = profile
    return flat


def _written(image: Any, quality: int) -> bytes:
    target = io.BytesIO()
    in_srgb(image).save(target, "WEBP", quality=quality, method=2, icc_profile=None)
    return target.getvalue()


def in_srgb(image: Any) -> Any:
    """The colours a browser shows: a telephone's wide ones (Display P3) would look pale. A broken profile is ignored."""
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if not profile or len(profile) > LARGEST_PROFILE:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _on_white(image: Any) -> Any:
    from PIL import Image

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    drawn = image.convert("RGBA")
    white = Image.new("RGB", drawn.size, "white")
    white.paste(drawn, mask=drawn.getchannel("A"))
    return white
