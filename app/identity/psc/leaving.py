"""Log out at Pro Santé Connect too (OpenID Connect RP-Initiated Logout 1.0).

The provider keeps its own session for up to four hours: without this step, the next person at a shared workstation
would come in under the name of the one before. The ID token is kept with the login session for this alone, and is
forgotten when that session ends.
"""

from __future__ import annotations

from urllib.parse import urlencode

from sqlmodel import select

from app.errors import LoginRefused
from app.identity.login_sessions import hash_secret
from app.identity.models import LoginSession
from app.identity.psc.provider import provider_of
from app.platform import Platform

RETURN = "/connexion"


def address(platform: Platform, hint: str) -> str:
    """Where to end the provider's session; empty when nothing is known of it. Never asks the network.

    `hint` is the ID token of the login.
    """
    endpoint = provider_of(platform.settings).document.get("end_session_endpoint")
    if not hint or not endpoint:
        return ""
    asked = {
        "id_token_hint": hint,
        "client_id": platform.settings.psc_client_id,
        "post_logout_redirect_uri": platform.settings.url(RETURN),
    }
    return str(endpoint) + "?" + urlencode(asked)


def taken(platform: Platform, secret: str | None) -> str:
    """Take the ID token out of a login session that is about to end; empty for other ways to log in."""
    if not platform.settings.psc_client_id or not secret:
        return ""
    wanted = select(LoginSession).where(LoginSession.secret_hash == hash_secret(secret))
    with platform.reading() as session:
        login = session.exec(wanted).first()
    if login is None or not login.provider_hint or login.ended_at is not None:
        return ""
    with platform.transaction() as session:
        kept = session.exec(wanted).one()
        hint, kept.provider_hint = kept.provider_hint, ""
        session.add(kept)
    return hint


async def address_now(platform: Platform, hint: str) -> str:
    """As `address`, asking the provider for its addresses where they are not known yet; empty when it is down."""
    if not hint:
        return ""
    try:
        await provider_of(platform.settings).discover()
    except LoginRefused:
        return ""
    return address(platform, hint)
