"""A link opened: its secret is exchanged for the cookie of one browser.

    no session ── exchange ──> session of this browser ── exchange, « ouvrir ici » elsewhere ──> ended

The link alone opens no line: looking at its page (as mail scanners do) changes nothing, the page's own script or form asks
for the exchange. One browser holds an invitation at a time. Another one may take it over, but not out of a call that goes
on: who finds a link in somebody else's letter must not be able to throw the patient out. Whoever takes it over waits to be
let in anew, because a professional has seen somebody else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.db import key
from app.errors import InvalidInput, OpenElsewhere
from app.identity.login_sessions import hash_secret
from app.platform import Platform
from app.teleconsultation import door
from app.teleconsultation.models import GuestSession, Invitation
from app.teleconsultation.sending import journal, tell_changed

MOST_PER_HOUR = 12  # browsers of one invitation
TOO_MANY = (
    "Cette invitation a été ouverte sur trop d'appareils. Appelez l'établissement : il peut en envoyer une autre."
)


@dataclass(frozen=True)
class Opened:
    """An invitation opened in a browser; `secret` is its new cookie, or None when it holds a good one already."""

    invitation: Invitation
    secret: str | None


@dataclass(frozen=True)
class Found:
    """What the page of a link shows: whether this browser holds the invitation, another one does, or none."""

    invitation: Invitation
    here: bool
    elsewhere: bool


def look(platform: Platform, link: str, cookie: str | None) -> Found:
    """Look at a link without using it. Raises: InvitationInvalid."""
    with platform.reading() as session:
        invitation = door.guest_of_link(session, platform, link).invitation
        living = _living(session, invitation)
    here = living is not None and _is(living, cookie)
    return Found(invitation, here, living is not None and not here)


def invitation_of_link(platform: Platform, link: str) -> int | None:
    """The invitation of a link, good or not, so that its cookie can be read; None for a link that is none."""
    with platform.reading() as session:
        found = door.of_link(session, link)
    return key(found.invitation) if found else None


def exchange(
    platform: Platform, link: str, cookie: str | None, *, here: bool = False, inside: bool = False, device: str = ""
) -> Opened:
    """Open an invitation in this browser. `here`: also when another one holds it; `inside`: that one is in the call.

    Raises: InvitationInvalid, OpenElsewhere, InvalidInput (too many browsers).
    """
    now = platform.now()
    with platform.transaction() as session:
        invitation = door.guest_of_link(session, platform, link).invitation
        living = _living(session, invitation)
        if living is not None:
            if _is(living, cookie):
                return Opened(invitation, None)
            if inside or not here:
                raise OpenElsewhere(inside=inside)
            for browser in session.exec(_living_ones(invitation)):  # two, when both were opened at one moment
                browser.ended_at = now
                session.add(browser)
            invitation.admitted_at = None  # a professional has let in whoever was there
        _check_rate(session, platform, invitation)
        secret = secrets.token_urlsafe(32)
        session.add(
            GuestSession(
                secret_hash=hash_secret(secret), invitation_id=key(invitation), created_at=now, device=device[:200]
            )
        )
        if invitation.opened_at is None:
            journal(session, platform, invitation, "invitation.opened", invitation)
        elif living is not None:
            journal(session, platform, invitation, "invitation.moved", invitation)
        invitation.opened_at = invitation.opened_at or now
        session.add(invitation)
    tell_changed(platform, invitation, closed=living is not None)
    return Opened(invitation, secret)


def _living(session: Session, invitation: Invitation) -> GuestSession | None:
    return session.exec(_living_ones(invitation)).first()


def _living_ones(invitation: Invitation) -> SelectOfScalar[GuestSession]:
    wanted = select(GuestSession).where(
        GuestSession.invitation_id == invitation.id, col(GuestSession.ended_at).is_(None)
    )
    return wanted.order_by(col(GuestSession.id).desc())


def _is(browser: GuestSession, cookie: str | None) -> bool:
    # By the hash: its time says nothing of the secret.
    return cookie is not None and browser.secret_hash == hash_secret(cookie)


def _check_rate(session: Session, platform: Platform, invitation: Invitation) -> None:
    since = platform.now() - timedelta(hours=1)
    recent = select(func.count(col(GuestSession.id))).where(
        GuestSession.invitation_id == invitation.id, col(GuestSession.created_at) > since
    )
    if session.exec(recent).one() >= MOST_PER_HOUR:
        raise InvalidInput(TOO_MANY)
