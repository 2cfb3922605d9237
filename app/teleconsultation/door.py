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
from app.teleconsultation.models import Invitation

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
    """Somebody who holds a link that is still good."""

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
    """The guest behind an invitation link.

    Altered, expired, withdrawn, refused, or about a dossier that is closed: one kind of refusal, whose words say
    what happened and whom to call.

    Raises: InvitationInvalid.
    """
    found = _of_link(session, secret)
    if found is None:
        raise InvitationInvalid(
            "Ce lien est incomplet ou n'existe pas. Ouvrez-le de nouveau depuis le message reçu ; "
            f"s'il ne marche toujours pas, appelez le {platform.settings.assistance_phone}."
        )
    if reason := _reason_to_refuse(platform, found):
        contact = _contact(session, platform, found)
        raise InvitationInvalid(f"{reason} Appelez l'établissement ({contact.name}) au {contact.phone}.")
    return found


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
        found = _of_link(session, secret)
        if found is None:
            return Contact("l'assistance", platform.settings.assistance_phone)
        return _contact(session, platform, found)


def structure_contact(session: Session, platform: Platform, dossier: Dossier) -> Contact:
    """The care home's name and number, or the assistance's number when it has none."""
    structure = session.get_one(Structure, dossier.structure_id)
    return Contact(structure.name, structure.phone or platform.settings.assistance_phone)


def _of_link(session: Session, secret: str | None) -> Guest | None:
    if not secret or SECRET.fullmatch(secret) is None:
        return None
    found = session.exec(
        select(Invitation, Dossier)
        .join(Dossier, col(Dossier.id) == col(Invitation.dossier_id))
        .where(Invitation.secret_hash == login_sessions.hash_secret(secret))
    ).first()
    return Guest(*found) if found else None


def _reason_to_refuse(platform: Platform, found: Guest) -> str:
    invitation = found.invitation
    if invitation.withdrawn_at is not None:
        return "Cette invitation a été retirée."
    if invitation.refused_at is not None:
        return "Le professionnel n'a pas pu vous faire entrer avec ce lien."
    if found.dossier.step in (Step.CLOSED, Step.CANCELLED):
        return "Cette téléconsultation est terminée."
    if platform.now() >= invitation.expires_at:
        return "Ce lien n'est plus valable : le rendez-vous est passé."
    return ""


def _contact(session: Session, platform: Platform, found: Guest) -> Contact:
    return structure_contact(session, platform, found.dossier)
