"""Login sessions: opened by a way to log in, found again at each request, ended everywhere at once.

The browser holds an opaque secret; the database holds its SHA-256. Idle and absolute limits come from the settings.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.db import key
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
    if platform.now() - login.last_seen_at > TOUCH_EVERY:
        _touch(platform, login)
    return professional


def is_alive(platform: Platform, login: LoginSession) -> bool:
    """Whether a login session may still be used."""
    now, settings = platform.now(), platform.settings
    return (
        login.ended_at is None
        and now - login.last_seen_at < timedelta(minutes=settings.session_idle_minutes)
        and now - login.created_at < timedelta(hours=settings.session_hours)
    )


def end(platform: Platform, secret: str | None) -> None:
    """Log out: the login session ends, and every open page of it is closed (bus topic `logout`)."""
    if not secret:
        return
    with platform.transaction() as session:
        login = session.exec(select(LoginSession).where(LoginSession.secret_hash == hash_secret(secret))).first()
        if login is None or login.ended_at is not None:
            return
        login.ended_at = platform.now()
        session.add(login)
        professional = session.get_one(Professional, login.professional_id)
        audit.record(session, platform.now(), professional, "logout")
    platform.bus.publish("logout", {"professional": professional.id, "login_session": login.id})


def end_all(platform: Platform, professional: Professional, *, keep: str | None = None) -> int:
    """End every login session of somebody, but the one of `keep`; their open pages are closed.

    Answers how many ended.
    """
    now, ended = platform.now(), []
    kept = hash_secret(keep) if keep else ""
    with platform.transaction() as session:
        alive = select(LoginSession).where(
            LoginSession.professional_id == professional.id,
            LoginSession.secret_hash != kept,
            col(LoginSession.ended_at).is_(None),
        )
        for login in session.exec(alive):
            login.ended_at = now
            session.add(login)
            ended.append(login.id)
        if ended:
            audit.record(session, now, professional, "logout", detail={"sessions": len(ended)})
    for number in ended:
        platform.bus.publish("logout", {"professional": professional.id, "login_session": number})
    return len(ended)


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


def _touch(platform: Platform, login: LoginSession) -> None:
    with platform.transaction() as session:
        kept = session.get_one(LoginSession, login.id)
        kept.last_seen_at = platform.now()
        session.add(kept)
