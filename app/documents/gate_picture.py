"""The gate for pictures: whole, not a bomb, upright, and without the place where they were taken.

A picture that is upright already keeps every one of its pixels: its metadata are cut out, nothing is compressed again.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

from app.errors import FileRefused

MOST_PIXELS = 60_000_000
MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
SEEN_IN_PNG = (b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs", b"hIST")
SEEN_IN_WEBP = (b"VP8X", b"ICCP", b"ALPH", b"VP8 ", b"VP8L")
WEBP_EXIF, WEBP_XMP = 0x08, 0x04  # flags of VP8X
ORIENTATION, EXIF_IFD, TAKEN = 0x0112, 0x8769, 0x9003
BROKEN = "cette image est abîmée ou incomplète. Reprenez la photographie, puis ajoutez-la."
HIDDEN_BOMB = "elle contient des données cachées démesurées. Ouvrez-la, enregistrez-la de nouveau, puis ajoutez-la."
TOO_LARGE = "cette image est trop grande (plus de 60 millions de points). Réduisez-la, puis ajoutez-la."


def examine(content: bytes) -> tuple[str, dict[str, Any], bytes | None]:
    """Media type, detail and, when something had to go or to turn, the content to keep instead.

    Raises: FileRefused(reason).
    """
    from PIL import Image

    Image.init()  # WebP is not among what Pillow knows from the start
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
                return _examine(image, content)
    except (FileRefused, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRefused(TOO_LARGE) from error
    except Exception as error:
        # Pillow bounds what texts and colour profiles unfold into (`PngImagePlugin.MAX_TEXT_CHUNK`).
        hidden = any(words in str(error) for words in ("Decompressed data too large", "Too much memory used in text"))
        raise FileRefused(HIDDEN_BOMB if hidden else BROKEN) from error


def _examine(image: Any, content: bytes) -> tuple[str, dict[str, Any], bytes | None]:
    from PIL import ImageOps

    if image.width * image.height > MOST_PIXELS:
        raise FileRefused(TOO_LARGE)
    form = "JPEG" if image.format == "MPO" else str(image.format)
    if form != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise FileRefused("cette image est animée. Enregistrez-la en image fixe, puis ajoutez-la.")
    exif = image.getexif()
    taken = str(exif.get_ifd(EXIF_IFD).get(TAKEN, "")).strip("\0 ")
    image.load()
    turned = exif.get(ORIENTATION, 1) != 1
    replacement = None
    if turned:
        image = ImageOps.exif_transpose(image)
        replacement = _saved(image, form, lossless=b"VP8L" in content[:64])
    else:
        bare = BARE[form](content)
        replacement = bare if bare != content else None
    detail: dict[str, Any] = {"width": image.width, "height": image.height, "format": form}
    if taken:
        detail["taken"] = taken
    return MEDIA_TYPES[form], detail, replacement


def _saved(image: Any, form: str, lossless: bool) -> bytes:
    from PIL import Image

    bare = Image.new(image.mode, image.size)
    if image.mode == "P":
        bare.putpalette(image.getpalette("RGBA"), "RGBA")
    bare.paste(image)
    options: dict[str, Any] = {} if form == "PNG" else {"quality": 92, "lossless": lossless and form == "WEBP"}
    for kept in ("icc_profile", "transparency"):
        if image.info.get(kept) is not None and not (kept == "transparency" and form == "JPEG"):
            options[kept] = image.info[kept]
    target = io.BytesIO()
    bare.save(target, form, **options)
    return target.getvalue()


def png_without_metadata(content: bytes) -> bytes:
    """The same PNG without texts, EXIF, dates and private chunks, and without anything after its end (PNG, 11.3).

    Kept are the picture itself and what changes how it is seen. Raises: ValueError.
    """
    kept, at = bytearray(content[:8]), 8
    while at + 12 <= len(content):
        kind, end = content[at + 4 : at + 8], at + 12 + int.from_bytes(content[at : at + 4], "big")
        if end > len(content):
            break
        if kind in SEEN_IN_PNG or not kind[0] & 0x20:  # bit 5: ancillary
            kept += content[at:end]
        if kind == b"IEND":
            return bytes(kept)
        at = end
    raise ValueError("no end of image")


def webp_without_metadata(content: bytes) -> bytes:
    """The same WebP without EXIF, XMP and unknown chunks, and without anything after its end (RFC 9649, 2.7).

    Raises: ValueError.
    """
    kept, at, end = bytearray(), 12, 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise ValueError("no end of image")
    while at + 8 <= end:
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        chunk = bytearray(content[at : at + 8 + length + length % 2])
        if chunk[:4] == b"VP8X":
            chunk[8] &= ~(WEBP_EXIF | WEBP_XMP)
        if bytes(chunk[:4]) in SEEN_IN_WEBP:
            kept += chunk
        at += len(chunk)
    return b"RIFF" + (len(kept) + 4).to_bytes(4, "little") + b"WEBP" + kept


def jpeg_without_metadata(content: bytes) -> bytes:
    """The same JPEG without EXIF, XMP, IPTC and comments, and without anything after its end (ISO/IEC 10918-1, B).

    Kept are the colour profile (APP2 `ICC_PROFILE`) and Adobe's colour transform (APP14): both change what is seen.
    """
    kept, at = bytearray(content[:2]), 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker == 0xD9:
            return bytes(kept + b"\xff\xd9")
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end > len(content) or end < at + 4:
            raise ValueError("broken segment")
        if marker == 0xDA:  # the picture itself: runs to the next marker that is neither stuffing nor a restart
            end = _end_of_scan(content, end)
        is_application = 0xE1 <= marker <= 0xEF
        is_colour = marker == 0xEE or (marker == 0xE2 and content[at + 4 : at + 15] == b"ICC_PROFILE")
        if marker != 0xFE and (not is_application or is_colour):
            kept += content[at:end]
        at = end
    if at + 2 <= len(content) and content[at : at + 2] == b"\xff\xd9":
        return bytes(kept + b"\xff\xd9")
    raise ValueError("no end of image")


def _end_of_scan(content: bytes, at: int) -> int:
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise ValueError("no end of image")
        if content[at + 1] != 0 and not 0xD0 <= content[at + 1] <= 0xD7:
            return at
        at += 2


BARE = {"JPEG": jpeg_without_metadata, "PNG": png_without_metadata, "WEBP": webp_without_metadata}
