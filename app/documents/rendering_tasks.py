"""What a rendering process can do with a file's content; every function here runs away from the web process.

A task gets a key (which names the content), the content and plain arguments; it answers bytes or plain values. `run` is
what a worker calls. Pages are counted from 1, boxes are `[left, top, right, bottom]` in points of the page as it is
shown, from its upper left corner.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from app.documents import reading_order, rendering_pictures, rendering_search
from app.documents.rendering_search import MOST_HITS

KEPT_DOCUMENTS = 4
WIDEST = 2400  # pixels
LARGEST_TILE = 24_000_000  # pixels: a page as narrow and long as a till receipt must not fill the memory
MOST_WORDS = 20_000  # of one page: a poster of the smallest print has fewer
FLAT_DPI = 170  # dots per inch of a flattened page: small print stays readable, an A4 page takes about 300 kB
LARGEST_FLAT = 12_000_000  # pixels of a flattened page

_open_documents: OrderedDict[str, Any] = OrderedDict()


def run(task: str, key: str, content: bytes, arguments: dict[str, Any]) -> Any:
    """Run a task by its name. Raises: FileRefused, NotFound (no such page); ValueError for an unknown task."""
    if task not in TASKS:
        raise ValueError(f"unknown task {task}")
    return TASKS[task](key, content, **arguments)


def forget(key: str) -> None:
    """Close what was kept open of a content."""
    rendering_search.forget(key)
    rendering_pictures.forget(key)
    if key in _open_documents:
        _open_documents.pop(key).close()


def inspect(_key: str, content: bytes, filename: str) -> Any:
    """The gate's finding (`gate.Inspected`)."""
    from app.documents import gate

    return gate.inspect(content, filename)


def report(_key: str, content: bytes) -> tuple[bytes, int]:
    """A report's PDF and its number of pages, from its content (`report.plain`)."""
    from app.documents import report_making

    return report_making.make(content)


def pdf_info(key: str, content: bytes) -> dict[str, Any]:
    """The pages' sizes in points, and whether there is any text on the first ten."""
    document = _pdf(key, content)
    sizes = [[round(page.rect.width, 1), round(page.rect.height, 1)] for page in document]
    text = any(document[number].get_text().strip() for number in range(min(10, document.page_count)))
    return {"pages": sizes, "text": text}


def pdf_page(key: str, content: bytes, page: int, width: int) -> bytes:
    """A page as WebP, `width` pixels wide."""
    import pymupdf

    wanted = _page(key, content, page)
    across, down = max(wanted.rect.width, 1), max(wanted.rect.height, 1)
    zoom = min(min(width, WIDEST) / across, (LARGEST_TILE / (across * down)) ** 0.5)
    drawn = wanted.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), alpha=False)
    return bytes(drawn.pil_tobytes("WEBP", quality=80, method=2))


def pdf_words(key: str, content: bytes, page: int) -> dict[str, Any]:
    """The words of a page, `[left, top, right, bottom, word]` in reading order; none on a scan."""
    wanted = _page(key, content, page)
    ordered = reading_order.ordered(_lines(wanted))
    return {"width": round(wanted.rect.width, 1), "words": [list(word) for line in ordered for word in line.words]}


def pdf_words_json(key: str, content: bytes, page: int) -> bytes:
    """`pdf_words` as JSON, made here: a page full of words costs the web process nothing."""
    return json.dumps(pdf_words(key, content, page), ensure_ascii=False).encode("utf-8", "replace")


def pdf_search(key: str, content: bytes, text: str, first: int = 1, most: int = MOST_HITS) -> dict[str, Any]:
    """Where a text stands, without regard to accents, capitals and line ends: `{"places", "next"}`.

    A place is `{"page", "boxes"}`, with one box per line it runs over. One slice from page `first` on, with at most
    `most` places; `next` is the page to go on with, None at the end.
    """
    return rendering_search.search(key, _pdf(key, content), text, max(first, 1), min(most, MOST_HITS))


