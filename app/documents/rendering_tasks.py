"""What a rendering process can do with a file's content; every function here runs away from the web process.

A task gets a key (which names the content), the content and plain arguments; it answers bytes or plain values. `run` is
what a worker calls. Pages are counted from 1, boxes are `[left, top, right, bottom]` in points of the page as it is
shown, from its upper left corner.
"""

from __future__ import annotations

import io
import json
from collections import OrderedDict
from typing import Any

from app.documents import rendering_search
from app.documents.rendering_search import MOST_HITS

KEPT_DOCUMENTS = 4
WIDEST = 2400  # pixels
LARGEST_TILE = 24_000_000  # pixels: a page as narrow and long as a till receipt must not fill the memory
MOST_WORDS = 20_000  # of one page: a poster of the smallest print has fewer

_open_documents: OrderedDict[str, Any] = OrderedDict()


def run(task: str, key: str, content: bytes, arguments: dict[str, Any]) -> Any:
    """Run a task by its name. Raises: FileRefused, NotFound (no such page); ValueError for an unknown task."""
    if task not in TASKS:
        raise ValueError(f"unknown task {task}")
    return TASKS[task](key, content, **arguments)


def forget(key: str) -> None:
    """Close what was kept open of a content."""
    rendering_search.forget(key)
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
    import pymupdf

    wanted = _page(key, content, page)
    words = [
        [*rendering_search.box(pymupdf.Rect(word[:4]) * wanted.rotation_matrix), word[4]]
        for word in wanted.get_text("words", sort=True)[:MOST_WORDS]
    ]
    return {"width": round(wanted.rect.width, 1), "words": words}


def pdf_words_json(key: str, content: bytes, page: int) -> bytes:
    """`pdf_words` as JSON, made here: a page full of words costs the web process nothing."""
    return json.dumps(pdf_words(key, content, page), ensure_ascii=False).encode("utf-8", "replace")


def pdf_search(key: str, content: bytes, text: str, first: int = 1, most: int = MOST_HITS) -> dict[str, Any]:
    """Where a text stands, without regard to accents, capitals and line ends: `{"places", "next"}`.

    A place is `{"page", "boxes"}`, with one box per line it runs over. One slice from page `first` on, with at most
    `most` places; `next` is the page to go on with, None at the end.
    """
    return rendering_search.search(key, _pdf(key, content), text, max(first, 1), min(most, MOST_HITS))


def picture(_key: str, content: bytes, width: int) -> bytes:
    """A picture as WebP, at most `width` pixels wide."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (width * 2, width * 2))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((min(width, WIDEST), WIDEST * 2))
        target = io.BytesIO()
        flat = upright if upright.mode == "RGB" else _on_white(upright)
        flat.save(target, "WEBP", quality=85, method=2)
        return target.getvalue()


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
        picture,
        imaging_info,
        imaging_identity,
        imaging_part,
        imaging_series,
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


def _on_white(image: Any) -> Any:
    from PIL import Image

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    drawn = image.convert("RGBA")
    white = Image.new("RGBA", drawn.size, "white")
    return Image.alpha_composite(white, drawn).convert("RGB")
