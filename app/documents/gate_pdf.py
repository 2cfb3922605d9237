"""The gate for PDF: opens, is whole, holds nothing that acts, weighs what it says, and its first page can be drawn.

What could act is looked for three times, each time by a real parser: in the file as it opens, in each earlier revision
(what comes before each `startxref` or `%%EOF`), and in the file read without its tables, which shows the objects that
no table names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.documents import gate_pdf_acts, gate_pdf_weight
from app.errors import FileRefused

MOST_PAGES = 2000
MOST_OBJECTS = 200_000  # read two or three times, 20 µs each
MOST_REVISIONS = 40
LARGEST_SIDE = 14_400  # points: the limit of PDF itself (ISO 32000-1, annex C)
TAIL = 66_000  # bytes: a zip's end record and its longest comment
END, TABLE = b"%%EOF", b"startxref"
REVISION_END = re.compile(rb"startxref\s+\d+(?:\s*%%EOF)?|%%EOF")  # either may be missing, and readers mind neither

CUT = "ce PDF est incomplet : sa fin manque. Enregistrez-le de nouveau, puis ajoutez-le."
ARCHIVE = "une archive est cachée dans ce PDF. Imprimez-le en PDF, puis ajoutez la copie."
DAMAGED = "ce PDF est abîmé et ne s'ouvre pas. Enregistrez-le de nouveau, puis ajoutez-le."
DAMAGED_PAGES = "ce PDF est abîmé : ses pages ne se trouvent pas toutes. Enregistrez-le de nouveau, puis ajoutez-le."
DAMAGED_FIRST = "ce PDF est abîmé : sa première page ne s'affiche pas. Enregistrez-le de nouveau, puis ajoutez-le."
LOCKED = "il est protégé par un mot de passe. Enregistrez-le sans mot de passe, puis ajoutez-le."
NO_PAGE = "ce PDF ne contient aucune page. Enregistrez-le de nouveau, puis ajoutez-le."
TOO_LONG = f"il a plus de {MOST_PAGES} pages. Séparez-le en plusieurs fichiers."
TOO_WIDE = "sa page est plus grande que ce qu'un PDF permet."
TOO_COMPLEX = "sa structure est anormalement grande. Imprimez-le en PDF, puis ajoutez la copie."
TOO_OFTEN = f"il a été modifié plus de {MOST_REVISIONS} fois sans être réécrit. {gate_pdf_acts.INSTEAD}"


def examine(content: bytes) -> dict[str, Any]:
    """Pages, whether there is text, whether it is signed. Raises: FileRefused(reason)."""
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    if content.rfind(END, -TAIL) < 0:
        raise FileRefused(CUT)
    # Anywhere in the tail: a zip's comment may hold an `%%EOF` of its own.
    if b"PK\x05\x06" in content[-TAIL:]:
        raise FileRefused(ARCHIVE)
    with _opened(memoryview(content)) as document:
        if document is None:
            raise FileRefused(DAMAGED)
        if document.needs_pass:
            raise FileRefused(LOCKED)
        pages = _pages(document)
        if document.xref_length() > MOST_OBJECTS:
            raise FileRefused(TOO_COMPLEX)
        gate_pdf_acts.refuse_active(document)
        gate_pdf_weight.refuse_heavy(document)
        found = _drawn(document, pages)
        repaired = document.is_repaired
    for revision in _other_readings(content, repaired):
        with _opened(revision) as document:
            if document is not None and not document.needs_pass and document.xref_length() <= MOST_OBJECTS:
                gate_pdf_acts.refuse_active(document)
    return found


@contextmanager
def _opened(content: memoryview) -> Iterator[Any]:
    """A PDF, or None: MuPDF opens whatever it knows under any name, pictures and HTML too. Nothing is copied."""
    import pymupdf

    try:
        document = pymupdf.open(stream=content, filetype="pdf")
    except MemoryError:
        raise
    except Exception:
        yield None
        return
    with document:
        yield document if document.is_pdf else None


def _other_readings(content: bytes, repaired: bool) -> Iterator[memoryview]:
    """The file as it was before each later change, and as who reads it without its tables finds it."""
    whole = memoryview(content)
    if not repaired and (last := content.rfind(TABLE)) > 0:
        yield whole[:last]
    ends = [found.end() for found in REVISION_END.finditer(content)]
    if len(ends) > MOST_REVISIONS:
        raise FileRefused(TOO_OFTEN, flattenable=True)
    for end in ends[:-1]:
        yield whole[:end]


def _pages(document: Any) -> int:
    """How many pages there are; each can be reached, so the page tree has no loop and its count does not lie."""
    try:
        pages = int(document.page_count)
        if 0 < pages <= MOST_PAGES:
            for number in range(pages):
                document.page_xref(number)
    except MemoryError:
        raise
    except Exception as error:
        raise FileRefused(DAMAGED_PAGES) from error
    if pages <= 0:
        raise FileRefused(NO_PAGE)
    if pages > MOST_PAGES:
        raise FileRefused(TOO_LONG)
    return pages


def _drawn(document: Any, pages: int) -> dict[str, Any]:
    import pymupdf

    try:
        first = document[0]
        size = max(first.rect.width, first.rect.height)
        zoom = min(1.0, 600 / max(size, 1))
        first.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), alpha=False)
        text = any(document[number].get_text().strip() for number in range(min(3, pages)))
    except MemoryError:
        raise
    except Exception as error:
        raise FileRefused(DAMAGED_FIRST) from error
    if size > LARGEST_SIDE:
        raise FileRefused(TOO_WIDE)
    return {"pages": pages, "text": text, "signed": document.get_sigflags() == 3}
