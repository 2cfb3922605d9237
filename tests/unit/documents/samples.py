"""Files as people try to add them: good ones, and each bad one for its own reason."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import pymupdf
from PIL import Image


def pdf(*pages: str) -> bytes:
    """A PDF with one page per text."""
    with pymupdf.open() as document:
        for text in pages or ("Courrier",):
            document.new_page().insert_text((72, 72), text)
        return document.tobytes(no_new_id=True)


def pdf_with_object(source: str, compressed: bool = False) -> bytes:
    """A PDF whose catalogue opens with an action."""
    with pymupdf.open() as document:
        document.new_page()
        number = document.get_new_xref()
        document.update_object(number, source)
        document.xref_set_key(document.pdf_catalog(), "OpenAction", f"{number} 0 R")
        return document.tobytes(use_objstms=int(compressed), deflate=True)


def pdf_with_attachment(pages: int = 1) -> bytes:
    with pymupdf.open() as document:
        for _ in range(pages):
            document.new_page()
        document.embfile_add("autre.bin", b"autre")
        return document.tobytes()


def pdf_with_password() -> bytes:
    with pymupdf.open() as document:
        document.new_page()
        return document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret", owner_pw="secret")


def pdf_of(count: int) -> bytes:
    with pymupdf.open() as document:
        for _ in range(count):
            document.new_page(width=10, height=10)
        return document.tobytes()


def pdf_without_pages() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"trailer<</Root 1 0 R/Size 3>>\nstartxref\n0\n%%EOF\n"
    )


def pdf_bomb(levels: int = 12) -> bytes:
    """Forms within forms, ten at each level: a few kilobytes that take hours to draw."""
    with pymupdf.open() as document:
        page = document.new_page()
        inner = document.get_new_xref()
        document.update_object(inner, "<</Type/XObject/Subtype/Form/BBox[0 0 600 800]>>")
        document.update_stream(inner, b"0 0 m 600 800 l S\n" * 10)
        for _ in range(levels):
            outer = document.get_new_xref()
            document.update_object(
                outer, f"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</F {inner} 0 R>>>>>>"
            )
            document.update_stream(outer, b"/F Do\n" * 10)
            inner = outer
        content = document.get_new_xref()
        document.update_object(content, "<<>>")
        document.update_stream(content, b"/F Do\n")
        document.xref_set_key(page.xref, "Contents", f"{content} 0 R")
        document.xref_set_key(page.xref, "Resources", f"<</XObject<</F {inner} 0 R>>>>")
        return document.tobytes()


def pdf_slow(lines: int = 200_000) -> bytes:
    """A page with thousands of lines across it: within every bound, and minutes to draw."""
    with pymupdf.open() as document:
        page = document.new_page()
        content = document.get_new_xref()
        document.update_object(content, "<<>>")
        document.update_stream(content, b"0 0 m 600 800 l S\n" * lines)
        document.xref_set_key(page.xref, "Contents", f"{content} 0 R")
        return document.tobytes(deflate=True)


def scan(pages: int = 1) -> bytes:
    """A PDF of pictures only."""
    with pymupdf.open() as document:
        for _ in range(pages):
            page = document.new_page()
            page.insert_image(page.rect, stream=photo())
        return document.tobytes()


@cache
def photo(form: str = "JPEG", size: tuple[int, int] = (640, 480), orientation: int = 1, placed: bool = False) -> bytes:
    """A picture, red at the left and blue at the right; `placed`: with the place and time it was taken."""
    image = Image.new("RGB", size, (200, 30, 30))
    image.paste((30, 30, 200), (size[0] // 2, 0, *size))
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
    if placed:
        exif[0x010F] = "Fabricant"
        exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 25.0, 50.0), 3: "E", 4: (0.0, 5.0, 26.0)})
        exif.get_ifd(0x8769)[0x9003] = "2026:11:23 14:31:05"
    target = io.BytesIO()
    image.save(target, form, **({"exif": exif} if orientation != 1 or placed else {}))
    return target.getvalue()


def png_bomb(side: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that says it has 3.6 billion points."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))

    head = struct.pack("!IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def animated() -> bytes:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    target = io.BytesIO()
    frames[0].save(target, "WEBP", save_all=True, append_images=frames[1:])
    return target.getvalue()
