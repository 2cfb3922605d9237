"""Database and file store kept in step: what no document owns is removed, what a document lacks is found and said.

The worker does it at its start and every day (`tidy`), an administrator by `teledossier files` (docs/fichiers.md).
Everything here reads disks or a bucket for as long as it takes: call it from threads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlmodel import col, select

from app.audit import service as audit
from app.audit.models import AuditEntry
from app.documents import file_owners
from app.documents.file_owners import Finding, OwnerRow, Trouble, key_number_of
from app.documents.store_chunks import sealed_size
from app.errors import FileDamaged
from app.platform import Platform

log = structlog.get_logger(__name__)

YOUNG = 3600.0  # seconds: a file is there a moment before its row is committed
FEW = 20  # files without a document that a killed process may leave; more of them are a wrong database
NAMED = 20  # documents named in one row of the journal

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Swept:
    """What a sweep did: unfinished files and whole files removed, whole ones held back because they are too many."""

    unfinished: int = 0
    removed: int = 0
    held_back: int = 0


@dataclass
class Checked:
    """What a look both ways found; `by_key` counts documents by the master key that wraps theirs."""

    documents: int = 0
    files: int = 0
    without_document: int = 0
    by_key: dict[int, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def sweep(platform: Platform, older_than: float = YOUNG, *, even_many: bool = False) -> Swept:
    """Remove stored files that no document owns, left by a process that was killed.

    Many of them, or any beside a database without documents, mean that this is not the files' database (a wrong
    address, an older backup): then they are held back, unless `even_many`. Raises: FileStoreUnavailable.
    """
    unfinished = platform.files.remove_unfinished(older_than)
    kept, orphans = 0, []
    for files in file_owners.batches(platform.files.kept()):
        kept += len(files)
        old = [file.file_id for file in files if file.age >= older_than]
        owned = file_owners.owned(platform, old)
        orphans += [file_id for file_id in old if file_id not in owned]
    too_many = len(orphans) > max(FEW, kept // 10) or (bool(orphans) and file_owners.count_owners(platform) == 0)
    if too_many and not even_many:
        return Swept(len(unfinished), 0, len(orphans))
    removed = 0
    for several in file_owners.batches(iter(orphans)):
        owned = file_owners.owned(platform, several)  # again: the listing may have taken long
        for file_id in several:
            if file_id not in owned:
                platform.files.delete(file_id)
                removed += 1
    if removed or unfinished:
        with platform.transaction() as session:
            audit.record(
                session,
                platform.now(),
                audit.SYSTEM,
                "files.swept",
                detail={"removed": removed, "unfinished": len(unfinished)},
            )
    return Swept(len(unfinished), removed)


def tidy(platform: Platform) -> tuple[Swept, int]:
    """What the worker does each day: sweep, and journal documents without their file; answers how many of these.

    The journal gets a row when what is missing is not what its last such row says.
    """
    swept = sweep(platform)
    if swept.held_back:
        log.error("files.sweep_held_back", without_document=swept.held_back)
    checked = check(platform, opening=False)
    missing = sorted(finding.reference for finding in checked.findings)
    detail = {"count": len(missing), "documents": missing[:NAMED]}
    with platform.transaction() as session:
        wanted = select(AuditEntry.detail).where(AuditEntry.action == "files.missing")
        before = session.exec(wanted.order_by(col(AuditEntry.id).desc()).limit(1)).first()
        if detail != (json.loads(before) if before else {"count": 0, "documents": []}):
            audit.record(session, platform.now(), audit.SYSTEM, "files.missing", detail=detail)
    if missing:
        log.error("files.missing", count=len(missing), documents=missing[:NAMED])
    return swept, len(missing)


def check(
    platform: Platform, *, opening: bool = True, whole: bool = False, progress: Progress | None = None
) -> Checked:
    """Look both ways: files without a document, documents without their file or whose file is not as it was.

    With `opening`, each file's first chunk must open; with `whole`, all of it, with the fingerprint in the database.
    Raises: FileStoreUnavailable.
    """
    found = Checked()
    sizes: dict[str, int] = {}
    for files in file_owners.batches(platform.files.kept()):
        owned = file_owners.owned(platform, [file.file_id for file in files])
        found.files += len(files)
        found.without_document += sum(file.file_id not in owned and file.age >= YOUNG for file in files)
        sizes |= {file.file_id: file.sealed for file in files}
    total = file_owners.count_owners(platform)
    for row in file_owners.rows(platform):
        found.documents += 1
        finding = _look_at(platform, row, sizes, opening=opening, whole=whole)
        if finding is not None and (again := file_owners.row_now(platform, row)) is not None:
            # Added, removed or wrapped anew while we looked? Only what is still so is said.
            sealed = platform.files.sealed(again.file_id)
            now = {} if sealed is None else {again.file_id: sealed}
            finding = _look_at(platform, again, now, opening=opening, whole=whole)
            if finding is not None:
                found.findings.append(finding)
        with_key = key_number_of(row.wrapped_key)
        found.by_key[with_key] = found.by_key.get(with_key, 0) + 1
        if progress is not None and found.documents % file_owners.BATCH == 0:
            progress(found.documents, total)
    return found


def _look_at(platform: Platform, row: OwnerRow, sizes: dict[str, int], *, opening: bool, whole: bool) -> Finding | None:
    if row.file_id not in sizes:
        return row.finding(Trouble.MISSING)
    if sizes[row.file_id] != sealed_size(row.size):
        return row.finding(Trouble.SIZE)
    if not opening and not whole:
        return None
    try:
        platform.files.rewrap(row.file_id, row.wrapped_key)
    except FileDamaged:
        return row.finding(Trouble.KEY, key_number_of(row.wrapped_key))
    try:
        digest = hashlib.sha256()
        for piece in platform.files.read(row.file_id, row.wrapped_key, 0, row.size if whole else min(row.size, 1)):
            digest.update(piece)
    except FileDamaged:
        return row.finding(Trouble.CONTENT)
    return row.finding(Trouble.CONTENT) if whole and digest.hexdigest() != row.sha256 else None
