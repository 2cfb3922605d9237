"""A new master key takes over: every file's own key is wrapped anew, no file is rewritten (docs/fichiers.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, update

from app.audit import service as audit
from app.documents import file_owners
from app.documents.file_owners import Finding, OwnerRow, Trouble, key_number_of
from app.errors import FileDamaged
from app.platform import Platform

AT_ONCE = 100  # keys in one transaction: SQLite has one writer, and people go on working


@dataclass(frozen=True)
class Rotated:
    """What a rotation did: keys wrapped anew, documents whose key does not open, keys still under an older one."""

    key_number: int
    rewrapped: int
    unopened: tuple[Finding, ...]
    remaining: int


def rotate(platform: Platform, progress: Callable[[int, int], None] | None = None, batch: int = AT_ONCE) -> Rotated:
    """Wrap every file's key under the current master key, in batches; what is stopped goes on where it was.

    People go on adding and reading: a row is only written when its key is still the one that was read, and older
    master keys open as long as they are in the settings. Each batch is one transaction with its row in the journal.
    """
    current, done, unopened = platform.files.key_number, 0, []
    total = file_owners.count_to_rewrap(platform)
    for rows in file_owners.batches(file_owners.rows(platform, current, batch), batch):
        ready = []
        for row in rows:
            try:
                ready.append((row, platform.files.rewrap(row.file_id, row.wrapped_key)))
            except FileDamaged:
                unopened.append(row.finding(Trouble.KEY, key_number_of(row.wrapped_key)))
        done += _keep(platform, ready, current)
        if progress is not None:
            progress(done, total)
    return Rotated(current, done, tuple(unopened), file_owners.count_to_rewrap(platform))


def _keep(platform: Platform, ready: list[tuple[OwnerRow, bytes]], current: int) -> int:
    """Write new keys where the old ones still stand, and journal how many."""
    if not ready:
        return 0
    with platform.transaction() as session:
        written = 0
        for row, wrapped in ready:
            same = (row.owner.id == row.id, row.owner.wrapped_key == row.wrapped_key)
            changed = session.execute(update(row.owner).where(*same).values(wrapped_key=wrapped))
            written += cast(CursorResult[Any], changed).rowcount
        audit.record(
            session, platform.now(), audit.SYSTEM, "files.rewrapped", detail={"count": written, "key": current}
        )
    return written
