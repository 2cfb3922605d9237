"""Database and file store kept in step: what no document owns is removed, what a document lacks is found and said.

The worker does it at its start and every day (`tidy`), an administrator by `teledossier files` (docs/fichiers.md).
Everything here reads disks or a bucket for as long as it takes: call it from threads.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import LargeBinary, func, inspect
from sqlalchemy.engine import Engine
from sqlmodel import SQLModel, col, select

from app import db
from app.audit import service as audit
from app.audit.models import AuditEntry
from app.documents.models import Document
from app.documents.store_chunks import sealed_size
from app.documents.store_keys import NUMBER, number_of, prefix_of
from app.dossiers.models import Dossier
from app.errors import FileDamaged
from app.platform import Platform

log = structlog.get_logger(__name__)

YOUNG = 3600.0  # seconds: a file is there a moment before its row is committed
BATCH = 500
FEW = 20  # files without a document that a killed process may leave; more of them are a wrong database
NAMED = 20  # documents named in one row of the journal

# Tables whose rows own a file, by the columns of `Document` that `_COLUMNS` names. First those whose files move into
# another one, so that a file on its way is seen in one of the two. A test holds that none with a wrapped key is left out.
OWNERS: tuple[type[SQLModel], ...] = (Document,)
_COLUMNS = ("id", "reference", "file_id", "size", "sha256", "wrapped_key")

_Item = TypeVar("_Item")
Progress = Callable[[int, int], None]


class Trouble(StrEnum):
    """What is wrong with a document's file."""

    MISSING = "missing"
    SIZE = "size"
    KEY = "key"
    CONTENT = "content"


@dataclass(frozen=True)
class Finding:
    """A document whose file is not as it should be; `key_number` where the master key is not in the settings."""

    reference: str
    number: str
    trouble: Trouble
    key_number: int | None = None


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


@dataclass(frozen=True)
class Rotated:
    """What a rotation did: keys wrapped anew, documents whose key does not open, keys still under an older one."""

    key_number: int
    rewrapped: int
    unopened: tuple[Finding, ...]
    remaining: int


@dataclass(frozen=True)
class _Row:
    """What the store's side needs to know of a document, or of another row of `owner` that has a file."""

    owner: type[Any]
    number: str
    id: int
    reference: str
    file_id: str
    size: int
    sha256: str
    wrapped_key: bytes

    def finding(self, trouble: Trouble, key_number: int | None = None) -> Finding:
        return Finding(self.reference, self.number, trouble, key_number)


