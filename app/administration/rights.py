"""Only an administrator administers: asked of the database, in the transaction of the act.

A page stays open for hours: what its session knows about its person may be old.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.errors import AccessDenied
from app.identity.models import Professional
from app.platform import Platform

CHANGED = "administration"  # bus topic: `what` says which list changed


@contextmanager
def changing(platform: Platform, actor: Professional, act: str) -> Iterator[Session]:
    """The transaction of an administrator's act; somebody else's try is journalled under the name of `act`.

    Raises: AccessDenied.
    """
    with platform.transaction() as session:
        if is_administrator(session, actor):
            yield session
            return
    _refuse(platform, actor, act)


@contextmanager
def looking(platform: Platform, actor: Professional, act: str) -> Iterator[Session]:
    """The same for what only reads."""
    with platform.reading() as session:
        if is_administrator(session, actor):
            yield session
            return
    _refuse(platform, actor, act)


def check(platform: Platform, actor: Professional, act: str) -> None:
    """Whether `actor` is an administrator now. Raises: AccessDenied."""
    with looking(platform, actor, act):
        pass


def is_administrator(session: Session, actor: Professional) -> bool:
    """Whether they are one now, and not suspended."""
    kept = session.exec(
        select(Professional.is_administrator, Professional.suspended).where(col(Professional.id) == actor.id)
    ).first()
    return kept is not None and kept[0] and not kept[1]


def tell(platform: Platform, what: str) -> None:
    """Tell the pages of other administrators what changed; after the commit."""
    platform.bus.publish(CHANGED, {"what": what})


def _refuse(platform: Platform, actor: Professional, act: str) -> None:
    with platform.transaction() as session:
        audit.record(session, platform.now(), actor, "administration.refused", subject=act)
    raise AccessDenied("L'administration est réservée aux administrateurs. Rien n'a été modifié.")
