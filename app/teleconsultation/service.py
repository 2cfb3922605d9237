"""The room's use cases for professionals (guide 3): choose a room, enter, leave, write.

Who is in a room at this moment is `presence`'s; here is what is kept: the dossier's step, the journal, the discussion.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.audit.models import AuditEntry
from app.db import key as key_of
from app.dossiers.access import Right, dossier_for
from app.dossiers.calls import ENTERED, LEFT, STEP_CHANGED
from app.dossiers.models import Dossier, Step
from app.dossiers.service import announce, move_to
from app.errors import InvalidInput, InvitationInvalid, NotAdmitted, NotFound, WrongStep
from app.identity.models import Professional
from app.platform import Platform
from app.teleconsultation.models import ChatMessage, Invitation, Room
from app.teleconsultation.presence import Person

# In the journal, beside those of `app.dossiers.calls`.
MUTED, UNMUTED, ROUTE = "participant.muted", "participant.unmuted", "call.route"
LONGEST_CHAT_SHOWN, MOST_TEXT_SHOWN = 500, 100_000  # lines, characters: it is read on the event loop at each entry

MAY_CALL = (Step.REQUESTED, Step.PLANNED, Step.IN_CALL, Step.OPINION_DUE)

_WHY_NOT = {
    Step.DRAFT: "Ce dossier est encore un brouillon : envoyez la demande avant d'entrer en salle.",
    Step.CLOSED: "Ce dossier est clôturé : la téléconsultation est terminée. Rien n'a été modifié.",
    Step.CANCELLED: "Ce dossier est annulé : on ne peut plus entrer en salle. Rien n'a été modifié.",
}


@dataclass(frozen=True)
class RoomChoice:
    """A room to choose; `id` is its slug, `planned` says that the dossier was planned there."""

    id: str
    name: str
    planned: bool


@dataclass(frozen=True)
class ChatLine:
    """A line of the discussion; `mine` for whoever asked, `repeated` when it was already kept."""

    key: str
    name: str
    text: str
    at: datetime
    mine: bool
    repeated: bool = False


def rooms_of(platform: Platform, actor: Professional, number: str) -> list[RoomChoice]:
    """The rooms that may be chosen for a dossier, in the house's order. Raises: NotFound, AccessDenied."""
    with platform.reading() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        return rooms_for(session, dossier)


def rooms_for(session: Session, dossier: Dossier) -> list[RoomChoice]:
    """Every open room, for a dossier that was already checked; one it was planned in stays, closed or not."""
    offered = col(Room.closed).is_(False) | (col(Room.id) == dossier.planned_room_id)
    rooms = session.exec(select(Room).where(offered).order_by(col(Room.position), col(Room.id)))
    return [RoomChoice(room.slug, room.name, room.id == dossier.planned_room_id) for room in rooms]


def check_step(dossier: Dossier) -> None:
    """Whether this dossier's people may meet. Raises: WrongStep."""
    if dossier.step not in MAY_CALL:
        raise WrongStep(_WHY_NOT[dossier.step])


def enter(platform: Platform, actor: Professional, number: str, room: str, *, resumed: bool = False) -> Step:
    """A professional enters a room: the dossier is « En téléconsultation » from now on.

    Also from « Avis à rendre », when the same people meet again, or find each other after a broken line. `resumed`
    is journalled: a place taken back after the server was down.

    Raises: NotFound (dossier or room), AccessDenied, WrongStep.
    """
    now = platform.now()
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        check_step(dossier)
        kept = room_called(session, room)
        detail = {"room": kept.slug, "resumed": resumed}
        audit.record(session, now, actor, ENTERED, dossier_id=dossier.id, subject=kept.name, detail=detail)
        if dossier.step is not Step.IN_CALL:
            move_to(session, platform, actor, dossier, Step.IN_CALL)
    announce(platform, number)
    return dossier.step


