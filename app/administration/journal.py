"""The journal (administration): search, integrity, export. Numbers of dossiers, never what is in them."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select

from app import french
from app.administration import csv_writing, rights
from app.administration.drafts import LABELS
from app.audit import service as audit
from app.audit import wording
from app.audit.models import AuditEntry
from app.db import key
from app.dossiers.models import Dossier, Step
from app.errors import InvalidInput
from app.french import PARIS, folded
from app.identity.models import Professional
from app.identity.ways import Way
from app.platform import Platform

SHOWN = 50  # rows on one page
EXPORTED_AT_ONCE = 500
VERIFY_SECONDS = 60.0
NUMBER = re.compile(r"TLM-\d{4}-\d+")  # stands in a column of its own

# What `detail` calls things, in the words of the screen; what is not here is shown as it is.
_DETAILS = LABELS | {
    "fields": "modifié",
    "roles": "rôles",
    "invited": "invité",
    "count": "nombre",
    "documents": "documents",
    "key": "clé n°",
    "removed": "supprimés",
    "unfinished": "inachevés",
    "rows": "lignes",
    "broken": "altérée",
    "complete": "complète",
    "name": "Nom",
    "town": "Commune",
    "finess": "FINESS",
    "phone": "Téléphone",
    "login_ways": "moyens",
    "first_way": "premier moyen",
    "password_networks": "réseaux",
    "before": "avant",
    "first_day": "du",
    "last_day": "au",
    "person": "personne",
    "dossier": "télédossier",
    "text": "texte",
}

_verifying = threading.Lock()


@dataclass(frozen=True)
class JournalQuery:
    """What is looked for; empty means any. Days are those of Paris, both included."""

    first_day: date | None = None
    last_day: date | None = None
    person: str = ""
    action: str = ""
    dossier: str = ""
    text: str = ""


@dataclass(frozen=True)
class JournalRow:
    """One row in words."""

    id: int
    at: datetime
    who: str
    action: str
    said: str
    dossier: str
    more: str


@dataclass(frozen=True)
class JournalPage:
    """A page of what was found, newest first; `total` counts all."""

    rows: tuple[JournalRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class Verification:
    """How the journal stands: rows looked at, the first that does not fit, whether all were looked at."""

    rows: int
    broken: int | None
    complete: bool

    @property
    def said(self) -> str:
        """« Journal intact : 1 204 lignes vérifiées »."""
        count = f"{self.rows:,}".replace(",", french.NARROW_SPACE)
        plural = "lignes vérifiées" if self.rows > 1 else "ligne vérifiée"
        if self.broken is not None:
            return (
                f"Journal altéré à la ligne {self.broken} : elle ne suit plus la précédente. "
                "Gardez la base en l'état et appelez l'assistance."
            )
        if not self.complete:
            return f"Vérification interrompue après {VERIFY_SECONDS:.0f} s : {count} {plural}, aucune altérée."
        return f"Journal intact : {count} {plural}"


def search_journal(platform: Platform, actor: Professional, query: JournalQuery, page: int = 1) -> JournalPage:
    """One page of what fits the query. Reads the whole journal when asked to: call it in a thread.

    Raises: AccessDenied.
    """
    with rights.looking(platform, actor, "journal.search") as session:
        conditions = _conditions(session, query)
        total = session.exec(select(func.count()).select_from(AuditEntry).where(*conditions)).one()
        pages = max(1, -(-total // SHOWN))
        page = min(max(page, 1), pages)
        wanted = select(AuditEntry).where(*conditions).order_by(col(AuditEntry.id).desc())
        entries = list(session.exec(wanted.offset((page - 1) * SHOWN).limit(SHOWN)))
        return JournalPage(tuple(_rows(session, entries)), total, page, pages)


def actions(platform: Platform, actor: Professional) -> dict[str, str]:
    """Every action that can be looked for: code to words, in order of the words. Raises: AccessDenied."""
    rights.check(platform, actor, "journal.actions")
    return dict(sorted(wording.WORDS.items(), key=lambda each: folded(each[1])))


def verify_journal(platform: Platform, actor: Professional, seconds: float = VERIFY_SECONDS) -> Verification:
    """Follow the chain from the first row on, for `seconds` at most; journalled. Call it in a thread.

    Raises: AccessDenied, InvalidInput (a verification is going on already).
    """
    rights.check(platform, actor, "journal.verify")
    if not _verifying.acquire(blocking=False):
        raise InvalidInput("Une vérification est déjà en cours. Attendez qu'elle se termine.")
    try:
        with platform.reading() as session:
            checked = audit.follow_chain(session, time.monotonic() + seconds)
    finally:
        _verifying.release()
    found = Verification(checked.rows, checked.broken, checked.complete)
    with rights.changing(platform, actor, "journal.verify") as session:
        audit.record(session, platform.now(), actor, "journal.verified", detail=asdict(found))
    return found


def export_journal(platform: Platform, actor: Professional, query: JournalQuery) -> Iterator[bytes]:
    """What fits the query as CSV, oldest first, in pieces; journalled before the first piece is made.

    The right is checked by this very call, the pieces are read as they are asked for (in a thread). Rows written
    meanwhile are not in it.

    Raises: AccessDenied.
    """
    with rights.changing(platform, actor, "journal.export") as session:
        conditions = _conditions(session, query)
        newest = session.exec(select(func.max(AuditEntry.id))).one() or 0
        asked = {name: str(value) for name, value in asdict(query).items() if value}
        audit.record(session, platform.now(), actor, "journal.exported", detail=asked)
    return _pieces(platform, conditions, newest)


def _pieces(platform: Platform, conditions: list[ColumnElement[bool]], newest: int) -> Iterator[bytes]:
    head = ("Ligne", "Date", "Heure", "Qui", "Action", "Code", "Télédossier", "Précisions", "Empreinte")
    yield csv_writing.BYTE_ORDER_MARK.encode() + csv_writing.lines([head])
    last = 0
    while True:
        with platform.reading() as session:
            wanted = select(AuditEntry).where(*conditions, col(AuditEntry.id) > last, col(AuditEntry.id) <= newest)
            entries = list(session.exec(wanted.order_by(col(AuditEntry.id)).limit(EXPORTED_AT_ONCE)))
            rows = list(_rows(session, entries))
        if not entries:
            return
        yield csv_writing.lines(
            (
                str(row.id),
                french.numeric_date(french.local(row.at).date()),
                f"{french.local(row.at):%H:%M:%S}",
                row.who,
                row.said,
                row.action,
                row.dossier,
                row.more,
                entry.hash,
            )
            for row, entry in zip(rows, entries, strict=True)
        )
        last = key(entries[-1])


def _conditions(session: Session, query: JournalQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.first_day:
        found.append(col(AuditEntry.at) >= datetime.combine(query.first_day, clock_time(), PARIS))
    if query.last_day:
        found.append(col(AuditEntry.at) < datetime.combine(query.last_day + timedelta(days=1), clock_time(), PARIS))
    if query.action:
        found.append(col(AuditEntry.action) == query.action)
    if query.person.strip():
        found.append(_by(session, query.person.strip()[:100]))
    if query.dossier.strip():
        number = query.dossier.strip().upper()[:40]
        dossier_id = session.exec(select(Dossier.id).where(Dossier.number == number)).first()
        found.append(col(AuditEntry.dossier_id) == (dossier_id or 0))
    for word in query.text[:200].split():
        found.append(_holding(word))
    return found


def _by(session: Session, person: str) -> ColumnElement[bool]:
    """Rows of whoever's name or login holds these words, and rows about their account."""
    wanted = folded(person).split()
    them = [
        each
        for each in session.exec(select(Professional))
        if all(word in folded(f"{each.full_name} {each.login}") for word in wanted)
    ]
    return or_(
        col(AuditEntry.actor_id).in_([each.id for each in them]),
        col(AuditEntry.actor_name).icontains(person, autoescape=True),
        col(AuditEntry.action).startswith("person.") & col(AuditEntry.subject).in_([each.login for each in them]),
    )


