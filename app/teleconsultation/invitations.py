"""Invitations (guide 3.2, 2): send a link, follow it, take it back; let its holder in or not.

    sent ── opened ── waiting ──┬── admit ──> may join ── left ──> must wait again
                                └── refuse ─> never again
    withdrawn, expired, or the dossier closed: never again

The link's secret leaves in one e-mail and is kept nowhere else: the database has its SHA-256, and the outbox forgets
the text once it is sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.db import key
from app.dossiers.access import Right, dossier_for
from app.dossiers.calls import GUEST_ENTERED, GUEST_LEFT
from app.dossiers.models import Dossier
from app.errors import InvalidInput, InvitationInvalid, NotAdmitted, NotFound
from app.identity import contacts
from app.identity.login_sessions import hash_secret
from app.identity.models import Professional
from app.messaging import service as outbox
from app.messaging.models import OutboxMessage, OutboxState
from app.platform import Platform
from app.teleconsultation import door
from app.teleconsultation.letters import SUBJECT, Letter
from app.teleconsultation.messages import Invite
from app.teleconsultation.models import Invitation
from app.teleconsultation.returning import may_come_back
from app.teleconsultation.service import check_step, room_called

TOPIC = "invitation"  # of outbox rows, and bus topic: this invitation changed; `closed` when its holder must go

VALID_FOR = timedelta(hours=24)  # after the appointment, or after now
MOST_PER_HOUR = 20  # for one dossier


@dataclass(frozen=True)
class InvitationView:
    """An invitation as professionals of the dossier see it.

    `key` is the page's own, with which it asked; `message` says more where something is wrong.
    """

    id: int
    name: str
    role: str
    address: str
    state: str
    key: str
    message: str = ""


@dataclass(frozen=True)
class GuestContext:
    """What a guest's page says about the appointment; nothing about the patient."""

    name: str
    role: str
    role_label: str
    greeting: str
    doctor: str
    at: datetime | None
    structure: str
    phone: str
    phone_dialled: str


def invite(platform: Platform, actor: Professional, number: str, room: str, wish: Invite) -> Invitation:
    """Send somebody without an account a link to this dossier's call; asked again with the same key, once.

    Raises: NotFound, AccessDenied, WrongStep, InvalidInput (address, channel, somebody else's key, too many).
    """
    address = _checked_address(wish)
    try:
        return _invite(platform, actor, number, room, wish, address)
    except IntegrityError:  # the same wish came twice at the same moment (PostgreSQL); now it is there
        return _invite(platform, actor, number, room, wish, address)


def _invite(platform: Platform, actor: Professional, number: str, room: str, wish: Invite, address: str) -> Invitation:
    now = platform.now()
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.INVITE)
        check_step(dossier)
        known = session.exec(select(Invitation).where(Invitation.request_key == wish.key)).first()
        if known is not None:
            if (known.dossier_id, known.inviter_id) != (dossier.id, actor.id):
                raise InvalidInput
            return known
        _check_rate(session, dossier, now)
        secret = secrets.token_urlsafe(32)
        invitation = Invitation(
            secret_hash=hash_secret(secret),
            dossier_id=key(dossier),
            room_id=key(room_called(session, room)),
            inviter_id=key(actor),
            name=wish.name,
            role=wish.role,
            channel=wish.channel,
            address=address,
            request_key=wish.key,
            created_at=now,
            expires_at=max(dossier.planned_at or now, now) + VALID_FOR,
        )
        session.add(invitation)
        session.flush()
        letter = Letter(
            name=wish.name,
            inviter=actor.full_name,
            doctor=_doctor(session, dossier, but=actor),
            planned_at=dossier.planned_at,
            link=platform.settings.url(f"/invitation/{secret}"),
            expires_at=invitation.expires_at,
            contact=door.structure_contact(session, platform, dossier),
        )
        outbox.queue_mail(session, now, address, SUBJECT, letter.text(), TOPIC, invitation.id)
        detail = {"channel": wish.channel, "invitation": invitation.id, "role": wish.role.value}
        audit.record(session, now, actor, "invitation.sent", dossier_id=dossier.id, detail=detail)
    outbox.announce(platform)
    _tell(platform, invitation)
    return invitation


