"""Write and check the journal.

`record` is called inside the transaction of the act: either both are kept or neither. A row's hash covers its
content and the hash of the row before, so that a row changed or removed later shows (`verify`).
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry

FIRST_HASH = "0" * 64
VERIFIED_AT_ONCE = 1000  # rows in memory
CHAIN_LOCK = 20260001  # any number: PostgreSQL's advisory lock that keeps two writers from forking the chain


class Actor(Protocol):
    """Anybody who acts: a professional, a guest, the system."""

    @property
    def actor_id(self) -> int | None: ...

    @property
    def actor_name(self) -> str: ...


class _System:
    actor_id = None
    actor_name = "système"


SYSTEM = _System()


def record(
    session: Session,
    at: datetime,
    actor: Actor,
    action: str,
    *,
    dossier_id: int | None = None,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add one row to the journal, in the caller's transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CHAIN_LOCK})
    previous = session.exec(select(AuditEntry.hash).order_by(col(AuditEntry.id).desc()).limit(1)).first()
    entry = AuditEntry(
        at=at,
        actor_id=actor.actor_id,
        actor_name=actor.actor_name,
        action=action,
        dossier_id=dossier_id,
        subject=subject,
        detail=json.dumps(detail or {}, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        previous_hash=previous or FIRST_HASH,
        hash="",
    )
    entry.hash = _digest(entry)
    session.add(entry)
    session.flush()
    return entry


def entries_of(session: Session, dossier_id: int) -> list[AuditEntry]:
    """The journal of one dossier, newest first."""
    wanted = select(AuditEntry).where(AuditEntry.dossier_id == dossier_id).order_by(col(AuditEntry.id).desc())
    return list(session.exec(wanted))


@dataclass(frozen=True)
class Chain:
    """How far the journal was followed: rows looked at, the first that does not fit, whether it was the whole."""

    rows: int
    broken: int | None
    complete: bool


def verify(session: Session) -> int | None:
    """Number of the first row that does not fit the chain, or None when the journal is whole."""
    return follow_chain(session).broken


def follow_chain(session: Session, until: float = math.inf) -> Chain:
    """Follow the chain from its first row, in pieces, to its end or to the moment `until` (`time.monotonic`)."""
    previous, last, rows = FIRST_HASH, 0, 0
    while time.monotonic() < until:
        wanted = (
            select(AuditEntry).where(col(AuditEntry.id) > last).order_by(col(AuditEntry.id)).limit(VERIFIED_AT_ONCE)
        )
        piece = session.exec(wanted).all()
        for entry in piece:
            if entry.previous_hash != previous or entry.hash != _digest(entry):
                return Chain(rows, entry.id, complete=True)
            previous, last, rows = entry.hash, entry.id or 0, rows + 1
        session.expunge_all()
        if len(piece) < VERIFIED_AT_ONCE:
            return Chain(rows, None, complete=True)
    return Chain(rows, None, complete=False)


def _digest(entry: AuditEntry) -> str:
    content = [
        entry.previous_hash,
        entry.at.isoformat(),
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.dossier_id,
        entry.subject,
        entry.detail,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
