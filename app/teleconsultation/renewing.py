"""« Renvoyer » and « Prolonger »: an invitation that has not arrived, or whose time has run out.

Nobody can send a link again, because nobody has it: a new one is made, and the former opens nothing any more. A browser in
which the invitation was opened already stays welcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from app.dossiers.access import Right, dossier_for
from app.dossiers.models import Dossier
from app.errors import InvalidInput, InvitationInvalid
from app.identity.models import Professional
from app.messaging import service as outbox
from app.messaging.models import OutboxMessage
from app.platform import Platform
from app.teleconsultation import invitations, sending
from app.teleconsultation.asking import asked, professional
from app.teleconsultation.lines import Line
from app.teleconsultation.linking import remember
from app.teleconsultation.models import Invitation
from app.teleconsultation.protocol import VALUED, register
from app.teleconsultation.schema import KEY, Schema, number_in_text
from app.teleconsultation.service import check_step

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

NOT_BEFORE = timedelta(seconds=30)  # between two messages of one invitation: a double click sends one
DEAD = "Cette invitation n'est plus valable. Envoyez-en une nouvelle."


@dataclass(frozen=True)
class Resend:
    """Send this invitation anew, with a new link."""

    invitation: int
    key: str


@dataclass(frozen=True)
class Extend:
    """Let this invitation's link open the door for longer."""

    invitation: int


def resend(platform: Platform, actor: Professional, number: str, invitation_id: int) -> tuple[Invitation, str]:
    """Send an invitation anew to the same address; answers the secret of its new link.

    Raises: NotFound, AccessDenied, WrongStep, InvitationInvalid (withdrawn, refused, put out), InvalidInput (too soon,
    too many).
    """
    now = platform.now()
    with platform.transaction() as session:
        dossier, invitation = _living(session, actor, number, invitation_id)
        newest = session.exec(
            select(OutboxMessage)
            .where(OutboxMessage.topic == sending.TOPIC, OutboxMessage.topic_id == invitation_id)
            .order_by(col(OutboxMessage.id).desc())
        ).first()
        if newest is not None and now - newest.created_at < NOT_BEFORE:
            raise InvalidInput("Cette invitation vient de partir. Patientez un instant avant de la renvoyer.")
        sending.check_rate(session, dossier, now)
        outbox.take_back(session, sending.TOPIC, invitation_id)
        secret = sending.new_secret(invitation)
        invitation.expires_at = sending.good_until(dossier, now)
        session.add(invitation)
        sending.send(session, platform, actor, dossier, invitation, secret)
        sending.journal(session, platform, actor, sending.RESENT, invitation, channel=invitation.channel)
    outbox.announce(platform)
    sending.tell_changed(platform, invitation)
    return invitation, secret


def extend(platform: Platform, actor: Professional, number: str, invitation_id: int) -> Invitation:
    """Let the same link open the door until a day after the appointment, or after now.

    Raises: NotFound, AccessDenied, WrongStep, InvitationInvalid.
    """
    with platform.transaction() as session:
        dossier, invitation = _living(session, actor, number, invitation_id)
        invitation.expires_at = sending.good_until(dossier, platform.now())
        session.add(invitation)
        sending.journal(session, platform, actor, "invitation.extended", invitation)
    sending.tell_changed(platform, invitation)
    return invitation


def _living(session: Session, actor: Professional, number: str, invitation_id: int) -> tuple[Dossier, Invitation]:
    dossier = dossier_for(session, actor, number, Right.INVITE)
    check_step(dossier)
    invitation = invitations.found(session, actor, number, invitation_id)
    if invitation.is_dead:
        raise InvitationInvalid(DEAD)
    return dossier, invitation


def _resend(hub: Hub, asking: Line, message: Resend) -> None:
    line = professional(asking)
    hub.check(line)
    line.follows_invitations = True

    async def send() -> None:
        _sent, secret = await asked(hub, line, message, resend, line.actor, line.number, message.invitation)
        remember(hub, line, message.invitation, secret, message.key)

    hub.later(send())


def _extend(hub: Hub, asking: Line, message: Extend) -> None:
    line = professional(asking)
    hub.check(line)
    line.follows_invitations = True
    hub.later(asked(hub, line, message, extend, line.actor, line.number, message.invitation))


register("resend", Schema(Resend, {"invitation": number_in_text, "key": KEY}), VALUED, _resend)
register("extend", Schema(Extend, {"invitation": number_in_text}), VALUED, _extend)