def sweep(platform: Platform, older_than: float = YOUNG, *, even_many: bool = False) -> Swept:
    """Remove stored files that no document owns, left by a process that was killed.

    Many of them, or any beside a database without documents, mean that this is not the files' database (a wrong
    address, an older backup): then they are held back, unless `even_many`. Raises: FileStoreUnavailable.
    """
    unfinished = platform.files.remove_unfinished(older_than)
    kept, orphans = 0, []
    for files in _batches(platform.files.kept()):
        kept += len(files)
        old = [file.file_id for file in files if file.age >= older_than]
        owned = _owned(platform, old)
        orphans += [file_id for file_id in old if file_id not in owned]
    too_many = len(orphans) > max(FEW, kept // 10) or (bool(orphans) and _documents(platform) == 0)
    if too_many and not even_many:
        return Swept(len(unfinished), 0, len(orphans))
    removed = 0
    for several in _batches(iter(orphans)):
        owned = _owned(platform, several)  # again: the listing may have taken long
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
    for files in _batches(platform.files.kept()):
        owned = _owned(platform, [file.file_id for file in files])
        found.files += len(files)
        found.without_document += sum(file.file_id not in owned and file.age >= YOUNG for file in files)
        sizes |= {file.file_id: file.sealed for file in files}
    total = _documents(platform)
    for row in _rows(platform):
        found.documents += 1
        finding = _look_at(platform, row, sizes, opening=opening, whole=whole)
        if finding is not None and (again := _row(platform, row)) is not None:
            # Added, removed or wrapped anew while we looked? Only what is still so is said.
            sealed = platform.files.sealed(again.file_id)
            now = {} if sealed is None else {again.file_id: sealed}
            finding = _look_at(platform, again, now, opening=opening, whole=whole)
            if finding is not None:
                found.findings.append(finding)
        with_key = _key_number(row.wrapped_key)
        found.by_key[with_key] = found.by_key.get(with_key, 0) + 1
        if progress is not None and found.documents % BATCH == 0:
            progress(found.documents, total)
    return found


def rotate(platform: Platform, progress: Progress | None = None, batch: int = BATCH) -> Rotated:
    """Wrap every file's key under the current master key, in batches; what is stopped goes on where it was.

    People go on adding and reading: a row is only written when its key is still the one that was read, and older
    master keys open as long as they are in the settings. Each batch is one transaction with its row in the journal.
    """
    current, done, unopened = platform.files.key_number, 0, []
    total = _to_rewrap(platform)
    for rows in _batches(_rows(platform, current, batch), batch):
        ready = []
        for row in rows:
            try:
                ready.append((row, platform.files.rewrap(row.file_id, row.wrapped_key)))
            except FileDamaged:
                unopened.append(row.finding(Trouble.KEY, _key_number(row.wrapped_key)))
        done += _keep(platform, ready, current)
        if progress is not None:
            progress(done, total)
    return Rotated(current, done, tuple(unopened), _to_rewrap(platform))


def keys_in_use(engine: Engine) -> set[int]:
    """Numbers of the master keys that documents need; none before the first migration."""
    if not inspect(engine).has_table(Document.__tablename__):
        return set()
    with db.reading(engine) as session:
        return {
            _key_number(prefix)
            for owner in OWNERS
            for prefix in session.exec(select(_prefix(owner)).where(_has_file(owner)).distinct())
        }


def _keep(platform: Platform, ready: list[tuple[_Row, bytes]], current: int) -> int:
    """Write new keys where the old ones still stand, and journal how many."""
    if not ready:
        return 0
    with platform.transaction() as session:
        written = 0
        for row, wrapped in ready:
            owner = session.get(row.owner, row.id)
            if owner is not None and owner.wrapped_key == row.wrapped_key:
                owner.wrapped_key = wrapped
                session.add(owner)
                written += 1
        audit.record(
            session, platform.now(), audit.SYSTEM, "files.rewrapped", detail={"count": written, "key": current}
        )
    return written


def _look_at(platform: Platform, row: _Row, sizes: dict[str, int], *, opening: bool, whole: bool) -> Finding | None:
    if row.file_id not in sizes:
        return row.finding(Trouble.MISSING)
    if sizes[row.file_id] != sealed_size(row.size):
        return row.finding(Trouble.SIZE)
    if not opening and not whole:
        return None
    try:
        platform.files.rewrap(row.file_id, row.wrapped_key)
    except FileDamaged:
        return row.finding(Trouble.KEY, _key_number(row.wrapped_key))
    try:
        digest = hashlib.sha256()
        for piece in platform.files.read(row.file_id, row.wrapped_key, 0, row.size if whole else min(row.size, 1)):
            digest.update(piece)
    except FileDamaged:
        return row.finding(Trouble.CONTENT)
    return row.finding(Trouble.CONTENT) if whole and digest.hexdigest() != row.sha256 else None


def _rows(platform: Platform, other_than: int | None = None, size: int = BATCH) -> Iterator[_Row]:
    """All that own a file, `size` per query; only those wrapped by another key, with `other_than`."""
    for owner in OWNERS:
        after = 0
        while True:
            wanted = _selected(owner).where(owner.id > after).order_by(owner.id).limit(size)  # type: ignore[attr-defined]
            if other_than is not None:
                wanted = wanted.where(_prefix(owner) != prefix_of(other_than))
            with platform.reading() as session:
                several = [_Row(owner, *values) for values in session.exec(wanted)]
            yield from several
            if len(several) < size:
                break
            after = several[-1].id


def _row(platform: Platform, row: _Row) -> _Row | None:
    """The row as it is now; None when it has gone, or owns no file any more."""
    with platform.reading() as session:
        values = session.exec(_selected(row.owner).where(row.owner.id == row.id)).first()
    return _Row(row.owner, *values) if values is not None else None


def _selected(owner: Any) -> Any:
    columns: Any = (Dossier.number, *(getattr(owner, name) for name in _COLUMNS))
    return select(*columns).join(Dossier, col(Dossier.id) == owner.dossier_id).where(_has_file(owner))


def _to_rewrap(platform: Platform) -> int:
    return _count(platform, lambda owner: _prefix(owner) != prefix_of(platform.files.key_number))


def _documents(platform: Platform) -> int:
    return _count(platform, _has_file)


def _count(platform: Platform, condition: Callable[[Any], Any]) -> int:
    with platform.reading() as session:
        return sum(
            session.exec(select(func.count()).select_from(owner).where(_has_file(owner), condition(owner))).one()
            for owner in OWNERS
        )


def _owned(platform: Platform, file_ids: list[str]) -> set[str]:
    """Which of these files some row owns."""
    with platform.reading() as session:
        return {
            file_id
            for owner in cast(tuple[Any, ...], OWNERS)
            for file_id in session.exec(select(owner.file_id).where(owner.file_id.in_(file_ids)))
        }


def _prefix(owner: Any) -> Any:
    return func.substr(owner.wrapped_key, 1, NUMBER, type_=LargeBinary)


def _has_file(owner: Any) -> Any:
    return owner.file_id.is_not(None)


def _key_number(wrapped: bytes) -> int:
    try:
        return number_of(wrapped)
    except struct.error:
        return 0


def _batches(source: Iterable[_Item], size: int = BATCH) -> Iterator[list[_Item]]:
    rest = iter(source)
    while several := list(islice(rest, size)):
        yield several