def flat_page(key: str, content: bytes, page: int) -> tuple[int, bytes, int, int, float, float]:
    """A page as a JPEG for a document of pictures: pages of the whole, JPEG, its size in pixels and in points."""
    import pymupdf

    wanted = _page(key, content, page)
    across, down = max(wanted.rect.width, 1), max(wanted.rect.height, 1)
    zoom = min(FLAT_DPI / 72, (LARGEST_FLAT / (across * down)) ** 0.5)
    drawn = wanted.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), alpha=False)
    jpeg = bytes(drawn.pil_tobytes("JPEG", quality=80, optimize=True))
    return wanted.parent.page_count, jpeg, drawn.width, drawn.height, round(across, 2), round(down, 2)


def imaging_info(_key: str, content: bytes) -> Any:
    """The study (`imaging.ImagingStudy`)."""
    from app.documents import imaging

    return imaging.read_study(content)


def imaging_identity(_key: str, content: bytes) -> Any:
    """Who an imaging document says it shows (`imaging_model.FileIdentity`)."""
    from app.documents import imaging

    return imaging.read_identity(content)


def imaging_part(_key: str, content: bytes, start: int, count: int) -> Any:
    """What some files of an archive are (`imaging_model.ArchivePart`)."""
    from app.documents import imaging_archive

    return imaging_archive.part(content, start, count)


def imaging_series(
    _key: str, content: bytes, entries: tuple[int, ...], frames: tuple[int, ...], gain: float, offset: float
) -> bytes:
    """Chosen files of an archive as one document (`imaging_archive.series`)."""
    from app.documents import imaging_archive

    return imaging_archive.series(content, entries, frames, gain, offset)


def imaging_frame(_key: str, content: bytes, frame: int) -> bytes:
    """A frame as little-endian int16, row by row."""
    from app.documents import imaging

    return imaging.frame(content, frame).astype("<i2").tobytes()


def laboratory_results(_key: str, content: bytes) -> Any:
    """The results (`laboratory.Result`s)."""
    from app.documents import laboratory

    return laboratory.read_results(content)


def laboratory_form(_key: str, content: bytes) -> dict[str, Any]:
    """The form of a report that was typed by hand (`laboratory_bundle.read_form`)."""
    from app.documents import laboratory_bundle

    return laboratory_bundle.read_form(content)


TASKS = {
    task.__name__: task
    for task in (
        inspect,
        report,
        pdf_info,
        pdf_page,
        pdf_words,
        pdf_words_json,
        pdf_search,
        flat_page,
        rendering_pictures.picture,
        rendering_pictures.picture_tile,
        imaging_info,
        imaging_identity,
        imaging_part,
        imaging_series,
        imaging_frame,
        laboratory_results,
        laboratory_form,
    )
}


def _pdf(key: str, content: bytes) -> Any:
    import pymupdf

    if key in _open_documents:
        _open_documents.move_to_end(key)
        return _open_documents[key]
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    document = _open_documents[key] = pymupdf.open(stream=content, filetype="pdf")
    while len(_open_documents) > KEPT_DOCUMENTS:
        forget(next(iter(_open_documents)))
    return document


def _page(key: str, content: bytes, number: int) -> Any:
    from app.errors import NotFound

    document = _pdf(key, content)
    if not 1 <= number <= document.page_count:
        raise NotFound
    return document[number - 1]


def _lines(page: Any) -> list[reading_order.Line]:
    """The lines of a page where they are shown, as MuPDF gives them."""
    import pymupdf

    lines: dict[tuple[int, int], list[tuple[float, float, float, float, str]]] = {}
    for left, top, right, bottom, text, block, line, _number in page.get_text("words"):
        box = rendering_search.box(pymupdf.Rect(left, top, right, bottom) * page.rotation_matrix)
        lines.setdefault((block, line), []).append((box[0], box[1], box[2], box[3], text))
    return [
        reading_order.Line(
            (min(w[0] for w in words), min(w[1] for w in words), max(w[2] for w in words), max(w[3] for w in words)),
            tuple(words),
        )
        for words in lines.values()
    ]
