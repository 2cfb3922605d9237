"""Engine, transactions and the column types that every table shares.

SQLite (WAL) is the embedded default, PostgreSQL takes over where it outgrows one machine. Tables are SQLModel;
the schema is made by Alembic only (`migrate`), in tests too.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

IN_MEMORY = "sqlite://"
TURN = "turn"  # the lock of the one connection of a database in memory


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant, always aware and in UTC: SQLite forgets time zones, and a naive instant is a bug."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def connect(url: str) -> Engine:
    """Open the database; `IN_MEMORY` shares one connection between all threads, which take turns at it."""
    options: dict[str, Any] = {}
    if url == IN_MEMORY:
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        options["execution_options"] = {TURN: threading.RLock()}
    elif url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        options = {"connect_args": {"timeout": 10}}
    # What nobody expected stands in the log with its words: the statement may, what somebody wrote may not.
    engine = sa.create_engine(url, hide_parameters=True, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: `_begin_sqlite` does, so that a writer takes its lock first.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads and then writes must own the write lock from its start, or it fails with
    # SQLITE_BUSY_SNAPSHOT when another one wrote meanwhile (sqlite.org/isolation.html).
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def key(row: Any) -> int:
    """The number of a row that is in the database."""
    if row.id is None:
        raise ValueError(f"this {type(row).__name__} is not in the database yet")
    return int(row.id)


def _turn(engine: Engine) -> AbstractContextManager[object]:
    """One connection has one transaction: in memory, another thread waits for the end of this one."""
    turn: AbstractContextManager[object] = engine.get_execution_options().get(TURN) or nullcontext()
    return turn


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A database session that only reads; nothing it changes is kept."""
    with _turn(engine), Session(engine, expire_on_commit=False) as session:
        yield session  # closing rolls back without expiring what was read, which goes on living outside


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One use case, one transaction: committed at the end, rolled back by any error."""
    with (
        _turn(engine),
        engine.connect().execution_options(writing=True) as connection,
        Session(bind=connection, expire_on_commit=False) as session,
    ):
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


def connect_in_memory() -> Engine:
    """A database in memory with the newest schema, empty: migrated once per process, copied from then on."""
    engine = connect(IN_MEMORY)
    with closing(engine.raw_connection()) as only:
        only.driver_connection.deserialize(_migrated())  # type: ignore[union-attr]
    return engine


@functools.cache
def _migrated() -> bytes:
    engine = connect(IN_MEMORY)
    migrate(engine)
    with closing(engine.raw_connection()) as only:
        image: bytes = only.driver_connection.serialize()  # type: ignore[union-attr]
    engine.dispose()
    return image


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version (Alembic, `app/migrations`)."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
