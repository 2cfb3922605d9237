"""The content of documents on its way to a person: pages drawn, words, pictures, frames, results, the file itself.

Whoever gets any of it, be it one page, is journalled as having seen the document (`entries.opened`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.documents.entries import DocumentView, opened
from app.documents.models import DocumentKind
from app.errors import InvalidInput, NotFound
from app.identity.models import Professional
from app.platform import Platform, StoredFile


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
    return Reading(view, pieces(platform, stored, start, view.size if stop is None else stop))


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


async def pieces(platform: Platform, stored: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
    """The bytes `start` to `stop` of a stored file; the caller has checked the right. Raises: FileDamaged."""
    source = platform.files.read(stored.file_id, stored.wrapped_key, start, stop)
    while (piece := await asyncio.to_thread(next, source, None)) is not None:
        yield piece
