"""The content of documents on its way to a person: pages drawn, words, pictures, frames, results, the file itself.

Whoever gets any of it, be it one page, is journalled as having seen the document (`entries.opened`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.audit import service as audit
from app.documents.entries import DocumentView, find, opened
from app.documents.models import DocumentKind
from app.documents.rendering_pictures import has_tile
from app.errors import InvalidInput, NotFound
from app.identity.models import Professional
from app.platform import Platform, StoredFile

MOST_PRINTED = 100  # pages at once: a browser holds them all, about 0.3 MB each


@dataclass(frozen=True)
class Reading:
    """A document's content on its way out, in pieces. Raises, while it is read: FileDamaged."""

    document: DocumentView
    chunks: AsyncIterator[bytes]


async def read(
    platform: Platform,
    actor: Professional,
    reference: str,
    start: int = 0,
    stop: int | None = None,
    *,
    download: bool = False,
) -> Reading:
    """The content of a document, bytes `start` to `stop`; with `download`, kept and journalled as taken home.

    Raises: NotFound (journalled when foreign).
    """
    view, stored = opened(platform, actor, reference, download=download)
    return Reading(view, _pieces(platform, stored, start, view.size if stop is None else stop))


async def pages(platform: Platform, actor: Professional, reference: str) -> dict[str, Any]:
    """Sizes of a PDF's pages in points, and whether it has text. Raises: NotFound, FileRefused."""
    answer: dict[str, Any] = await _render(platform, actor, reference, DocumentKind.PDF, "pdf_info")
    return answer


async def page_image(platform: Platform, actor: Professional, reference: str, page: int, width: int) -> bytes:
    """A page of a PDF as WebP; pages count from 1. Raises: NotFound, FileRefused."""
    image: bytes = await _render(platform, actor, reference, DocumentKind.PDF, "pdf_page", page=page, width=width)
    return image


async def words(platform: Platform, actor: Professional, reference: str, page: int) -> dict[str, Any]:
    """The words of a page with their boxes (`rendering_tasks.pdf_words`). Raises: NotFound, FileRefused."""
    answer: dict[str, Any] = await _render(platform, actor, reference, DocumentKind.PDF, "pdf_words", page=page)
    return answer


async def search(platform: Platform, actor: Professional, reference: str, text: str) -> list[dict[str, Any]]:
    """Where a text stands in a PDF (`rendering_tasks.pdf_search`). Raises: NotFound, FileRefused, InvalidInput."""
    text = text.strip()
    if not 2 <= len(text) <= 200:
        raise InvalidInput("Cherchez un mot d'au moins deux lettres.")
    places: list[dict[str, Any]] = await _render(platform, actor, reference, DocumentKind.PDF, "pdf_search", text=text)
    return places


async def picture(platform: Platform, actor: Professional, reference: str, width: int) -> bytes:
    """A picture as WebP, at most `width` pixels wide. Raises: NotFound, FileRefused."""
    image: bytes = await _render(platform, actor, reference, DocumentKind.PICTURE, "picture", width=width)
    return image


async def picture_tile(
    platform: Platform, actor: Professional, reference: str, level: int, column: int, row: int
) -> bytes:
    """A tile of a picture with all its points, as WebP (`rendering_pictures`). Raises: NotFound, FileRefused."""
    size = opened(platform, actor, reference)[0].detail
    if not has_tile(int(size.get("width", 0)), int(size.get("height", 0)), level, column, row):
        raise NotFound  # said before anything is drawn
    place = {"level": level, "column": column, "row": row}
    tile: bytes = await _render(platform, actor, reference, DocumentKind.PICTURE, "picture_tile", **place)
    return tile


def print_pages(platform: Platform, actor: Professional, reference: str, first: int, last: int) -> None:
    """Journal that pages `first` to `last` of a PDF are about to be printed; a browser asks before it draws them.

    Raises: NotFound (journalled when foreign), InvalidInput (no such pages, or more than `MOST_PRINTED`).
    """
    view, _stored = opened(platform, actor, reference)
    if view.kind is not DocumentKind.PDF:
        raise NotFound
    if not 1 <= first <= last <= int(view.detail.get("pages", 0)):
        raise InvalidInput("Ces pages n'existent pas dans ce document.")
    if last - first >= MOST_PRINTED:
        raise InvalidInput(f"Imprimez au plus {MOST_PRINTED} pages à la fois.")
    with platform.transaction() as session:
        document, dossier = find(session, actor, reference)
        audit.record(
            session,
            platform.now(),
            actor,
            "document.printed",
            dossier_id=dossier.id,
            subject=document.reference,
            detail={"pages": f"{first}-{last}"},
        )


async def imaging_info(platform: Platform, actor: Professional, reference: str) -> Any:
    """An imaging study (`imaging.ImagingStudy`). Raises: NotFound, FileRefused."""
    return await _render(platform, actor, reference, DocumentKind.IMAGING, "imaging_info")


async def imaging_frame(platform: Platform, actor: Professional, reference: str, frame: int) -> bytes:
    """One frame as little-endian int16; frames count from 0. Raises: NotFound, FileRefused."""
    pixels: bytes = await _render(platform, actor, reference, DocumentKind.IMAGING, "imaging_frame", frame=frame)
    return pixels


async def laboratory_results(platform: Platform, actor: Professional, reference: str) -> Any:
    """Laboratory results (`laboratory.Result`s). Raises: NotFound, FileRefused."""
    return await _render(platform, actor, reference, DocumentKind.LABORATORY, "laboratory_results")


def loader(platform: Platform, stored: StoredFile) -> Callable[[], Iterator[bytes]]:
    """Reads a stored file from its start, when a rendering process asks for it."""
    return partial(platform.files.read, stored.file_id, stored.wrapped_key, 0, stored.size)


async def _render(
    platform: Platform, actor: Professional, reference: str, kind: DocumentKind, task: str, **arguments: Any
) -> Any:
    view, stored = opened(platform, actor, reference)
    if view.kind is not kind:
        raise NotFound
    return await platform.renderer.run(task, stored.file_id, loader(platform, stored), **arguments)


async def _pieces(platform: Platform, stored: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
    source = platform.files.read(stored.file_id, stored.wrapped_key, start, stop)
    while (piece := await asyncio.to_thread(next, source, None)) is not None:
        yield piece
