"""Invitations (guide 3.2, 2): send a link, follow it, take it back; let its holder in or not.

    sent ── opened ── waiting ──┬── admit ──> may join ── left ──> must wait again
                                └── refuse ─> never again
    put out, withdrawn, expired, or the dossier closed: never again

The link's secret leaves in one message and is kept nowhere else: the database has its SHA-256, and the outbox forgets
the text once it is sent. How it is sent: `sending`; sent anew or prolonged: `renewing`; opened: `guest_sessions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.db import key
from app.dossiers.access import Right, dossier_for
from app.dossiers.calls import GUEST_ENTERED, GUEST_LEFT
from app.dossiers.models import Dossier
from app.errors import InvalidInput, InvitationInvalid, NotAdmitted, NotFound
from app.identity import contacts
from app.identity.models import Professional
from app.messaging import service as outbox
from app.messaging.models import OutboxMessage, OutboxState
from app.platform import Platform
from app.teleconsultation import door, sending
from app.teleconsultation.messages import Invite
from app.teleconsultation.models import Invitation
from app.teleconsultation.returning import may_come_back
from app.teleconsultation.sending import doctor_of, journal, tell_changed
from app.teleconsultation.service import check_step, room_called

TOPIC = sending.TOPIC


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
    channel: str = "email"
    expires_at: datetime | None = None


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

    Raises: NotFound, AccessDenied, WrongStep, InvalidInput (address, number, somebody else's key, too many).
    """
    return invite_with_link(platform, actor, number, room, wish)[0]


def invite_with_link(
    platform: Platform, actor: Professional, number: str, room: str, wish: Invite
) -> tuple[Invitation, str | None]:
    """The same, with the secret of its link, which nobody can tell later; None for what was invited before."""
    address = sending.checked_address(wish.channel, wish.address)
    try:
        return _invite(platform, actor, number, room, wish, address)
    except IntegrityError:  # the same wish came twice at the same moment (PostgreSQL); now it is there
        return _invite(platform, actor, number, room, wish, address)


def _invite(
    platform: Platform, actor: Professional, number: str, room: str, wish: Invite, address: str
) -> tuple[Invitation, str | None]:
    now = platform.now()
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.INVITE)
        check_step(dossier)
        known = session.exec(select(Invitation).where(Invitation.request_key == wish.key)).first()
        if known is not None:
            if (known.dossier_id, known.inviter_id) != (dossier.id, actor.id):
                raise InvalidInput
            return known, None
        sending.check_rate(session, dossier, now)
        invitation = Invitation(
            secret_hash="",
            dossier_id=key(dossier),
            room_id=key(room_called(session, room)),
            inviter_id=key(actor),
            name=wish.name,
            role=wish.role,
            channel=wish.channel,
            address=address,
            request_key=wish.key,
            created_at=now,
            expires_at=sending.good_until(dossier, now),
        )
        secret = sending.new_secret(invitation)
        session.add(invitation)
        session.flush()
        sending.send(session, platform, actor, dossier, invitation, secret)
        journal(session, platform, actor, sending.SENT, invitation, channel=wish.channel, role=wish.role.value)
    outbox.announce(platform)
    tell_changed(platform, invitation)
    return invitation, secret


def withdraw(platform: Platform, actor: Professional, number: str, invitation_id: int) -> Invitation:
    """Make a link worthless: its holder is out at once, and a message not yet sent never leaves.

    Raises: NotFound, AccessDenied.
    """
    with platform.transaction() as session:
        invitation = found(session, actor, number, invitation_id)
        if invitation.withdrawn_at is None:
            invitation.withdrawn_at = platform.now()
            session.add(invitation)
            outbox.take_back(session, TOPIC, invitation_id)
            journal(session, platform, actor, "invitation.withdrawn", invitation)
    tell_changed(platform, invitation, closed=True)
    return invitation


def admit(platform: Platform, actor: Professional, number: str, room: str, invitation_id: int) -> Invitation:
    """Let a waiting guest into `room`, until they leave or the call is over.

    Raises: NotFound, AccessDenied, InvitationInvalid (withdrawn or refused meanwhile).
    """
    with platform.transaction() as session:
        invitation = found(session, actor, number, invitation_id)
        if invitation.is_dead:
            raise InvitationInvalid("Cette invitation n'est plus valable. Envoyez-en une nouvelle.")
        invitation.admitted_at = platform.now()
        invitation.room_id = key(room_called(session, room))
        session.add(invitation)
        journal(session, platform, actor, "guest.admitted", invitation)
    tell_changed(platform, invitation)
    return invitation


def refuse(platform: Platform, actor: Professional, number: str, invitation_id: int) -> Invitation:
    """Don't let a guest in: the link is worthless from now on. Raises: NotFound, AccessDenied."""
    with platform.transaction() as session:
        invitation = found(session, actor, number, invitation_id)
        if invitation.refused_at is None:
            invitation.refused_at = platform.now()
            session.add(invitation)
            journal(session, platform, actor, "guest.refused", invitation)
    tell_changed(platform, invitation, closed=True)
    return invitation


def guest_entered(platform: Platform, actor: Invitation, room: str) -> None:
    """Journal that a guest is inside. Raises: NotFound, InvitationInvalid, NotAdmitted (let out, or left, meanwhile)."""
    with platform.transaction() as session:
        invitation = session.get_one(Invitation, actor.id)
        if invitation.is_dead:
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
    tell_changed(platform, actor)


def guest_left(platform: Platform, actor: Invitation, reason: str = "left") -> None:
    """A guest is out of the room; to come back they must be let in anew, but for a broken line (`returning`)."""
    with platform.transaction() as session:
        invitation = session.get_one(Invitation, actor.id)
        if invitation.is_admitted:
            invitation.left_at = platform.now()
            session.add(invitation)
        journal(session, platform, actor, GUEST_LEFT, invitation, reason=reason)
    tell_changed(platform, actor)


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
        doctor = doctor_of(session, dossier)
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
        channel=invitation.channel,
        address=contacts.shown_mobile(invitation.address) if invitation.channel == "sms" else invitation.address,
        state=state,
        key=invitation.request_key,
        expires_at=invitation.expires_at,
        message=message,
    )


def _state(invitation: Invitation, mail: OutboxMessage | None, place: str | None, now: datetime) -> tuple[str, str]:
    if invitation.withdrawn_at is not None:
        return "withdrawn", ""
    if invitation.refused_at is not None:
        return "withdrawn", "Entrée refusée : ce lien ne permet plus d'entrer."
    if invitation.removed_at is not None:
        return "removed", "Un professionnel l'a fait sortir : ce lien ne permet plus d'entrer."
    if place is not None:
        return place, ""
    if invitation.admitted_at is not None:
        return "left", ""
    if now >= invitation.expires_at:
        return "expired", ""
    if invitation.opened_at is not None:
        return "opened", ""
    if invitation.channel == "link":
        return "handed", ""
    if mail is None or mail.state is OutboxState.WAITING:
        return "sending", mail.error if mail else ""
    return ("sent", "") if mail.state is OutboxState.SENT else ("failed", mail.error)


def found(session: Session, actor: Professional, number: str, invitation_id: int) -> Invitation:
    """An invitation of a dossier to which the actor may invite. Raises: NotFound, AccessDenied."""
    dossier = dossier_for(session, actor, number, Right.INVITE)
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.dossier_id != dossier.id:
        raise NotFound
    return invitation
