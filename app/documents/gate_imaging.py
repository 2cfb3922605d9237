"""The gate for DICOM, beside what `imaging` refuses: a file that says it is longer than it is."""

from __future__ import annotations

import io
import warnings

from app.documents.imaging import BROKEN
from app.errors import FileRefused

PIXEL_DATA = (0x7FE0).to_bytes(2, "little") + (0x0010).to_bytes(2, "little")
UNDEFINED = 0xFFFFFFFF
LONG_HEADER = (b"OB", b"OW", b"UN")  # value representations whose length has four bytes (PS3.5, 7.1.2)


def refuse_lying(content: bytes) -> None:
    """Raises: FileRefused, when the pixels are said to be longer than the file. `imaging.read_study` comes first."""
    import pydicom

    source = io.BytesIO(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmread(source, stop_before_pixels=True)
    at = source.tell()
    header = content[at : at + 12]
    if header[:4] != PIXEL_DATA:  # big endian, or pixels of another kind: `imaging` has counted them
        return
    explicit = header[4:6] in LONG_HEADER
    length = int.from_bytes(header[8:12] if explicit else header[4:8], "little")
    if length != UNDEFINED and at + (12 if explicit else 8) + length > len(content):
        raise FileRefused(BROKEN)
