"""The gate for DICOM, beside what `imaging` refuses: a file that is a program as well, or says it is longer than it is."""

from __future__ import annotations

import io
import warnings

from app.documents.imaging import BROKEN
from app.errors import FileRefused

# The first 128 bytes are anybody's (PS3.10, 7.1): enough to be a program too. TIFF is allowed there, and used.
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"PK", b"<")
DISGUISED = "un programme est caché dans cette imagerie. Demandez au service d'imagerie de l'exporter de nouveau."
PIXEL_DATA = (0x7FE0).to_bytes(2, "little") + (0x0010).to_bytes(2, "little")
UNDEFINED = 0xFFFFFFFF
LONG_HEADER = (b"OB", b"OW", b"UN")  # value representations whose length has four bytes (PS3.5, 7.1.2)


def refuse_disguised(content: bytes) -> None:
    """Raises: FileRefused, for a program in front of the study."""
    if content.startswith(PROGRAMS):
        raise FileRefused(DISGUISED)


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
