"""The rows that own a file of the store, read a batch at a time: what `upkeep` and `key_rotation` go through."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import LargeBinary, func, inspect
from sqlalchemy.engine import Engine
from sqlmodel import SQLModel, col, select

from app import db
from app.documents.models import Arrival, Document
from app.documents.store_keys import NUMBER, number_of, prefix_of
from app.dossiers.models import Dossier
from app.platform import Platform

BATCH = 500
# Tables whose rows own a file, by the columns of `Document` that `_COLUMNS` names. First those whose files move into
# another one, so that a file on its way is seen in one of the two. A test holds that none with a wrapped key is left out.
OWNERS: tuple[type[SQLModel], ...] = (Arrival, Document)
_COLUMNS = ("id", "reference", "file_id", "size", "sha256", "wrapped_key")

_Item = TypeVar("_Item")


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
class OwnerRow:
    """What the store's side needs to know of a document, or of another row of the table `owner` that has a file."""

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


def rows(platform: Platform, other_than: int | None = None, size: int = BATCH) -> Iterator[OwnerRow]:
    """All that own a file, `size` per query; only those wrapped by another key, with `other_than`."""
    for owner in OWNERS:
        after = 0
        while True:
            wanted = _selected(owner).where(owner.id > after).order_by(owner.id).limit(size)  # type: ignore[attr-defined]
            if other_than is not None:
                wanted = wanted.where(_prefix(owner) != prefix_of(other_than))
            with platform.reading() as session:
                several = [OwnerRow(owner, *values) for values in session.exec(wanted)]
            yield from several
            if len(several) < size:
                break
            after = several[-1].id


def row_now(platform: Platform, row: OwnerRow) -> OwnerRow | None:
    """The row as it is now; None when it has gone, or owns no file any more."""
    with platform.reading() as session:
        values = session.exec(_selected(row.owner).where(row.owner.id == row.id)).first()
    return OwnerRow(row.owner, *values) if values is not None else None


def _selected(owner: Any) -> Any:
    columns: Any = (Dossier.number, *(getattr(owner, name) for name in _COLUMNS))
    return select(*columns).join(Dossier, col(Dossier.id) == owner.dossier_id).where(_has_file(owner))


def count_to_rewrap(platform: Platform) -> int:
    """How many keys are not wrapped by the current master key."""
    return _count(platform, lambda owner: _prefix(owner) != prefix_of(platform.files.key_number))


def count_owners(platform: Platform) -> int:
    """How many rows own a file."""
    return _count(platform, _has_file)


def _count(platform: Platform, condition: Callable[[Any], Any]) -> int:
    with platform.reading() as session:
        return sum(
            session.exec(select(func.count()).select_from(owner).where(_has_file(owner), condition(owner))).one()
            for owner in OWNERS
        )


def owned(platform: Platform, file_ids: list[str]) -> set[str]:
    """Which of these files some row owns."""
    with platform.reading() as session:
        return {
            file_id
            for owner in cast(tuple[Any, ...], OWNERS)
            for file_id in session.exec(select(owner.file_id).where(owner.file_id.in_(file_ids)))
        }


def keys_in_use(engine: Engine) -> set[int]:
    """Numbers of the master keys that files need; none before the first migration."""
    there = [owner for owner in cast(tuple[Any, ...], OWNERS) if inspect(engine).has_table(owner.__tablename__)]
    with db.reading(engine) as session:
        return {
            key_number_of(prefix)
            for owner in there
            for prefix in session.exec(select(_prefix(owner)).where(_has_file(owner)).distinct())
        }


def _prefix(owner: Any) -> Any:
    return func.substr(owner.wrapped_key, 1, NUMBER, type_=LargeBinary)


def _has_file(owner: Any) -> Any:
    return owner.file_id.is_not(None)


def key_number_of(wrapped: bytes) -> int:
    """The number of the master key that wrapped this one; 0 for what is no wrapped key."""
    try:
        return number_of(wrapped)
    except struct.error:
        return 0


def batches(source: Iterable[_Item], size: int = BATCH) -> Iterator[list[_Item]]:
    """The same in lists of `size`, but for the last."""
    rest = iter(source)
    while several := list(islice(rest, size)):
        yield several
