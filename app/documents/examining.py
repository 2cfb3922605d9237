"""The examination of a file that has come, from its row « Analyse en cours » to a document or a refusal.

It goes on when the person closes the page, and another process takes it over when this one dies (`watch`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import structlog
from sqlmodel import Session

from app.documents import antivirus, arrivals, gate, imaging_adding, intake
from app.documents.entries import DocumentView
from app.documents.models import Arrival, Document, DocumentKind
from app.documents.viewing import loader
from app.dossiers.service import announce
from app.errors import (
    AccessDenied,
    FileDamaged,
    FileRefused,
    FileStoreFull,
    FileStoreUnavailable,
    NotFound,
    TeledossierError,
    WrongStep,
)
from app.identity.models import Professional
from app.platform import Platform, StoredFile, Turn, Urgency

log = structlog.get_logger(__name__)

FIRST_PAGE_WIDTH = 760  # pixels: what a viewer asks for first on an ordinary screen
LOOK_AGAIN = 15.0  # seconds between two looks for what a dead process left
LOOK_AGAIN_AFTER_ERROR = 60.0
FAULT = "l'analyse n'a pas abouti, à cause d'une panne de notre côté. Réessayez, puis appelez l'assistance."
DAMAGED = "l'analyse n'a pas abouti : le fichier reçu ne se relit pas. Ajoutez-le de nouveau."
STORE_AWAY = (
    "l'analyse n'a pas abouti : les fichiers ne se rangent pas pour le moment. Ajoutez-le de nouveau plus tard."
)
INTERRUPTED = (
    "le serveur a redémarré pendant l'analyse. Recommencez ; une biologie en cours de saisie est gardée en brouillon."
)
NOT_ALLOWED = "pendant l'analyse, le dossier a changé d'étape ou n'accepte plus de document de votre part."
Within = Callable[[Session, Document], None]
_background: set[asyncio.Task[Any]] = set()
_turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()


async def receive(
    platform: Platform,
    actor: Professional,
    number: str,
    filename: str,
    stored: StoredFile,
    within: Within | None = None,
    source: imaging_adding.Source = imaging_adding.UPLOAD,
) -> DocumentView:
    """Examine a file that has come whole, and make a document of it.

    Whoever waits for the answer may go away: the examination goes on. Raises: NotFound, AccessDenied, WrongStep,
    TooManyFiles, FileRefused(reason); the refusal stays in the list for its author.
    """
    try:
        arrival_id = arrivals.begin(platform, actor, number, filename, stored, bound=within is not None)
    except BaseException:
        await asyncio.shield(intake.forget(platform, stored.file_id))
        raise
    announce(platform, number)
    return await asyncio.shield(in_background(examine(platform, arrival_id, within, source)))


async def examine(
    platform: Platform,
    arrival_id: int,
    within: Within | None = None,
    source: imaging_adding.Source = imaging_adding.UPLOAD,
) -> DocumentView:
    """Examine the file of a row, whose lease is ours. `within` is done in the transaction that makes it visible.

    A process that takes a row over knows neither `within` nor `source`: what was to come with a `within` is refused then
    (a correction added without what it corrects would stand beside it as true), and images from a PACS are looked at as
    those of a CD, more strictly. Raises as `receive` does.
    """
    arrival, author, number = arrivals.read(platform, arrival_id)
    try:
        async with lease(platform, arrival_id), _turn_of(author):
            view, stored = await _examined(platform, arrival, author, number, within, source)
    except FileRefused as refusal:
        await settle(platform, arrival, number, refusal)
        raise
    except asyncio.CancelledError:  # this process ends: the row waits for the next one
        raise
    except TeledossierError as error:
        await settle(platform, arrival, number, FileRefused(_words_for(error)))
        raise
    except Exception:
        await settle(platform, arrival, number, FileRefused(FAULT))
        raise
    announce(platform, number)
    if view.kind is DocumentKind.PDF:
        in_background(_draw(platform, author, stored, FIRST_PAGE_WIDTH))
    return view


async def _examined(
    platform: Platform,
    arrival: Arrival,
    author: Professional,
    number: str,
    within: Within | None,
    source: imaging_adding.Source,
) -> tuple[DocumentView, StoredFile]:
    if arrival.size == 0:
        raise FileRefused("il est vide.")
    if arrival.bound and within is None:
        raise FileRefused(INTERRUPTED)
    if arrival.attempts > arrivals.MOST_ATTEMPTS:
        raise FileRefused(FAULT)
    stored = arrivals.stored_file(arrival)
    found = await inspect(platform, author, stored, arrival.filename)
    if found.archive is not None:
        archive = imaging_adding.Archive(stored, found.archive, source)
        settle_row = partial(arrivals.settle_in, arrival_id=arrival.id or 0)
        view = await imaging_adding.add_archive(platform, author, number, archive, arrivals.open_dossier, settle_row)
        await intake.forget(platform, stored.file_id)
        return view, stored
    return await admit(platform, arrival, author, number, stored, found, within=within)


async def inspect(platform: Platform, actor: Professional, stored: StoredFile, filename: str) -> gate.Inspected:
    """What the antivirus and the gate say of a stored file. Raises: FileRefused."""
    await antivirus.check(platform.settings, loader(platform, stored), stored.size)
    found: gate.Inspected = await platform.renderer.run(
        "inspect", stored.file_id, loader(platform, stored), turn=Turn(actor.login), filename=filename
    )
    return found


async def admit(
    platform: Platform,
    arrival: Arrival,
    actor: Professional,
    number: str,
    stored: StoredFile,
    found: gate.Inspected,
    **more: Any,
) -> tuple[DocumentView, StoredFile]:
    """Make a document of what was found sound, and delete what is not kept of the arrival.

    Raises: NotFound, AccessDenied, WrongStep; then nothing new remains.
    """
    kept = stored
    try:
        if found.replacement is not None:
            kept = await intake.keep(platform, iter([found.replacement]))
        view = arrivals.admit(platform, arrival.id or 0, actor, number, kept, found, **more)
    except BaseException:
        if kept.file_id != arrival.file_id:
            await asyncio.shield(intake.forget(platform, kept.file_id))
        raise
    if arrival.file_id is not None and kept.file_id != arrival.file_id:
        await intake.forget(platform, arrival.file_id)
    return view, kept


def _words_for(error: TeledossierError) -> str:
    if isinstance(error, FileDamaged):
        return DAMAGED
    if isinstance(error, (FileStoreFull, FileStoreUnavailable)):
        return STORE_AWAY
    return NOT_ALLOWED if isinstance(error, (NotFound, AccessDenied, WrongStep)) else FAULT


async def settle(platform: Platform, arrival: Arrival, number: str, refusal: FileRefused) -> None:
    """Settle a row as refused; nothing of the file remains, unless it can be flattened."""
    log.info("file.refused", reference=arrival.reference, size=arrival.size, reason=refusal.reason)
    try:
        unkept = arrivals.refuse(platform, arrival.id or 0, refusal)
    except Exception:  # its bytes must go all the same; the row will be taken over and refused as unreadable
        log.exception("file.not_settled", reference=arrival.reference)
        unkept = [arrival.file_id] if arrival.file_id else []
    for file_id in unkept:
        await intake.forget(platform, file_id)
    announce(platform, number)


def dismiss(platform: Platform, actor: Professional, reference: str) -> None:
    """« Retirer »: forget a refused file and its bytes. Raises: NotFound, AccessDenied, WrongStep."""
    number, file_id = arrivals.remove(platform, actor, reference)
    if file_id is not None:
        in_background(intake.forget(platform, file_id))
    announce(platform, number)


async def watch(platform: Platform) -> None:
    """For as long as the web process runs: take over what a dead process left, forget refusals of more than a day."""
    while True:
        try:
            for arrival_id in arrivals.take_over(platform):
                in_background(examine(platform, arrival_id))
            for file_id in arrivals.forget_old(platform):
                await intake.forget(platform, file_id)
        except Exception:  # a database that is away for a while must not end this
            log.exception("files.watch")
            await asyncio.sleep(LOOK_AGAIN_AFTER_ERROR - LOOK_AGAIN)
        await asyncio.sleep(LOOK_AGAIN)


def start(platform: Platform) -> None:
    """Begin to `watch`, on the running event loop; says in the log whether the antivirus answers."""
    in_background(watch(platform))
    in_background(antivirus.say_state(platform.settings))


@contextlib.asynccontextmanager
async def lease(platform: Platform, arrival_id: int) -> AsyncIterator[None]:
    """Keep a row ours while we work on it."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(arrivals.LEASE.total_seconds() / 4)
            with contextlib.suppress(Exception):  # the next one may succeed
                arrivals.renew_lease(platform, arrival_id)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()


def _turn_of(author: Professional) -> asyncio.Lock:
    """A person's files are examined one after the other: thirty that take their time hold up nobody else's."""
    return _turns.setdefault(author.id or 0, asyncio.Lock())


def in_background(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Do some work that nobody may be waiting for; what goes wrong is in the log at least."""
    task = asyncio.create_task(work)
    _background.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _background.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, TeledossierError):
        log.error("files.background", exc_info=error)


async def _draw(platform: Platform, actor: Professional, stored: StoredFile, width: int) -> None:
    """What a viewer asks for first, before anybody has opened it."""
    turn = Turn(actor.login, Urgency.AHEAD)
    run = partial(platform.renderer.run, key=stored.file_id, load=loader(platform, stored), turn=turn)
    try:
        await run("pdf_page", page=1, width=width)
        await run("pdf_info")
    except TeledossierError as refusal:  # it will be said to whoever opens it
        log.warning("first page not drawn", reason=refusal.code)
