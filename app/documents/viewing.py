"""The content of documents on its way to a person: pages drawn, words, pictures, frames, results, the file itself.

Whoever gets any of it, be it one page, is journalled as having seen the document (`entries.opened`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.audit import service as audit
from app.documents.entries import DocumentView, Opened, find, opened
from app.documents.models import DocumentKind
from app.documents.rendering_pictures import has_tile
from app.documents.rendering_search import MOST_HITS
from app.documents.store_threads import pieces
from app.errors import InvalidInput, NotFound
from app.identity.models import Professional
from app.platform import Platform, StoredFile, Turn, Urgency

THUMBNAIL = 190  # pixels
Which = str | Opened
"""A document by its reference, or one that the same request has opened already."""

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


async def pages(platform: Platform, actor: Professional, document: Which) -> dict[str, Any]:
    """Sizes of a PDF's pages in points, and whether it has text. Raises: NotFound, FileRefused."""
    answer: dict[str, Any] = await _render(platform, actor, document, DocumentKind.PDF, "pdf_info")
    return answer


async def page_image(
    platform: Platform, actor: Professional, document: Which, page: int, width: int, *, ahead: bool = False
) -> bytes:
    """A page of a PDF as WebP; pages count from 1. Thumbnails, and pages asked for `ahead`, let the others pass.

    Raises: NotFound, FileRefused.
    """
    urgency = Urgency.AHEAD if ahead or width <= THUMBNAIL else Urgency.SEEN
    image: bytes = await _render(
        platform, actor, document, DocumentKind.PDF, "pdf_page", urgency, page=page, width=width
    )
    return image


async def words(platform: Platform, actor: Professional, document: Which, page: int) -> dict[str, Any]:
    """The words of a page with their boxes (`rendering_tasks.pdf_words`). Raises: NotFound, FileRefused."""
    answer: dict[str, Any] = json.loads(await words_json(platform, actor, document, page))
    return answer


async def words_json(platform: Platform, actor: Professional, document: Which, page: int) -> bytes:
    """`words`, as the JSON that the rendering process made. Raises: NotFound, FileRefused."""
    answer: bytes = await _render(platform, actor, document, DocumentKind.PDF, "pdf_words_json", page=page)
    return answer


async def search(platform: Platform, actor: Professional, document: Which, text: str) -> list[dict[str, Any]]:
    """Where a text stands in a PDF (`rendering_tasks.pdf_search`), at most 500 places.

    Done slice by slice: others' pages are drawn in between, and it ends with whoever asked. Raises: NotFound,
    FileRefused, InvalidInput.
    """
    text = text.strip()
    if not 2 <= len(text) <= 200:
        raise InvalidInput("Cherchez un mot d'au moins deux lettres.")
    opening = _opening(platform, actor, document)
    places: list[dict[str, Any]] = []
    first: int | None = 1
    while first is not None and len(places) < MOST_HITS:
        arguments = {"text": text, "first": first, "most": MOST_HITS - len(places)}
        found = await _render(platform, actor, opening, DocumentKind.PDF, "pdf_search", Urgency.SOUGHT, **arguments)
        places += found["places"]
        if found["next"] is not None and found["next"] <= first:
            break  # no answer of ours: it would never end
        first = found["next"]
    return places


async def picture(platform: Platform, actor: Professional, document: Which, width: int) -> bytes:
    """A picture as WebP, at most `width` pixels wide. Raises: NotFound, FileRefused."""
    image: bytes = await _render(platform, actor, document, DocumentKind.PICTURE, "picture", width=width)
    return image


async def picture_tile(
    platform: Platform, actor: Professional, document: Which, level: int, column: int, row: int
) -> bytes:
    """A tile of a picture with all its points, as WebP (`rendering_pictures`). Raises: NotFound, FileRefused."""
    opening = _opening(platform, actor, document)
    size = opening.view.detail
    if not has_tile(int(size.get("width", 0)), int(size.get("height", 0)), level, column, row):
        raise NotFound  # said before anything is drawn
    tile: bytes = await _render(
        platform, actor, opening, DocumentKind.PICTURE, "picture_tile", level=level, column=column, row=row
    )
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


async def imaging_info(platform: Platform, actor: Professional, document: Which) -> Any:
    """An imaging study (`imaging.ImagingStudy`). Raises: NotFound, FileRefused."""
    return await _render(platform, actor, document, DocumentKind.IMAGING, "imaging_info")


async def imaging_identity(platform: Platform, actor: Professional, document: Which) -> Any:
    """Who an imaging document says it shows (`imaging_model.FileIdentity`). Raises: NotFound, FileRefused."""
    return await _render(platform, actor, document, DocumentKind.IMAGING, "imaging_identity")


async def imaging_frame(platform: Platform, actor: Professional, document: Which, frame: int) -> bytes:
    """One frame as little-endian int16; frames count from 0. Raises: NotFound, FileRefused."""
    pixels: bytes = await _render(platform, actor, document, DocumentKind.IMAGING, "imaging_frame", frame=frame)
    return pixels


async def laboratory_results(platform: Platform, actor: Professional, document: Which) -> Any:
    """Laboratory results (`laboratory.Result`s). Raises: NotFound, FileRefused."""
    return await _render(platform, actor, document, DocumentKind.LABORATORY, "laboratory_results")


def loader(platform: Platform, stored: StoredFile) -> Callable[[], Iterator[bytes]]:
    """Reads a stored file from its start, when a rendering process asks for it."""
    return partial(platform.files.read, stored.file_id, stored.wrapped_key, 0, stored.size)


async def _render(
    platform: Platform,
    actor: Professional,
    document: Which,
    kind: DocumentKind,
    task: str,
    urgency: Urgency = Urgency.SEEN,
    **arguments: Any,
) -> Any:
    view, stored = _opening(platform, actor, document)
    if view.kind is not kind:
        raise NotFound
    turn = Turn(actor.login, urgency)
    return await platform.renderer.run(task, stored.file_id, loader(platform, stored), turn=turn, **arguments)


def _opening(platform: Platform, actor: Professional, document: Which) -> Opened:
    return opened(platform, actor, document) if isinstance(document, str) else document


def _pieces(platform: Platform, stored: StoredFile, start: int, stop: int) -> AsyncIterator[bytes]:
    return pieces(platform.files.read(stored.file_id, stored.wrapped_key, start, stop))
