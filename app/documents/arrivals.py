"""Files that have come and are no documents yet, as rows: who sees them, what becomes of them.

    EXAMINING ── sound ─────────────────────────────> a `Document`; the row is gone
        └── refused ──> REFUSED ── « Ajouter en images » ──> FLATTENING ──> a `Document`, or REFUSED again
                            └── « Retirer », or a day later: the row is gone

Everybody who may see the dossier sees what is under examination; a refusal concerns its author and their colleagues.
What works on a row holds a lease (`busy_until`): when its process dies, another one takes the row over.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.documents import entries, gate, imaging_adding
from app.documents.entries import DocumentView
from app.documents.models import Arrival, ArrivalState, Document, DocumentReading
from app.dossiers.access import Right, dossier_for, journal_refusal, visible_to
from app.dossiers.models import Dossier, Step
from app.errors import FileInfected, FileRefused, NotFound, TooManyFiles, WrongStep
from app.identity.models import Professional
from app.platform import Platform, StoredFile

LEASE = timedelta(seconds=40)
KEPT_REFUSALS = timedelta(hours=24)
MOST_ATTEMPTS = 3  # at examining: a file is not blamed for one dead process, but for three
MOST_OF_ONE_PERSON = 30  # under examination at once
MOST_REFUSALS = 40  # of one dossier; the oldest go first
OVER = (Step.CLOSED, Step.CANCELLED)


@dataclass(frozen=True)
class ArrivalView:
    """A file on its way, as somebody sees it in the list. `may_act`: they may retire it, or add it as pictures."""

    reference: str
    filename: str
    size: int
    author_name: str
    created_at: datetime
    state: ArrivalState
    reason: str
    can_flatten: bool
    may_act: bool
    done: int
    pages: int


def open_dossier(session: Session, actor: Professional, number: str) -> Dossier:
    """The dossier, when `actor` may add to it now. Raises: NotFound, AccessDenied, WrongStep."""
    dossier = dossier_for(session, actor, number, Right.ADD_DOCUMENT)
    if dossier.step in OVER:
        raise WrongStep
    return dossier


def begin(
    platform: Platform, actor: Professional, number: str, filename: str, stored: StoredFile, *, bound: bool = False
) -> int:
    """Note that a file has come and is under examination; answers the row's id. `bound`: see `Arrival`.

    Raises: NotFound, AccessDenied, WrongStep, TooManyFiles (of the author's, waiting already).
    """
    now = platform.now()
    with platform.transaction() as session:
        dossier = open_dossier(session, actor, number)  # again: the step may have moved while the file was arriving
        waiting = sa.select(sa.func.count()).where(
            col(Arrival.author_id) == actor.id, col(Arrival.state) == ArrivalState.EXAMINING
        )
        if session.scalar(waiting) >= MOST_OF_ONE_PERSON:  # type: ignore[operator]
            raise TooManyFiles
        arrival = Arrival(
            reference=secrets.token_hex(16),
            dossier_id=dossier.id or 0,
            author_id=actor.id or 0,
            author_name=actor.short_name,
            filename=filename,
            size=stored.size,
            sha256=stored.sha256,
            file_id=stored.file_id,
            wrapped_key=stored.wrapped_key,
            created_at=now,
            busy_until=now + LEASE,
            bound=bound,
        )
        session.add(arrival)
        session.flush()
        return arrival.id or 0


def read(platform: Platform, arrival_id: int) -> tuple[Arrival, Professional, str]:
    """A row, its author and the dossier's number. Raises: NotFound, when the row is gone."""
    with platform.reading() as session:
        arrival = session.get(Arrival, arrival_id)
        if arrival is None:
            raise NotFound
        dossier = session.get_one(Dossier, arrival.dossier_id)
        return arrival, session.get_one(Professional, arrival.author_id), dossier.number


def stored_file(arrival: Arrival) -> StoredFile:
    """Where its bytes are kept. Raises: NotFound, when they are not kept any more."""
    if arrival.file_id is None or arrival.wrapped_key is None:
        raise NotFound
    return StoredFile(arrival.file_id, arrival.size, arrival.sha256, arrival.wrapped_key)


def admit(
    platform: Platform,
    arrival_id: int,
    actor: Professional,
    number: str,
    stored: StoredFile,
    found: gate.Inspected,
    *,
    filename: str = "",
    action: str = "document.added",
    within: Callable[[Session, Document], None] | None = None,
    **more: Any,
) -> DocumentView:
    """Make a document of a row, in one transaction with its row in the journal, and with `within`.

    Raises: NotFound (the row, or the right, has gone), AccessDenied, WrongStep.
    """
    with platform.transaction() as session:
        arrival = settle_in(session, arrival_id)
        dossier = open_dossier(session, actor, number)
        document = entries.row(actor, dossier, filename or arrival.filename, stored, found, platform.now())
        session.add(document)
        entries.journal_added(session, actor, document, action, **more)
        if found.identity is not None:
            imaging_adding.journal_identity(session, actor, dossier, document, found.identity)
        # Who adds a document has seen it; that is no row of its own in the journal.
        reading = DocumentReading(
            document_id=document.id or 0, professional_id=actor.id or 0, seen_at=document.created_at
        )
        session.add(reading)
        if within is not None:
            within(session, document)
    return entries.view_of(document, number, reading)


def settle_in(session: Session, arrival_id: int) -> Arrival:
    """Take a row away in the transaction that makes documents of its file. Raises: NotFound (it has gone)."""
    arrival = session.get(Arrival, arrival_id)
    if arrival is None:
        raise NotFound
    session.delete(arrival)
    return arrival


def refuse(platform: Platform, arrival_id: int, refusal: FileRefused) -> list[str]:
    """Settle a row as refused, journalled; answers the ids of stored files that nobody keeps any more."""
    now, unkept = platform.now(), []
    with platform.transaction() as session:
        arrival = session.get(Arrival, arrival_id)
        if arrival is None:
            return []
        arrival.state, arrival.reason, arrival.settled_at = ArrivalState.REFUSED, refusal.reason, now
        arrival.can_flatten, arrival.done, arrival.pages, arrival.busy_until = refusal.flattenable, 0, 0, now
        if not refusal.flattenable and arrival.file_id is not None:
            unkept.append(arrival.file_id)
            arrival.file_id, arrival.wrapped_key = None, None
        session.add(arrival)
        detail: dict[str, Any] = {"reason": refusal.reason, "sha256": arrival.sha256, "size": arrival.size}
        action = "file.refused"
        if isinstance(refusal, FileInfected):
            action, detail = "file.infected", detail | {"virus": refusal.virus}
        author = session.get_one(Professional, arrival.author_id)
        audit.record(
            session, now, author, action, dossier_id=arrival.dossier_id, subject=arrival.reference, detail=detail
        )
        unkept += _drop_oldest(session, arrival.dossier_id)
    return unkept


def arrivals_of(platform: Platform, actor: Professional, number: str) -> list[ArrivalView]:
    """The files on their way into a dossier, oldest first. Raises: NotFound (journalled when somebody else's)."""
    try:
        with platform.reading() as session:
            dossier = dossier_for(session, actor, number)
            may_act = dossier.step not in OVER
            wanted = select(Arrival, Professional).join(Professional).where(Arrival.dossier_id == dossier.id)
            return [
                _view(arrival, may_act)
                for arrival, author in session.exec(wanted.order_by(col(Arrival.id)))
                if arrival.state is not ArrivalState.REFUSED or _concerns(actor, author)
            ]
    except NotFound:
        journal_refusal(platform, actor, number)
        raise


def find(session: Session, actor: Professional, reference: str) -> tuple[Arrival, Dossier]:
    """A refused file that `actor` may act on. Raises: NotFound, AccessDenied, WrongStep."""
    found = session.exec(
        select(Arrival, Dossier, Professional)
        .join(Dossier, col(Dossier.id) == col(Arrival.dossier_id))
        .join(Professional, col(Professional.id) == col(Arrival.author_id))
        .where(Arrival.reference == reference, visible_to(actor))
    ).first()
    if found is None or found[0].state is not ArrivalState.REFUSED or not _concerns(actor, found[2]):
        raise NotFound
    open_dossier(session, actor, found[1].number)
    return found[0], found[1]


def claim_flattening(platform: Platform, actor: Professional, reference: str) -> int:
    """Take a refused file to be flattened; answers the row's id.

    Raises: NotFound (gone, or somebody is at it already), AccessDenied, WrongStep.
    """
    with platform.transaction() as session:
        arrival, _dossier = find(session, actor, reference)
        if not arrival.can_flatten or arrival.file_id is None:
            raise NotFound
        arrival.state, arrival.busy_until = ArrivalState.FLATTENING, platform.now() + LEASE
        session.add(arrival)
        return arrival.id or 0


def note_progress(platform: Platform, arrival_id: int, done: int, pages: int) -> None:
    """How far flattening is."""
    with platform.transaction() as session:
        session.execute(sa.update(Arrival).filter_by(id=arrival_id).values(done=done, pages=pages))


def remove(platform: Platform, actor: Professional, reference: str) -> tuple[str, str | None]:
    """« Retirer »: forget a refused file, journalled; answers the dossier's number, and the stored file to delete.

    Raises: NotFound, AccessDenied, WrongStep.
    """
    with platform.transaction() as session:
        arrival, dossier = find(session, actor, reference)
        session.delete(arrival)
        audit.record(
            session, platform.now(), actor, "file.removed", dossier_id=dossier.id, subject=reference,
            detail={"sha256": arrival.sha256},
        )  # fmt: skip
        return dossier.number, arrival.file_id


def renew_lease(platform: Platform, arrival_id: int) -> None:
    """Somebody is still at it."""
    with platform.transaction() as session:
        until = platform.now() + LEASE
        session.execute(sa.update(Arrival).filter_by(id=arrival_id).values(busy_until=until))


def take_over(platform: Platform) -> list[int]:
    """Claim what a dead process left under examination; answers the rows' ids.

    What it was flattening becomes « refused » again: the person may ask for it once more.
    """
    now, taken = platform.now(), []
    with platform.transaction() as session:
        wanted = select(Arrival).where(
            col(Arrival.state) != ArrivalState.REFUSED, col(Arrival.busy_until) < now
        )  # fmt: skip
        for arrival in session.exec(wanted.with_for_update(skip_locked=True)):
            if arrival.state is ArrivalState.FLATTENING:
                arrival.state, arrival.settled_at, arrival.done = ArrivalState.REFUSED, now, 0
            else:
                arrival.busy_until, arrival.attempts = now + LEASE, arrival.attempts + 1
                taken.append(arrival.id or 0)
            session.add(arrival)
    return taken


def forget_old(platform: Platform) -> list[str]:
    """Remove refusals of more than a day; answers the ids of stored files that nobody keeps any more."""
    with platform.transaction() as session:
        before = platform.now() - KEPT_REFUSALS
        wanted = select(Arrival).where(Arrival.state == ArrivalState.REFUSED, col(Arrival.settled_at) < before)
        return _delete(session, list(session.exec(wanted)))


def _drop_oldest(session: Session, dossier_id: int) -> list[str]:
    refused = select(Arrival).where(Arrival.dossier_id == dossier_id, Arrival.state == ArrivalState.REFUSED)
    rows = list(session.exec(refused.order_by(col(Arrival.id).desc())))
    return _delete(session, rows[MOST_REFUSALS:])


def _delete(session: Session, arrivals: list[Arrival]) -> list[str]:
    for arrival in arrivals:
        session.delete(arrival)
    return [arrival.file_id for arrival in arrivals if arrival.file_id is not None]


def _concerns(actor: Professional, author: Professional) -> bool:
    """A refusal is the business of who proposed the file, and of those who work in the same place."""
    return actor.id == author.id or (author.structure_id is not None and author.structure_id == actor.structure_id)


def _view(arrival: Arrival, may_act: bool) -> ArrivalView:
    return ArrivalView(
        reference=arrival.reference,
        filename=arrival.filename,
        size=arrival.size,
        author_name=arrival.author_name,
        created_at=arrival.created_at,
        state=arrival.state,
        reason=arrival.reason,
        can_flatten=arrival.can_flatten and arrival.file_id is not None,
        may_act=may_act and arrival.state is ArrivalState.REFUSED,
        done=arrival.done,
        pages=arrival.pages,
    )
