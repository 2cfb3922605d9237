"""Who stands behind a connection, asked anew at every act that counts.

Cheap reads: a login session by its hash, a dossier by its number. They run on the event loop, before anything is
answered; whatever writes comes after.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.db import key
from app.dossiers.access import Right, dossier_for
from app.dossiers.models import Dossier, Step
from app.errors import InvitationInvalid, NotAuthenticated
from app.identity import login_sessions
from app.identity.models import LoginSession, Professional, Structure
from app.platform import Platform
from app.teleconsultation.models import GuestSession, Invitation

SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # token_urlsafe(32)


@dataclass(frozen=True)
class Caller:
    """A professional with a living login session, and the dossier they called about."""

    professional: Professional
    login_session_id: int
    dossier: Dossier
    structure: Structure | None


@dataclass(frozen=True)
class Guest:
    """Somebody who holds a link that is still good, or the cookie that was given for it."""

    invitation: Invitation
    dossier: Dossier


def caller(session: Session, platform: Platform, secret: str | None, number: str) -> Caller:
    """The professional behind a login cookie, when they may enter a room for the dossier `number`.

    Unlike `login_sessions.find`, looking is not using: an unattended page must not keep a login session alive.

    Raises: NotAuthenticated, NotFound, AccessDenied.
    """
    found = session.exec(
        select(LoginSession, Professional)
        .join(Professional, col(Professional.id) == col(LoginSession.professional_id))
        .where(LoginSession.secret_hash == login_sessions.hash_secret(secret or ""))
    ).first()
    if found is None:
        raise NotAuthenticated
    login, professional = found
    if professional.suspended or not login_sessions.is_alive(platform, login):
        raise NotAuthenticated
    dossier = dossier_for(session, professional, number, Right.ENTER_ROOM)
    structure = session.get(Structure, professional.structure_id) if professional.structure_id else None
    return Caller(professional, key(login), dossier, structure)


def guest(session: Session, platform: Platform, secret: str | None) -> Guest:
    """The guest behind a guest's cookie (`guest_sessions`), when the invitation is still good.

    Altered, expired, withdrawn, refused, put out, opened on another device, or about a dossier that is closed: one kind
    of refusal, whose words say what happened and whom to call.

    Raises: InvitationInvalid.
    """
    found = _of_cookie(session, secret)
    if found is None:
        raise InvitationInvalid(
            "Cette page n'a plus accès à la téléconsultation. Rouvrez le lien du message reçu ; "
            f"s'il ne marche toujours pas, appelez le {platform.settings.assistance_phone}."
        )
    browser, guest = found
    _check(session, platform, guest)
    if browser.ended_at is not None:
        raise InvitationInvalid(
            "Cette téléconsultation a été ouverte sur un autre appareil : cette page est fermée. "
            "Pour continuer ici, rouvrez le lien du message reçu."
        )
    return guest


def guest_of_link(session: Session, platform: Platform, secret: str | None) -> Guest:
    """The guest behind a link. Raises: InvitationInvalid, as `guest`."""
    found = of_link(session, secret)
    if found is None:
        raise InvitationInvalid(
            "Ce lien est incomplet ou n'existe pas. Ouvrez-le de nouveau depuis le message reçu ; "
            f"s'il ne marche toujours pas, appelez le {platform.settings.assistance_phone}."
        )
    _check(session, platform, found)
    return found


def _check(session: Session, platform: Platform, found: Guest) -> None:
    if reason := _reason_to_refuse(platform, found):
        contact = _contact(session, platform, found)
        raise InvitationInvalid(f"{reason} Appelez l'établissement ({contact.name}) au {contact.phone}.")


@dataclass(frozen=True)
class Contact:
    """Whom a guest calls."""

    name: str
    phone: str

    @property
    def dialled(self) -> str:
        """The number as a telephone wants it (RFC 3966), « +33261910012 »."""
        digits = re.sub(r"[^\d+]", "", self.phone)
        return re.sub(r"^0(?=\d{9}$)", "+33", digits)


def contact_of(platform: Platform, secret: str | None) -> Contact:
    """Whom the holder of a link calls; the link need not be good any more."""
    with platform.reading() as session:
        found = of_link(session, secret)
        if found is None:
            return Contact("l'assistance", platform.settings.assistance_phone)
        return _contact(session, platform, found)


def structure_contact(session: Session, platform: Platform, dossier: Dossier) -> Contact:
    """The care home's name and number, or the assistance's number when it has none."""
    structure = session.get_one(Structure, dossier.structure_id)
    return Contact(structure.name, structure.phone or platform.settings.assistance_phone)


def of_link(session: Session, secret: str | None) -> Guest | None:
    """The invitation of a link, good or not."""
    if not secret or SECRET.fullmatch(secret) is None:
        return None
    found = session.exec(
        select(Invitation, Dossier)
        .join(Dossier, col(Dossier.id) == col(Invitation.dossier_id))
        .where(Invitation.secret_hash == login_sessions.hash_secret(secret))
    ).first()
    return Guest(*found) if found else None


def _of_cookie(session: Session, secret: str | None) -> tuple[GuestSession, Guest] | None:
    if not secret or SECRET.fullmatch(secret) is None:
        return None
    found = session.exec(
        select(GuestSession, Invitation, Dossier)
        .join(Invitation, col(Invitation.id) == col(GuestSession.invitation_id))
        .join(Dossier, col(Dossier.id) == col(Invitation.dossier_id))
        .where(GuestSession.secret_hash == login_sessions.hash_secret(secret))
    ).first()
    return (found[0], Guest(found[1], found[2])) if found else None


def _reason_to_refuse(platform: Platform, found: Guest) -> str:
    invitation = found.invitation
    if invitation.withdrawn_at is not None:
        return "Cette invitation a été retirée."
    if invitation.refused_at is not None:
        return "Le professionnel n'a pas pu vous faire entrer avec ce lien."
    if invitation.removed_at is not None:
        return "Un professionnel vous a fait sortir de cette téléconsultation."
    if found.dossier.step in (Step.CLOSED, Step.CANCELLED):
        return "Cette téléconsultation est terminée."
    if platform.now() >= invitation.expires_at:
        return "Ce lien n'est plus valable : le rendez-vous est passé."
    return ""


def _contact(session: Session, platform: Platform, found: Guest) -> Contact:
    return structure_contact(session, platform, found.dossier)
