"""How an invitation reaches somebody: by e-mail, by SMS, or by its link alone, shown to whoever is there."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.audit.models import AuditEntry
from app.dossiers.models import Dossier
from app.errors import InvalidInput
from app.identity import contacts
from app.identity.login_sessions import hash_secret
from app.identity.models import Professional
from app.messaging import service as outbox
from app.platform import Platform
from app.teleconsultation import door
from app.teleconsultation.letters import SUBJECT, Letter
from app.teleconsultation.models import Invitation

TOPIC = "invitation"  # of outbox rows, and bus topic: this invitation changed; `closed` when its holder must go
SENT, RESENT = "invitation.sent", "invitation.resent"
VALID_FOR = timedelta(hours=24)  # after the appointment, or after now
MOST_PER_HOUR = 20  # for one dossier, sent anew included


def checked_address(channel: str, typed: str) -> str:
    """The address as it is kept: an e-mail address, a mobile number in international form, nothing for a link alone.

    Raises: InvalidInput; also for a French number that is no mobile: an SMS would never arrive there.
    """
    if channel == "link":
        return ""
    if not typed:
        raise InvalidInput("Saisissez une adresse." if channel == "email" else "Saisissez un numéro de mobile.")
    if channel == "sms":
        return contacts.mobile(typed)
    if not contacts.is_email(typed):
        raise InvalidInput("Cette adresse n'est pas valable. Exemple : prenom.nom@exemple.fr")
    return typed


def check_rate(session: Session, dossier: Dossier, now: datetime) -> None:
    """Whether one more may leave for this dossier. Raises: InvalidInput."""
    recent = select(func.count(col(AuditEntry.id))).where(
        AuditEntry.dossier_id == dossier.id,
        col(AuditEntry.action).in_((SENT, RESENT)),
        col(AuditEntry.at) > now - timedelta(hours=1),
    )
    if session.exec(recent).one() >= MOST_PER_HOUR:
        raise InvalidInput(
            f"{MOST_PER_HOUR} invitations ont déjà été envoyées pour ce dossier depuis une heure. "
            "Celle-ci n'est pas partie : réessayez plus tard."
        )


def good_until(dossier: Dossier, now: datetime) -> datetime:
    """Until when a link made or prolonged now opens the door."""
    return max(dossier.planned_at or now, now) + VALID_FOR


def new_secret(invitation: Invitation) -> str:
    """Draw the secret of a link; from now on it opens this invitation, and no former one does."""
    secret = secrets.token_urlsafe(32)
    invitation.secret_hash = hash_secret(secret)
    return secret


def link_of(platform: Platform, secret: str) -> str:
    """The address that a guest opens."""
    return platform.settings.url(f"/invitation/{secret}")


def send(
    session: Session, platform: Platform, actor: Professional, dossier: Dossier, invitation: Invitation, secret: str
) -> None:
    """Write the letter or the SMS into the outbox, in the caller's transaction, and the journal's row."""
    now = platform.now()
    letter = Letter(
        name=invitation.name,
        inviter=actor.full_name,
        doctor=doctor_of(session, dossier, but=actor),
        planned_at=dossier.planned_at,
        link=link_of(platform, secret),
        expires_at=invitation.expires_at,
        contact=door.structure_contact(session, platform, dossier),
    )
    if invitation.channel == "sms":
        outbox.queue_sms(
            session, now, invitation.address, letter.short(), TOPIC, invitation.id, expires_at=invitation.expires_at
        )
    elif invitation.channel == "email":
        outbox.queue_mail(session, now, invitation.address, SUBJECT, letter.text(), TOPIC, invitation.id)


def journal(
    session: Session, platform: Platform, actor: audit.Actor, action: str, invitation: Invitation, **detail: str
) -> None:
    """A row of the journal about an invitation; its address and its holder's name stay out of it."""
    audit.record(
        session,
        platform.now(),
        actor,
        action,
        dossier_id=invitation.dossier_id,
        detail={"invitation": invitation.id, **detail},
    )


def doctor_of(session: Session, dossier: Dossier, but: Professional | None = None) -> str:
    """The requis's name; empty when there is none, or when it is `but`."""
    if dossier.expert_id is None or (but is not None and dossier.expert_id == but.id):
        return ""
    return session.get_one(Professional, dossier.expert_id).full_name


def tell_changed(platform: Platform, invitation: Invitation, *, closed: bool = False) -> None:
    """Say on the bus that an invitation changed; `closed`: pages that hold it no longer must go. After the commit."""
    platform.bus.publish(TOPIC, {"id": invitation.id, "dossier": invitation.dossier_id, "closed": closed})