def leave(
    platform: Platform,
    actor: Professional,
    number: str,
    room: str,
    *,
    over: bool,
    staying: Collection[int] = (),
    reason: str = "left",
) -> Step:
    """A professional is out of a room; the last one (`over`) moves the dossier to « Avis à rendre ».

    Guests who were let in must be let in anew next time, but for those `staying` inside for a moment (invitations).
    Asks for no right: who has lost the right to be inside must still be let out.

    Raises: NotFound.
    """
    now = platform.now()
    with platform.transaction() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == number)).first()
        if dossier is None:
            raise NotFound
        kept = room_called(session, room)
        detail = {"room": kept.slug, "reason": reason}
        audit.record(session, now, actor, LEFT, dossier_id=dossier.id, subject=kept.name, detail=detail)
        if over:
            _end_call(session, platform, actor, dossier, staying)
    announce(platform, number)
    return dossier.step


def end_abandoned(platform: Platform, occupied: set[int]) -> int:
    """End the calls nobody came back to after the server was down; answers how many.

    `occupied` are the dossiers with somebody inside. Only calls that began in a room of ours are looked at. Guests who
    had been let in and were left behind when the last professional went must be let in anew, too.
    """
    with platform.transaction() as session:
        started = select(AuditEntry.dossier_id).where(AuditEntry.action == ENTERED)
        wanted = select(Dossier).where(Dossier.step == Step.IN_CALL, col(Dossier.id).in_(started))
        abandoned = [dossier for dossier in session.exec(wanted) if dossier.id not in occupied]
        for dossier in abandoned:
            _end_call(session, platform, audit.SYSTEM, dossier)
        let_in = select(Invitation).where(col(Invitation.admitted_at).is_not(None))
        for invitation in session.exec(let_in.join(Dossier).where(Dossier.step != Step.IN_CALL)):
            if invitation.is_admitted and invitation.dossier_id not in occupied:
                invitation.left_at = platform.now()
                session.add(invitation)
    for dossier in abandoned:
        announce(platform, dossier.number)
    return len(abandoned)


def keep_silence(
    platform: Platform, actor: Professional, number: str, room: str, person: Person, *, silenced: bool
) -> None:
    """Journal that somebody was silenced or given the microphone back. Raises: NotFound, AccessDenied.

    A guest is named by the invitation alone: it may be the patient.
    """
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        action, whom = MUTED if silenced else UNMUTED, person.label if person.professional else person.detail
        detail = {"person": person.key, "room": room}
        audit.record(session, platform.now(), actor, action, dossier_id=dossier.id, subject=whom, detail=detail)


def silenced(session: Session, dossier: Dossier) -> set[str]:
    """Keys of the persons silenced in the call that goes on, out of the journal; after a restart nothing else knows."""
    wanted = (
        select(AuditEntry)
        .where(AuditEntry.dossier_id == dossier.id, col(AuditEntry.action).in_((MUTED, UNMUTED, STEP_CHANGED)))
        .order_by(col(AuditEntry.id))
    )
    keys: set[str] = set()
    for entry in session.exec(wanted):
        detail = json.loads(entry.detail)
        if entry.action == MUTED:
            keys.add(detail["person"])
        elif entry.action == UNMUTED:
            keys.discard(detail["person"])
        elif detail["to"] != Step.IN_CALL.value:  # that call was over
            keys.clear()
    return keys


def keep_route(platform: Platform, dossier_id: int, room: str, route: str, reason: str) -> None:
    """Journal that a call goes another way now. Raises: NotFound (room)."""
    with platform.transaction() as session:
        kept = room_called(session, room)
        detail = {"reason": reason, "room": room, "route": route}
        audit.record(
            session, platform.now(), audit.SYSTEM, ROUTE, dossier_id=dossier_id, subject=kept.name, detail=detail
        )


def post_chat(
    platform: Platform, actor: Professional | Invitation, number: str, room: str, text: str, key: str
) -> ChatLine:
    """Keep a line of the discussion with the dossier. The same `key` again is the same line.

    Raises: NotFound, AccessDenied, NotAdmitted, InvitationInvalid, InvalidInput (somebody else's key).
    """
    try:
        return _post_chat(platform, actor, number, room, text, key)
    except IntegrityError:  # the same line came twice at the same moment (PostgreSQL); now it is there
        return _post_chat(platform, actor, number, room, text, key)


