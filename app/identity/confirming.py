"""Before a change that would give an account away: the password once more, or a login of just now.

A page left open on a ward's workstation must not be enough to add a passkey or to change where codes are sent.
"""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import select

from app.errors import ConfirmationNeeded
from app.identity import service
from app.identity.login_sessions import hash_secret
from app.identity.models import LoginSession, Professional
from app.platform import Platform

RECENT = timedelta(minutes=10)  # after any way to log in


def is_recent(platform: Platform, login_secret: str | None) -> bool:
    """Whether the login behind a cookie was made just now."""
    with platform.reading() as session:
        login = session.exec(
            select(LoginSession).where(LoginSession.secret_hash == hash_secret(login_secret or ""))
        ).first()
    return login is not None and login.ended_at is None and platform.now() - login.created_at < RECENT


def check(platform: Platform, actor: Professional, login_secret: str | None, password: str) -> None:
    """The login is recent, or the password is right; slow in the second case (argon2id): call it in a thread.

    Raises: ConfirmationNeeded, WrongCredentials, TooManyAttempts.
    """
    if is_recent(platform, login_secret):
        return
    if not password:
        raise ConfirmationNeeded
    service.confirm_password(platform, actor, password)
