"""What a rendering process can do with a file's content; every function here runs away from the web process.

A task gets the content and JSON-like arguments; it answers bytes or JSON-like values. `run` is what a worker calls.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from typing import Any

KEPT_DOCUMENTS = 4
WIDEST = 2400  # pixels
THUMBNAIL = 200

_open_documents: OrderedDict[str, Any] = OrderedDict()


def run(task: str, key: str, content: bytes, arguments: dict[str, Any]) -> Any:
    """Run a task by its name. Raises: FileRefused; ValueError for an unknown task."""
    if task not in TASKS:
        raise ValueError(f"unknown task {task}")
    return TASKS[task](key, content, **arguments)


def inspect(_key: str, content: bytes, filename: str) -> Any:
    """The gate's finding (`gate.Inspected`)."""
    from app.documents import gate

    return gate.inspect(content, filename)


def pdf_info(key: str, content: bytes) -> dict[str, Any]:
    """Number of pages and their sizes in points."""
    document = _pdf(key, content)
    return {"pages": [[round(page.rect.width, 1), round(page.rect.height, 1)] for page in document]}


def pdf_page(key: str, content: bytes, page: int, width: int) -> bytes:
    """A page as WebP, `width` pixels wide."""
    import pymupdf

    wanted = _page(key, content, page)
    zoom = min(width, WIDEST) / max(wanted.rect.width, 1)
    drawn = wanted.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), alpha=False)
    return bytes(drawn.pil_tobytes("WEBP", quality=80, method=2))


def pdf_words(key: str, content: bytes, page: int) -> dict[str, Any]:
    """The words of a page with their boxes in points, in reading order; none on a scan."""
    wanted = _page(key, content, page)
    words = [[*(round(edge, 1) for edge in word[:4]), word[4]] for word in wanted.get_text("words", sort=True)]
    return {"width": wanted.rect.width, "words": words}


def pdf_search(key: str, content: bytes, text: str) -> list[dict[str, Any]]:
    """Boxes of a text, page by page; accents and capitals as MuPDF compares them."""
    hits = []
    for page in _pdf(key, content):
        boxes = [[round(edge, 1) for edge in box] for box in page.search_for(text)]
        if boxes:
            hits.append({"page": page.number, "boxes": boxes})
    return hits


def picture(_key: str, content: bytes, width: int) -> bytes:
    """A picture as WebP, at most `width` pixels wide."""
    from PIL import Image

    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (width * 2, width * 2))
        image.thumbnail((min(width, WIDEST), WIDEST * 2))
        target = io.BytesIO()
        image.convert("RGB").save(target, "WEBP", quality=85, method=2)
        return target.getvalue()


def imaging_info(_key: str, content: bytes) -> Any:
    """The study (`imaging.ImagingStudy`)."""
    from app.documents import imaging

    return imaging.read_study(content)


def imaging_frame(_key: str, content: bytes, frame: int) -> bytes:
    """A frame as little-endian int16, row by row."""
    from app.documents import imaging

    return imaging.frame(content, frame).astype("<i2").tobytes()


def laboratory_results(_key: str, content: bytes) -> Any:
    """The results (`laboratory.Result`s)."""
    from app.documents import laboratory

    return laboratory.read_results(content)


TASKS = {
    task.__name__: task
    for task in (
        inspect,
        pdf_info,
        pdf_page,
        pdf_words,
        pdf_search,
        picture,
        imaging_info,
        imaging_frame,
        laboratory_results,
    )
}


def _pdf(key: str, content: bytes) -> Any:
    import pymupdf

    if key in _open_documents:
        _open_documents.move_to_end(key)
        return _open_documents[key]
    pymupdf.TOOLS.mupdf_display_errors(False)
    document = _open_documents[key] = pymupdf.open(stream=content, filetype="pdf")
    while len(_open_documents) > KEPT_DOCUMENTS:
        _open_documents.popitem(last=False)[1].close()
    return document


def _page(key: str, content: bytes, number: int) -> Any:
    from app.errors import NotFound

    document = _pdf(key, content)
    if not 0 <= number < document.page_count:
        raise NotFound
    return document[number]