def _post_chat(
    platform: Platform, actor: Professional | Invitation, number: str, room: str, text: str, key: str
) -> ChatLine:
    now = platform.now()
    with platform.transaction() as session:
        dossier = _dossier_of(session, actor, number)
        known = session.exec(
            select(ChatMessage).where(ChatMessage.dossier_id == dossier.id, ChatMessage.key == key)
        ).first()
        if known is not None:
            if not _wrote(actor, known):
                raise InvalidInput
            return replace(_line(known, actor), repeated=True)
        kept = room_called(session, room)
        message = ChatMessage(
            key=key,
            dossier_id=key_of(dossier),
            room_id=key_of(kept),
            professional_id=actor.id if isinstance(actor, Professional) else None,
            invitation_id=actor.id if isinstance(actor, Invitation) else None,
            author_name=_author(actor),
            text=text,
            at=now,
        )
        session.add(message)
        audit.record(session, now, actor, "chat.posted", dossier_id=dossier.id, subject=kept.name)
    return _line(message, actor)


def chat_of(platform: Platform, actor: Professional | Invitation, number: str) -> list[ChatLine]:
    """The discussion kept with the dossier, oldest first. A guest reads what was written since they were let in.

    Raises: NotFound, AccessDenied, NotAdmitted, InvitationInvalid.
    """
    with platform.reading() as session:
        dossier = _dossier_of(session, actor, number)
        return chat_for(session, actor, dossier)


def chat_for(session: Session, actor: Professional | Invitation, dossier: Dossier) -> list[ChatLine]:
    """The newest of the discussion, for somebody who was already checked; a guest reads that of their room alone."""
    wanted = select(ChatMessage).where(ChatMessage.dossier_id == dossier.id)
    if isinstance(actor, Invitation):
        wanted = wanted.where(ChatMessage.room_id == actor.room_id)
        wanted = wanted.where(ChatMessage.at >= actor.admitted_at)  # type: ignore[operator]  # checked: admitted
    shown: list[ChatLine] = []
    room = MOST_TEXT_SHOWN
    for message in session.exec(wanted.order_by(col(ChatMessage.id).desc()).limit(LONGEST_CHAT_SHOWN)):
        room -= len(message.text)
        if room < 0:
            break
        shown.append(_line(message, actor))
    return shown[::-1]


def room_called(session: Session, slug: str) -> Room:
    """The room of that slug. Raises: NotFound."""
    room = session.exec(select(Room).where(Room.slug == slug)).first()
    if room is None:
        raise NotFound("Cette salle n'existe pas. Choisissez-en une autre.")
    return room


def _dossier_of(session: Session, actor: Professional | Invitation, number: str) -> Dossier:
    if isinstance(actor, Professional):
        return dossier_for(session, actor, number, Right.ENTER_ROOM)
    kept = session.get_one(Invitation, actor.id)
    dossier = session.get_one(Dossier, kept.dossier_id)
    if kept.is_dead or dossier.number != number:
        raise InvitationInvalid
    if not kept.is_admitted:
        raise NotAdmitted
    return dossier


def _end_call(
    session: Session, platform: Platform, actor: audit.Actor, dossier: Dossier, staying: Collection[int] = ()
) -> None:
    """The call is over: its opinion is due, and guests must be let in anew next time."""
    if dossier.step is Step.IN_CALL:
        move_to(session, platform, actor, dossier, Step.OPINION_DUE)
    for invitation in session.exec(select(Invitation).where(Invitation.dossier_id == dossier.id)):
        if invitation.is_admitted and invitation.id not in staying:
            invitation.left_at = platform.now()
            session.add(invitation)


def _wrote(actor: Professional | Invitation, message: ChatMessage) -> bool:
    if isinstance(actor, Professional):
        return message.professional_id == actor.id
    return message.invitation_id == actor.id


def _author(actor: Professional | Invitation) -> str:
    return actor.room_name if isinstance(actor, Professional) else actor.name


def _line(message: ChatMessage, reader: Professional | Invitation) -> ChatLine:
    return ChatLine(message.key, message.author_name, message.text, message.at, _wrote(reader, message))
