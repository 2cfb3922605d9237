"""When a login session was last used, written in a thread.

Whoever asks for a page, a file or a room is on the event loop; a transaction may have to wait for another process's
(SQLite has one writer), and everybody's pictures and pages with it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlmodel import col

from app.identity.models import LoginSession
from app.platform import Platform

log = structlog.get_logger(__name__)

ATTEMPTS = 3  # each waits as long as the database lets it

_writer = ThreadPoolExecutor(1, thread_name_prefix="last-use")  # of its own: never behind passwords or files
_unwritten: dict[str, datetime] = {}  # by the hash of the secret: uses that the database does not know yet


def of(login: LoginSession) -> datetime:
    """When a login was last used: as the database says, or later, where this process has not written it yet."""
    return max(login.last_seen_at, _unwritten.get(login.secret_hash, login.last_seen_at))


def note(platform: Platform, login: LoginSession) -> None:
    """Note that a login is used now. It counts at once in this process, and soon in the others."""
    now, hashed = platform.now(), login.secret_hash
    if isinstance(platform.engine.pool, StaticPool):  # in memory: one connection, that no other process can hold
        _write(platform, hashed, now)
        return
    is_waiting = hashed in _unwritten
    _unwritten[hashed] = now
    if not is_waiting:
        _writer.submit(_write_newest, platform, hashed)


def _write_newest(platform: Platform, hashed: str) -> None:
    try:
        for _attempt in range(ATTEMPTS):
            try:
                _write(platform, hashed, _unwritten[hashed])
            except SQLAlchemyError as error:
                log.warning("login.use-not-written", reason=type(error).__name__)
            else:
                return
    finally:
        del _unwritten[hashed]  # from here on the next use is written again


def _write(platform: Platform, hashed: str, at: datetime) -> None:
    # At the instant of the use, not of the writing; never back in time, and nothing of a login that has ended meanwhile.
    still = (
        col(LoginSession.secret_hash) == hashed,
        col(LoginSession.ended_at).is_(None),
        col(LoginSession.last_seen_at) < at,
    )
    with platform.transaction() as session:
        session.execute(sa.update(LoginSession).where(*still).values(last_seen_at=at))