def withdraw(platform: Platform, actor: Professional, number: str, invitation_id: int) -> Invitation:
    """Make a link worthless: its holder is out at once, and a message not yet sent never leaves.

    Raises: NotFound, AccessDenied.
    """
    with platform.transaction() as session:
        invitation = _found(session, actor, number, invitation_id)
        if invitation.withdrawn_at is None:
            invitation.withdrawn_at = platform.now()
            session.add(invitation)
            outbox.take_back(session, TOPIC, invitation_id)
            _record(platform, session, actor, "invitation.withdrawn", invitation)
    _tell(platform, invitation, closed=True)
    return invitation


def admit(platform: Platform, actor: Professional, number: str, room: str, invitation_id: int) -> Invitation:
    """Let a waiting guest into `room`, until they leave or the call is over.

    Raises: NotFound, AccessDenied, InvitationInvalid (withdrawn or refused meanwhile).
    """
    with platform.transaction() as session:
        invitation = _found(session, actor, number, invitation_id)
        if invitation.withdrawn_at or invitation.refused_at:
            raise InvitationInvalid("Cette invitation n'est plus valable. Envoyez-en une nouvelle.")
        invitation.admitted_at = platform.now()
        invitation.room_id = key(room_called(session, room))
        session.add(invitation)
        _record(platform, session, actor, "guest.admitted", invitation)
    _tell(platform, invitation)
    return invitation


def refuse(platform: Platform, actor: Professional, number: str, invitation_id: int) -> Invitation:
    """Don't let a guest in: the link is worthless from now on. Raises: NotFound, AccessDenied."""
    with platform.transaction() as session:
        invitation = _found(session, actor, number, invitation_id)
        if invitation.refused_at is None:
            invitation.refused_at = platform.now()
            session.add(invitation)
            _record(platform, session, actor, "guest.refused", invitation)
    _tell(platform, invitation, closed=True)
    return invitation


def open_invitation(platform: Platform, secret: str) -> Invitation:
    """A guest opens the link; the first time is kept, so that the professional sees it. Raises: InvitationInvalid."""
    with platform.reading() as session:
        invitation = door.guest(session, platform, secret).invitation
    if invitation.opened_at is None:
        with platform.transaction() as session:
            invitation = door.guest(session, platform, secret).invitation
            invitation.opened_at = platform.now()
            session.add(invitation)
            _record(platform, session, invitation, "invitation.opened", invitation)
        _tell(platform, invitation)
    return invitation


def guest_entered(platform: Platform, actor: Invitation, room: str) -> None:
    """Journal that a guest is inside. Raises: NotFound, InvitationInvalid, NotAdmitted (let out, or left, meanwhile)."""
    with platform.transaction() as session:
        invitation = session.get_one(Invitation, actor.id)
        if invitation.withdrawn_at or invitation.refused_at:
            raise InvitationInvalid
        if not invitation.is_admitted:  # they left, which was not written yet when they came back
            if not may_come_back(session, platform.now(), invitation):
                raise NotAdmitted
            invitation.left_at = None
            session.add(invitation)
        kept = room_called(session, room)
        detail = {"invitation": actor.id, "room": kept.slug}
        dossier_id = invitation.dossier_id
        audit.record(
            session, platform.now(), actor, GUEST_ENTERED, dossier_id=dossier_id, subject=kept.name, detail=detail
        )
    _tell(platform, actor)


def guest_left(platform: Platform, actor: Invitation, reason: str = "left") -> None:
    """A guest is out of the room; to come back they must be let in anew, but for a broken line (`returning`)."""
    with platform.transaction() as session:
        invitation = session.get_one(Invitation, actor.id)
        if invitation.is_admitted:
            invitation.left_at = platform.now()
            session.add(invitation)
        _record(platform, session, actor, GUEST_LEFT, invitation, reason=reason)
    _tell(platform, actor)


def invitations_of(
    platform: Platform, actor: Professional, number: str, whereabouts: Mapping[int, str] | None = None
) -> list[InvitationView]:
    """Every invitation of a dossier with its state, oldest first (states: docs/signalling.md).

    `whereabouts` says who is « waiting » or « inside » at this moment, by invitation.

    Raises: NotFound, AccessDenied.
    """
    with platform.reading() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        return invitations_for(session, platform.now(), dossier, whereabouts)


