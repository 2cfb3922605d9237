"""Login sessions: opened by a way to log in, found again at each request, ended everywhere at once.

The browser holds an opaque secret; the database holds its SHA-256. Idle and absolute limits come from the settings.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.db import key
from app.errors import NotFound
from app.identity import last_use
from app.identity.devices import device_name
from app.identity.models import LoginSession, Professional
from app.identity.ways import NOWHERE, Visitor, Way
from app.platform import Platform

REMEMBERED = timedelta(days=90)  # an address somebody logged in from
TOUCH_EVERY = timedelta(seconds=30)  # `last_seen_at` is written at most this often


def hash_secret(secret: str) -> str:
    """What the database keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def open_session(
    session: Session, platform: Platform, professional: Professional, way: Way, visitor: Visitor = NOWHERE
) -> str:
    """Open a login session in the caller's transaction; answers the secret for the cookie."""
    secret = secrets.token_urlsafe(32)
    now = platform.now()
    session.add(
        LoginSession(
            secret_hash=hash_secret(secret),
            professional_id=key(professional),
            method=way,
            created_at=now,
            last_seen_at=now,
            device=visitor.device[:200],
            address=visitor.address[:45],
        )
    )
    audit.record(session, now, professional, "login", detail={"method": way, "address": visitor.address})
    return secret


def find(platform: Platform, secret: str | None) -> Professional | None:
    """The professional behind a cookie, or None when the login session is unknown, ended or too old."""
    if not secret:
        return None
    with platform.reading() as session:
        found = session.exec(
            select(LoginSession, Professional)
            .join(Professional, col(Professional.id) == col(LoginSession.professional_id))
            .where(LoginSession.secret_hash == hash_secret(secret))
        ).first()
    if found is None:
        return None
    login, professional = found
    if professional.suspended or not is_alive(platform, login):
        return None
    if platform.now() - last_use.of(login) > TOUCH_EVERY:
        last_use.note(platform, login)
    return professional


def is_alive(platform: Platform, login: LoginSession) -> bool:
    """Whether a login session may still be used."""
    now, settings = platform.now(), platform.settings
    return (
        login.ended_at is None
        and now - last_use.of(login) < timedelta(minutes=settings.session_idle_minutes)
        and now - login.created_at < timedelta(hours=settings.session_hours)
    )


@dataclass(frozen=True)
class OpenSession:
    """A login session as its owner sees it in « Paramètres »."""

    id: int
    device: str  # « Chrome sur Windows »
    address: str
    way: str  # « Carte professionnelle »
    since: datetime
    last_used: datetime
    is_this: bool


def open_of(platform: Platform, professional: Professional, secret: str | None) -> list[OpenSession]:
    """Somebody's open login sessions: the one behind the cookie first, then the last used."""
    this = hash_secret(secret or "")
    with platform.reading() as session:
        found = [login for login in _open_ones(session, professional) if is_alive(platform, login)]
    found.sort(key=lambda login: (login.secret_hash != this, -last_use.of(login).timestamp()))
    return [
        OpenSession(
            id=key(login),
            device=device_name(login.device),
            address=login.address,
            way=Way(login.method).label,
            since=login.created_at,
            last_used=last_use.of(login),
            is_this=login.secret_hash == this,
        )
        for login in found
    ]


def not_alive(platform: Platform, secrets_held: Iterable[str]) -> set[str]:
    """Those of the secrets that open nothing any more: ended, too old, of somebody suspended, unknown.

    Looking is not using: nothing is kept alive by it.
    """
    by_hash = {hash_secret(secret): secret for secret in secrets_held}
    with platform.reading() as session:
        found = session.exec(
            select(LoginSession, Professional.suspended)
            .join(Professional, col(Professional.id) == col(LoginSession.professional_id))
            .where(col(LoginSession.secret_hash).in_(list(by_hash)))
        )
        alive = {login.secret_hash for login, suspended in found if not suspended and is_alive(platform, login)}
    return {secret for hashed, secret in by_hash.items() if hashed not in alive}


def end(platform: Platform, secret: str | None, *, reason: str = "") -> None:
    """Log out: the login session ends, and every open page of it is closed (bus topic `logout`).

    `reason` is a stable word for the journal when it was not the person's own wish (« replaced »).
    """
    if not secret:
        return
    with platform.transaction() as session:
        login = session.exec(select(LoginSession).where(LoginSession.secret_hash == hash_secret(secret))).first()
        if login is None or login.ended_at is not None:
            return
        _close(login, platform.now())
        session.add(login)
        professional = session.get_one(Professional, login.professional_id)
        audit.record(session, platform.now(), professional, "logout", detail={"reason": reason} if reason else None)
    _tell_pages(platform, professional, login)


def end_one(platform: Platform, actor: Professional, login_session_id: int) -> None:
    """End one of one's own login sessions, on whatever device it is.

    Raises: NotFound (somebody else's, or ended already).
    """
    with platform.transaction() as session:
        login = session.get(LoginSession, login_session_id)
        if login is None or login.professional_id != actor.id or login.ended_at is not None:
            raise NotFound
        _close(login, platform.now())
        session.add(login)
        audit.record(session, platform.now(), actor, "logout", detail={"reason": "revoked"})
    _tell_pages(platform, actor, login)


def end_all(
    platform: Platform, professional: Professional, *, keep: str | None = None, actor: Professional | None = None
) -> int:
    """« Déconnecter partout »: end every login session of somebody but `keep`; answers how many.

    `actor` is who wishes it when it is not the person, as when an administrator suspends them. Open pages and calls
    of the ended sessions are closed within two seconds, in every process.
    """
    kept = hash_secret(keep) if keep else ""
    now = platform.now()
    with platform.transaction() as session:
        ending = [login for login in _open_ones(session, professional) if login.secret_hash != kept]
        for login in ending:
            _close(login, now)
            session.add(login)
        if ending:
            detail = {"count": len(ending), "professional": professional.id}
            audit.record(session, now, actor or professional, "logout.everywhere", detail=detail)
    if ending:
        _tell_pages(platform, professional)
    return len(ending)


def _close(login: LoginSession, now: datetime) -> None:
    login.ended_at = now
    login.provider_hint = ""  # an ID token names a person, and has no use any more (`psc.leaving.taken` comes first)


def _open_ones(session: Session, professional: Professional) -> list[LoginSession]:
    wanted = select(LoginSession).where(
        LoginSession.professional_id == professional.id, col(LoginSession.ended_at).is_(None)
    )
    return list(session.exec(wanted))


def _tell_pages(platform: Platform, professional: Professional, login: LoginSession | None = None) -> None:
    event = {"professional": professional.id, "login_session": login.id if login else None}
    platform.bus.publish("logout", event)


def was_here_before(platform: Platform, login: str, address: str) -> bool:
    """Whether this login was used from this address in the last months (`app.identity.turns`)."""
    seen = (
        select(LoginSession.id)
        .join(Professional, col(Professional.id) == col(LoginSession.professional_id))
        .where(Professional.login == login, LoginSession.address == address)
        .where(col(LoginSession.created_at) > platform.now() - REMEMBERED)
        .limit(1)
    )
    with platform.reading() as session:
        return session.exec(seen).first() is not None


def last_login_before(session: Session, professional: Professional) -> LoginSession | None:
    """The login before the current one, for « Dernière connexion » on the kiosk."""
    wanted = (
        select(LoginSession)
        .where(LoginSession.professional_id == professional.id)
        .order_by(col(LoginSession.id).desc())
        .offset(1)
        .limit(1)
    )
    return session.exec(wanted).first()
