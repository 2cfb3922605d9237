"""What a DICOM file says of its coding before anything decodes it: transfer syntax, fragments, sizes of the pictures.

A 256 x 256 study may carry a JPEG that claims 60 000 x 60 000 points, and a deflated file unfolds a thousandfold.
"""

from __future__ import annotations

import struct
from typing import Any

DEFLATED = ("1.2.840.10008.1.2.1.99",)
VIDEO = "1.2.840.10008.1.2.4.10"  # MPEG-2, MPEG-4, HEVC: …4.100 to …4.108
RLE = "1.2.840.10008.1.2.5"
LONG_FORMS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"SQ", b"UT", b"UN", b"UC", b"UR")
# Start of frame, by any coding (ITU-T T.81 table B.1), JPEG-LS's beside them (T.87)
STARTS_OF_FRAME = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}
MOST_COMPONENTS = 4


def transfer_syntax(content: bytes) -> str:
    """The transfer syntax named in the file's meta group (DICOM PS3.10, 7.1); « » where there is none.

    Read without pydicom, which inflates a deflated dataset, whatever its size, before it can be asked.
    Raises: ValueError, struct.error.
    """
    if content[128:132] != b"DICM":
        raise ValueError("not a DICOM Part 10 file")
    place = 132
    while place + 8 <= len(content) and content[place : place + 2] == b"\x02\x00":
        element, form = struct.unpack_from("<H", content, place + 2)[0], content[place + 4 : place + 6]
        if form in LONG_FORMS:
            start, length = place + 12, struct.unpack_from("<L", content, place + 8)[0]
        else:
            start, length = place + 8, struct.unpack_from("<H", content, place + 6)[0]
        if element == 0x0010:
            return content[start : start + length].rstrip(b"\0 ").decode("ascii")
        place = start + length
    return ""


def fragments(pixel_data: bytes) -> int:
    """How many pieces an encapsulated picture comes in: a frame has at least one. Raises: ValueError, struct.error."""
    from pydicom.encaps import parse_fragments

    count = int(parse_fragments(pixel_data)[0])
    return count - 1 if count > 1 else count  # the first item is the table of offsets


def check(source: Any, number: int, rows: int, columns: int, frames: int) -> None:
    """Compare the frame's own header with the file's. Raises: ValueError where they differ."""
    from pydicom.encaps import get_frame

    coded = get_frame(source.PixelData, number, number_of_frames=frames)
    if str(source.file_meta.TransferSyntaxUID) == RLE:
        plain = rows * columns * int(source.get("SamplesPerPixel", 1)) * int(source.BitsAllocated) // 8
        if len(coded) > plain * 129 // 128 + 1024:  # honest run lengths add a byte to 128 at worst
            raise ValueError("run lengths longer than what they stand for")
        return
    width, height, components = size(coded)
    if (height, width) != (rows, columns) or not 1 <= components <= MOST_COMPONENTS:
        raise ValueError("the picture is not of the size that the file says")


def size(coded: bytes) -> tuple[int, int, int]:
    """Columns, rows and components that a JPEG, JPEG-LS or JPEG 2000 picture claims. Raises: ValueError."""
    start = coded.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start >= 0:  # JPEG 2000 (T.800, A.5.1)
        right, bottom, left, top = struct.unpack_from(">4L", coded, start + 8)
        return right - left, bottom - top, struct.unpack_from(">H", coded, start + 40)[0]
    place = 2
    while place + 10 <= len(coded):
        if coded[place] != 0xFF:
            raise ValueError("no JPEG marker where one must be")
        marker = coded[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        if marker in STARTS_OF_FRAME:
            rows, columns, components = struct.unpack_from(">HHB", coded, place + 5)
            return columns, rows, components
        place += 2 + struct.unpack_from(">H", coded, place + 2)[0]
    raise ValueError("no start of frame")
