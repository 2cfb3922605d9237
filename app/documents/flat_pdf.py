"""A PDF made of pictures, one per page, written as it goes: nothing of it but the present page is in memory.

JPEG goes into a PDF as it is (`DCTDecode`, ISO 32000-2 7.4.8), so that nothing is decoded here: these pictures come from
a process that opens hostile files. Only their sizes are believed, and those are bounded.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

LARGEST_SIDE = 14_400.0  # points (ISO 32000-1, annex C)


@dataclass(frozen=True)
class Sheet:
    """One page: a JPEG in colours, its size in pixels, the page's size in points."""

    jpeg: bytes
    columns: int
    rows: int
    width: float
    height: float


async def pdf_of(sheets: AsyncIterable[Sheet]) -> AsyncIterator[bytes]:
    """The PDF's bytes, in pieces. Objects: 1 catalogue, 2 page tree, then three for each page."""
    offsets: dict[int, int] = {}
    at, pages = 0, 0
    head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    yield head
    at += len(head)
    async for sheet in sheets:
        first = 3 + 3 * pages
        for number, source in enumerate(_objects(first, sheet), start=first):
            offsets[number] = at
            at += len(source)
            yield source
        pages += 1
    kids = " ".join(f"{3 + 3 * page} 0 R" for page in range(pages))
    tree = {1: "<</Type/Catalog/Pages 2 0 R>>", 2: f"<</Type/Pages/Count {pages}/Kids[{kids}]>>"}
    for number, text in tree.items():
        source = f"{number} 0 obj\n{text}\nendobj\n".encode()
        offsets[number] = at
        at += len(source)
        yield source
    size = 3 + 3 * pages
    table = "".join(f"{offsets[number]:010d} 00000 n \n" for number in range(1, size))
    yield f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode()
    yield f"trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{at}\n%%EOF\n".encode()


def _objects(first: int, sheet: Sheet) -> tuple[bytes, bytes, bytes]:
    width, height = (f"{min(max(side, 1.0), LARGEST_SIDE):.2f}" for side in (sheet.width, sheet.height))
    page = (
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]"
        f"/Resources<</XObject<</P {first + 1} 0 R>>>>/Contents {first + 2} 0 R>>"
    )
    picture = (
        f"<</Type/XObject/Subtype/Image/Width {sheet.columns}/Height {sheet.rows}/ColorSpace/DeviceRGB"
        f"/BitsPerComponent 8/Filter/DCTDecode/Length {len(sheet.jpeg)}>>"
    )
    drawing = f"{width} 0 0 {height} 0 0 cm /P Do".encode()
    return (
        f"{first} 0 obj\n{page}\nendobj\n".encode(),
        f"{first + 1} 0 obj\n{picture}\nstream\n".encode() + sheet.jpeg + b"\nendstream\nendobj\n",
        f"{first + 2} 0 obj\n<</Length {len(drawing)}>>\nstream\n".encode() + drawing + b"\nendstream\nendobj\n",
    )
