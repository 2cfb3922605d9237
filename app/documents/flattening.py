"""« Ajouter en images »: a PDF refused for what it could do, kept as pictures of its pages, which can do nothing.

Each page is a job of its own in the rendering process, so that none outlasts its limit; the new file goes through the
whole gate again, like any other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakKeyDictionary

import structlog

from app.documents import arrivals, examining, flat_pdf, intake
from app.documents.entries import DocumentView
from app.documents.flat_pdf import Sheet
from app.documents.models import Arrival
from app.documents.rendering_tasks import LARGEST_FLAT
from app.documents.viewing import loader
from app.dossiers.service import announce
from app.errors import FileRefused, FileTooLarge, NotFound, TeledossierError
from app.identity.models import Professional
from app.platform import Platform, StoredFile, Turn, Urgency

log = structlog.get_logger(__name__)

MOST_PAGES = 300
MOST_SECONDS = 600.0
TOLD_EVERY = 1.0  # seconds between two words of progress: each redraws the list of everybody who looks at it
LARGEST_JPEG = 32_000_000  # bytes

TOO_MANY_PAGES = f"il a plus de {MOST_PAGES} pages. Imprimez-le en PDF par parties, puis ajoutez-les."
TOO_LONG = "sa mise en images dure trop longtemps. Imprimez-le en PDF par parties, puis ajoutez-les."
TOO_HEAVY = "mis en images, il dépasserait la taille permise. Imprimez-le en PDF par parties, puis ajoutez-les."
FAILED = "il n'a pas pu être mis en images : {reason}"
BROKEN = "une de ses pages ne s'affiche pas. Imprimez-le en PDF, puis ajoutez la copie."

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def start(platform: Platform, actor: Professional, reference: str) -> asyncio.Task[Any]:
    """Begin to flatten a refused file; it goes on when the person closes the page.

    Raises: NotFound (gone, cannot be flattened, or somebody is at it already), AccessDenied, WrongStep.
    """
    arrival_id = arrivals.claim_flattening(platform, actor, reference)
    return examining.in_background(_flatten(platform, actor, arrival_id))


async def flatten(platform: Platform, actor: Professional, reference: str) -> DocumentView:
    """Flatten a refused file and wait for the document. Raises as `start` does, and FileRefused."""
    view: DocumentView = await start(platform, actor, reference)
    return view


async def _flatten(platform: Platform, actor: Professional, arrival_id: int) -> DocumentView:
    arrival, _author, number = arrivals.read(platform, arrival_id)
    announce(platform, number)
    try:
        async with examining.lease(platform, arrival_id), _turn():
            view = await _made(platform, actor, arrival, number)
    except asyncio.CancelledError:  # this process ends: the row becomes « refused » again when its lease runs out
        raise
    except TeledossierError as error:
        reason = error.reason if isinstance(error, FileRefused) else examining.NOT_ALLOWED
        await examining.settle(platform, arrival, number, FileRefused(FAILED.format(reason=reason)))
        raise
    except Exception:
        await examining.settle(platform, arrival, number, FileRefused(FAILED.format(reason=examining.FAULT)))
        raise
    announce(platform, number)
    return view


async def _made(platform: Platform, actor: Professional, arrival: Arrival, number: str) -> DocumentView:
    original = arrivals.stored_file(arrival)
    filename = flat_name(arrival.filename)
    try:
        flat = await intake.keep(platform, flat_pdf.pdf_of(_sheets(platform, actor, arrival, original, number)))
    except FileTooLarge as error:
        raise FileRefused(TOO_HEAVY) from error
    try:
        found = await examining.inspect(platform, actor, flat, filename)
        found.detail["flattened"] = True
        view, _stored = await examining.admit(
            platform, arrival, actor, number, flat, found,
            filename=filename, action="document.flattened", reason=arrival.reason, original_sha256=arrival.sha256,
        )  # fmt: skip
    except BaseException:
        await asyncio.shield(asyncio.to_thread(platform.files.delete, flat.file_id))
        raise
    return view


async def _sheets(
    platform: Platform, actor: Professional, arrival: Arrival, stored: StoredFile, number: str
) -> AsyncIterator[Sheet]:
    """The pages, drawn one after the other, each as a job of its own."""
    turn = Turn(actor.login, Urgency.AHEAD)
    began, told, page, pages = time.monotonic(), 0.0, 1, 1
    while page <= pages:
        try:
            answer = await platform.renderer.run(
                "flat_page", stored.file_id, loader(platform, stored), turn=turn, page=page
            )
        except NotFound as error:
            raise FileRefused(BROKEN) from error
        pages, sheet = _believed(answer)
        if pages > MOST_PAGES:
            raise FileRefused(TOO_MANY_PAGES)
        yield sheet
        if time.monotonic() - began > MOST_SECONDS:
            raise FileRefused(TOO_LONG)
        if time.monotonic() - told > TOLD_EVERY:
            told = time.monotonic()
            arrivals.note_progress(platform, arrival.id or 0, page, pages)
            announce(platform, number)
        page += 1


def _believed(answer: Any) -> tuple[int, Sheet]:
    """What the rendering process answered, when it can be: it opens hostile files and may have been taken over."""
    match answer:
        case (int(pages), bytes(jpeg), int(columns), int(rows), float() | int() as width, float() | int() as height):
            bounded = 0 < columns * rows <= 2 * LARGEST_FLAT and columns > 0 and 0 < len(jpeg) <= LARGEST_JPEG
            if bounded and pages > 0 and jpeg.startswith(b"\xff\xd8\xff"):
                return pages, Sheet(jpeg, columns, rows, float(width), float(height))
    log.error("flattening.not_believed")
    raise FileRefused(BROKEN)


def flat_name(filename: str) -> str:
    """« Courrier.pdf » becomes « Courrier (aplati).pdf »: everybody sees that it is not the file that was received."""
    stem, dot, extension = filename.rpartition(".")
    if not dot or extension.casefold() != "pdf":
        stem = filename
    return f"{stem} (aplati).pdf"


def _turn() -> asyncio.Semaphore:
    """One at a time in a process: files that arrive pass between its pages, not behind several such files."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(1))
