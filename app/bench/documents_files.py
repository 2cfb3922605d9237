"""Files that `bench documents` makes for itself: texts, a scan, an image of a scanner, and two bombs.

Page 1 wears a band of one colour, page 150 one of another: a page is « shown » when its colour is on the screen, in
whatever viewer.
"""

from __future__ import annotations

import io
import zlib
from datetime import date
from typing import Any

FIRST = (255, 0, 255)
FAR = (0, 255, 255)
FAR_PAGE = 150
SOUGHT = "hyponatrémie"
SOUGHT_EVERY = 8  # pages
LINES = 45
SCANS = 6  # different sheets, each several times
BAND = (60, 20, 535, 70)  # points


def text(pages: int) -> bytes:
    """A PDF of that many pages full of words."""
    import pymupdf

    with pymupdf.open() as document:
        for number in range(1, pages + 1):
            page = document.new_page()
            word = f"L'{SOUGHT} se corrige" if number % SOUGHT_EVERY == 0 else "La surveillance continue"
            lines = [
                f"Page {number}, ligne {line} : pression artérielle 13/{line % 9}, pouls {60 + line}, {line * number} mL"
                for line in range(LINES - 1)
            ]
            page.insert_text((60, 100), [f"{word}.", *lines], fontsize=9)
            _band(page, number)
        return bytes(document.tobytes(deflate=True))


def scan(pages: int) -> bytes:
    """A PDF of pictures without text, about 250 kB a page: what a scanner of a care home makes."""
    import pymupdf

    sheets = [_sheet(number) for number in range(SCANS)]
    with pymupdf.open() as document:
        for number in range(1, pages + 1):
            page = document.new_page()
            # A few bytes after a picture's end change nothing in it, and make it another stream.
            page.insert_image(page.rect, stream=sheets[number % SCANS] + number.to_bytes(4, "big"))
            _band(page, number)
        return bytes(document.tobytes())


def tomography() -> bytes:
    """A CT slice of 512 x 512, made of circles; nobody's."""
    import numpy as np
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    down, across = np.ogrid[-256:256, -256:256]
    distance = np.hypot(across, down)
    values = np.where(distance < 180, 40 + (across // 8) % 30, np.where(distance < 210, 900, -1000)).astype("<i2")
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.Modality, made.StudyDescription = "CT", "Mesure"
    made.PatientName, made.PatientID = "MESURE^ESSAI", "MESURE"
    made.StudyDate, made.StudyTime = date.today().strftime("%Y%m%d"), "080000"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns, made.PixelSpacing = 512, 512, [0.5, 0.5]
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    made.RescaleSlope, made.RescaleIntercept, made.WindowCenter, made.WindowWidth = 1, 0, 40, 80
    made.PixelData = values.tobytes()
    target = io.BytesIO()
    made.save_as(target, enforce_file_format=True)
    return target.getvalue()


def nested_bomb(levels: int = 12) -> bytes:
    """Forms within forms, ten at each level: a few kilobytes that take hours to draw."""
    import pymupdf

    with pymupdf.open() as document:
        page = document.new_page()
        inner = _stream(document, "/Type/XObject/Subtype/Form/BBox[0 0 600 800]", b"0 0 m 600 800 l S\n" * 10)
        for _ in range(levels):
            used = f"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</F {inner} 0 R>>>>"
            inner = _stream(document, used, b"/F Do\n" * 10)
        document.xref_set_key(page.xref, "Contents", f"{_stream(document, '', b'/F Do')} 0 R")
        document.xref_set_key(page.xref, "Resources", f"<</XObject<</F {inner} 0 R>>>>")
        return bytes(document.tobytes())


def deflated_bomb(megabytes: int = 3000) -> bytes:
    """A page whose content is deflated twice: thousands of megabytes of « draw a line » in a few kilobytes."""
    import pymupdf

    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = b"0 0 m 600 800 l S\n" * 58_000
    block = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)  # stands alone: it can be repeated
    # The checksum at the end is missing; readers mind it as little as that of any PDF.
    packed = b"\x78\xda" + block * megabytes + packer.flush()
    with pymupdf.open() as document:
        page = document.new_page()
        content = _stream(document, "", b" ")
        document.update_stream(content, zlib.compress(packed, 9), compress=False)
        document.xref_set_key(content, "Filter", "[/FlateDecode/FlateDecode]")
        document.xref_set_key(page.xref, "Contents", f"{content} 0 R")
        return bytes(document.tobytes())


def _stream(document: Any, dictionary: str, content: bytes) -> int:
    number = int(document.get_new_xref())
    document.update_object(number, f"<<{dictionary}>>")
    document.update_stream(number, content)
    return number


def _band(page: Any, number: int) -> None:
    colour = {1: FIRST, FAR_PAGE: FAR}.get(number)
    if colour is not None:
        page.draw_rect(BAND, color=None, fill=[part / 255 for part in colour])


def _sheet(number: int) -> bytes:
    """A grey sheet with the noise of paper, at about 110 points an inch."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(number).normal(228, 9, (1240, 877))
    noise[200 + number * 8 :: 30, 90:790] -= 150  # lines of writing
    target = io.BytesIO()
    Image.fromarray(noise.clip(0, 255).astype("uint8")).save(target, "JPEG", quality=82)
    return target.getvalue()