def _holding(word: str) -> ColumnElement[bool]:
    named = [code for code, words in wording.WORDS.items() if folded(word) in folded(words)]
    columns = (AuditEntry.actor_name, AuditEntry.action, AuditEntry.subject, AuditEntry.detail)
    return or_(*(col(column).icontains(word, autoescape=True) for column in columns), col(AuditEntry.action).in_(named))


def _rows(session: Session, entries: list[AuditEntry]) -> Iterator[JournalRow]:
    ids = {entry.dossier_id for entry in entries if entry.dossier_id is not None}
    numbers = dict(session.exec(select(Dossier.id, Dossier.number).where(col(Dossier.id).in_(ids))).all())
    for entry in entries:
        yield JournalRow(
            id=key(entry),
            at=entry.at,
            who=entry.actor_name,
            action=entry.action,
            said=wording.words_of(entry.action),
            dossier=numbers.get(entry.dossier_id, ""),
            more=_more(entry),
        )


def _more(entry: AuditEntry) -> str:
    """What else the row says, in few words. Titles of documents stay in their dossier."""
    detail = json.loads(entry.detail)
    said_already = entry.action.startswith("document.") or NUMBER.fullmatch(entry.subject)
    parts = [] if said_already else [entry.subject]
    if entry.action == "dossier.step":
        parts = [_step(detail.get("to"))]
    elif entry.action.startswith("file."):
        parts = [str(detail.get("reason", ""))]
    elif entry.action == "call.route":
        parts = [wording.ROUTES.get(str(detail.get("route")), "")]
    elif entry.action.startswith("login"):
        method = str(detail.get("method", ""))
        parts += [Way(method).label if method in set(Way) else method, str(detail.get("reason", ""))]
        parts += [str(detail.get("address", ""))]
    elif (
        entry.action.split(".")[0] in ("person", "people", "structure", "room", "journal", "administrator", "files")
        and entry.dossier_id is None
    ):
        parts += [
            f"{_DETAILS.get(name, name)} : {_plain(value)}"
            for name, value in detail.items()
            if value not in ("", None, [], False)
        ]
    return ", ".join(part for part in parts if part)


def _step(code: object) -> str:
    return Step(code).label if code in {step.value for step in Step} else str(code or "")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_DETAILS.get(str(each), str(each)) for each in value)
    return "oui" if value is True else str(value)