def invitations_for(
    session: Session, now: datetime, dossier: Dossier, whereabouts: Mapping[int, str] | None = None
) -> list[InvitationView]:
    """The same, for somebody who was already checked."""
    wanted = select(Invitation).where(Invitation.dossier_id == dossier.id).order_by(col(Invitation.id))
    invitations = list(session.exec(wanted))
    sent, places = outbox.follow(session, TOPIC, map(key, invitations)), whereabouts or {}
    return [_view(i, sent.get(key(i)), places.get(key(i)), now) for i in invitations]


def guest_context(platform: Platform, invitation: Invitation) -> GuestContext:
    """What a guest's page says: greeting, doctor, appointment, whom to call."""
    with platform.reading() as session:
        dossier = session.get_one(Dossier, invitation.dossier_id)
        contact = door.structure_contact(session, platform, dossier)
        doctor = _doctor(session, dossier)
    return GuestContext(
        name=invitation.name,
        role=invitation.role.value,
        role_label=invitation.role.label,
        greeting=f"Bonjour {invitation.name}",
        doctor=doctor,
        at=dossier.planned_at,
        structure=contact.name,
        phone=contact.phone,
        phone_dialled=contact.dialled,
    )


def _view(invitation: Invitation, mail: OutboxMessage | None, place: str | None, now: datetime) -> InvitationView:
    state, message = _state(invitation, mail, place, now)
    return InvitationView(
        id=key(invitation),
        name=invitation.name,
        role=invitation.role.value,
        address=invitation.address,
        state=state,
        key=invitation.request_key,
        message=message,
    )


def _state(invitation: Invitation, mail: OutboxMessage | None, place: str | None, now: datetime) -> tuple[str, str]:
    if invitation.withdrawn_at is not None:
        return "withdrawn", ""
    if invitation.refused_at is not None:
        return "withdrawn", "Entrée refusée : ce lien ne permet plus d'entrer."
    if place is not None:
        return place, ""
    if invitation.admitted_at is not None:
        return "left", ""
    if now >= invitation.expires_at:
        return "expired", ""
    if invitation.opened_at is not None:
        return "opened", ""
    if mail is None or mail.state is OutboxState.WAITING:
        return "sending", mail.error if mail else ""
    return ("sent", "") if mail.state is OutboxState.SENT else ("failed", mail.error)


def _found(session: Session, actor: Professional, number: str, invitation_id: int) -> Invitation:
    dossier = dossier_for(session, actor, number, Right.INVITE)
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.dossier_id != dossier.id:
        raise NotFound
    return invitation


def _doctor(session: Session, dossier: Dossier, but: Professional | None = None) -> str:
    if dossier.expert_id is None or (but is not None and dossier.expert_id == but.id):
        return ""
    return session.get_one(Professional, dossier.expert_id).full_name


def _checked_address(wish: Invite) -> str:
    if wish.channel != "email":
        raise InvalidInput("L'envoi par SMS n'est pas encore ouvert ici. Envoyez l'invitation par courriel.")
    if not contacts.is_email(wish.address):
        raise InvalidInput("Cette adresse n'est pas valable. Exemple : prenom.nom@exemple.fr")
    return wish.address


def _check_rate(session: Session, dossier: Dossier, now: datetime) -> None:
    recent = select(func.count(col(Invitation.id))).where(
        Invitation.dossier_id == dossier.id, col(Invitation.created_at) > now - timedelta(hours=1)
    )
    if session.exec(recent).one() >= MOST_PER_HOUR:
        raise InvalidInput(
            f"{MOST_PER_HOUR} invitations ont déjà été envoyées pour ce dossier depuis une heure. "
            "Celle-ci n'est pas partie : réessayez plus tard."
        )


def _record(
    platform: Platform,
    session: Session,
    actor: audit.Actor,
    action: str,
    invitation: Invitation,
    **detail: str,
) -> None:
    audit.record(
        session,
        platform.now(),
        actor,
        action,
        dossier_id=invitation.dossier_id,
        detail={"invitation": invitation.id, **detail},
    )


def _tell(platform: Platform, invitation: Invitation, *, closed: bool = False) -> None:
    platform.bus.publish(TOPIC, {"id": invitation.id, "dossier": invitation.dossier_id, "closed": closed})
