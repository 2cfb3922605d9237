"""A login that has begun and not ended: a card's nonce, a provider's state, a code that was sent, a passkey's challenge.

One row each, bound to the browser by a secret in a short-lived HttpOnly cookie (the « pre-session »); only its SHA-256
is kept. A row is burned before what it holds is compared: of sixteen right answers at once, one gets in.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.errors import LoginExpired
from app.identity.login_sessions import hash_secret
from app.identity.models import PendingLogin
from app.identity.ways import NOWHERE, Visitor
from app.platform import Platform

KEEP = timedelta(days=1)  # a row that has ended is only needed to tell « déjà utilisé » from « inconnu »


def begin(
    session: Session,
    platform: Platform,
    purpose: str,
    data: dict[str, Any],
    lifetime: timedelta,
    *,
    professional_id: int | None = None,
    visitor: Visitor = NOWHERE,
) -> str:
    """Open a pending login in the caller's transaction; answers the secret for the pre-session cookie.

    `purpose` is a way to log in or what else needs one answer (« reset », « passkey.new »); `data` must be JSON.
    """
    secret = secrets.token_urlsafe(32)
    now = platform.now()
    session.execute(delete(PendingLogin).where(col(PendingLogin.expires_at) < now - KEEP))
    session.add(
        PendingLogin(
            secret_hash=hash_secret(secret),
            purpose=purpose,
            professional_id=professional_id,
            data=json.dumps(data, separators=(",", ":")),
            created_at=now,
            expires_at=now + lifetime,
            address=visitor.address[:45],
        )
    )
    session.flush()
    return secret


def look(session: Session, platform: Platform, purpose: str, secret: str | None) -> PendingLogin:
    """The pending login behind a cookie, still open.

    Raises: LoginExpired (unknown, of another purpose, too old or used).
    """
    found = session.exec(
        select(PendingLogin).where(
            PendingLogin.secret_hash == hash_secret(secret or ""), PendingLogin.purpose == purpose
        )
    ).first()
    if found is None or found.used_at is not None or found.expires_at <= platform.now():
        raise LoginExpired
    return found


def burn(session: Session, platform: Platform, purpose: str, secret: str | None) -> PendingLogin:
    """The pending login behind a cookie, used up by this very call; commit before comparing anything.

    Raises: LoginExpired.
    """
    found = look(session, platform, purpose, secret)
    # One statement, so that only one of many at once finds the row unused, on SQLite as on PostgreSQL.
    done = session.execute(
        update(PendingLogin)
        .where(col(PendingLogin.id) == found.id, col(PendingLogin.used_at).is_(None))
        .values(used_at=platform.now())
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise LoginExpired
    session.refresh(found)
    return found


def content(row: PendingLogin) -> dict[str, Any]:
    """What a pending login keeps."""
    found: dict[str, Any] = json.loads(row.data)
    return found


def keep(session: Session, row: PendingLogin, data: dict[str, Any]) -> None:
    """Replace what a pending login keeps, in the caller's transaction."""
    row.data = json.dumps(data, separators=(",", ":"))
    session.add(row)
    session.flush()
