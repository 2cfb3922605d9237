"""« Direct »: messages from one professional to another, beside the room's discussion.

A message belongs to the dossier it was written from and is kept as long as that; a reply belongs to the same one. Whoever
gets it reads what was written, and learns the dossier's number only with a right to that dossier. Only the two read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from app.audit import service as audit
from app.db import key as key_of
from app.dossiers.access import Right, dossier_for, rights
from app.dossiers.models import Dossier
from app.errors import InvalidInput, NotAuthenticated, NotFound
from app.identity import login_sessions
from app.identity.models import LoginSession, Professional, Structure
from app.platform import Platform
from app.teleconsultation.models import DirectMessage

TOPIC = "direct"  # bus topic: something between `people` changed; never what was written
LONGEST = 2000  # characters
MOST_SHOWN = 100  # messages of one exchange
MOST_FOUND = 20  # colleagues

NOBODY = "Cette personne n'a pas de compte ouvert ici. Cherchez-la par son nom."
NO_DOSSIER = (
    "Écrivez d'abord depuis un télédossier : le message est conservé avec lui. Vous pourrez ensuite répondre d'ici."
)


@dataclass(frozen=True)
class Colleague:
    """Somebody one may write to; `unread` counts what they wrote and I have not read."""

    id: int
    name: str
    detail: str
    unread: int = 0


@dataclass(frozen=True)
class Said:
    """A message as its reader sees it; `dossier` is its number, empty without a right to it."""

    id: int
    key: str
    sender: int
    recipient: int
    text: str
    at: datetime
    read: bool
    dossier: str
    repeated: bool = False


def caller(session: Session, platform: Platform, secret: str | None) -> Professional:
    """Who holds a login cookie; looking is not using it. Raises: NotAuthenticated (ended, suspended)."""
    found = session.exec(
        select(LoginSession, Professional)
        .join(Professional, col(Professional.id) == col(LoginSession.professional_id))
        .where(LoginSession.secret_hash == login_sessions.hash_secret(secret or ""))
    ).first()
    if found is None or found[1].suspended or not login_sessions.is_alive(platform, found[0]):
        raise NotAuthenticated
    return found[1]


def send(platform: Platform, actor: Professional, to: int, text: str, key: str, number: str | None = None) -> Said:
    """Write to a colleague, from the dossier `number`, or as a reply to what they wrote. The same `key` is kept once.

    Raises: NotFound (nobody, or a dossier that is not theirs), InvalidInput (oneself, nothing to reply to).
    """
    try:
        return _send(platform, actor, to, text, key, number)
    except IntegrityError:  # the same message came twice at the same moment (PostgreSQL); now it is there
        return _send(platform, actor, to, text, key, number)


def _send(platform: Platform, actor: Professional, to: int, text: str, key: str, number: str | None) -> Said:
    now = platform.now()
    with platform.transaction() as session:
        recipient = colleague(session, actor, to)
        wanted = select(DirectMessage).where(DirectMessage.sender_id == actor.id, DirectMessage.key == key)
        known = session.exec(wanted).first()
        if known is not None:
            if known.recipient_id != to:
                raise InvalidInput
            return _said(session, actor, known, repeated=True)
        if number is not None:
            dossier_id = key_of(dossier_for(session, actor, number, Right.SEE))
        else:
            dossier_id = _replied(session, actor, to)
        message = DirectMessage(
            key=key, sender_id=key_of(actor), recipient_id=to, dossier_id=dossier_id, text=text, at=now
        )
        session.add(message)
        session.flush()
        subject = recipient.full_name
        audit.record(session, now, actor, "direct.sent", dossier_id=dossier_id, subject=subject, detail={"to": to})
        said = _said(session, actor, message)
    platform.bus.publish(TOPIC, {"id": said.id, "people": [actor.id, to]})
    return said


def exchange(platform: Platform, actor: Professional, other: int) -> list[Said]:
    """What two people wrote to each other, oldest first; what the actor had not read stays marked. Raises: NotFound."""
    with platform.reading() as session:
        colleague(session, actor, other)
        newest = session.exec(
            select(DirectMessage).where(_between(actor, other)).order_by(col(DirectMessage.id).desc()).limit(MOST_SHOWN)
        )
        return [_said(session, actor, message) for message in reversed(list(newest))]


def find(platform: Platform, actor: Professional, message_id: int) -> Said | None:
    """One message, for one of the two; None for everybody else."""
    with platform.reading() as session:
        message = session.get(DirectMessage, message_id)
        if message is None or actor.id not in (message.sender_id, message.recipient_id):
            return None
        return _said(session, actor, message)


def read(platform: Platform, actor: Professional, other: int, upto: int) -> int:
    """Mark what `other` wrote to the actor, up to the message `upto`, as read; answers how many were not."""
    with platform.transaction() as session:
        wanted = select(DirectMessage).where(
            DirectMessage.sender_id == other,
            DirectMessage.recipient_id == actor.id,
            col(DirectMessage.id) <= upto,
            col(DirectMessage.read_at).is_(None),
        )
        messages = list(session.exec(wanted))
        for message in messages:
            message.read_at = platform.now()
            session.add(message)
    if messages:
        platform.bus.publish(TOPIC, {"id": 0, "people": [actor.id, other]})
    return len(messages)


def colleagues(platform: Platform, actor: Professional, query: str, online: Iterable[int] = ()) -> list[Colleague]:
    """Those whose name has every word of `query`; without one, who is connected or has written, unread first."""
    words = query.split()
    with platform.reading() as session:
        unread = _unread(session, actor)
        wanted = (
            select(Professional, Structure)
            .join(Structure, col(Structure.id) == col(Professional.structure_id), isouter=True)
            .where(col(Professional.suspended).is_(False), Professional.id != actor.id, _writes())
        )
        for word in words:
            like = f"%{word.replace('%', '').replace('_', '')}%"
            wanted = wanted.where(
                or_(col(Professional.given_name).ilike(like), col(Professional.family_name).ilike(like))
            )
        if not words:
            known = {*online, *unread, *_partners(session, actor)}
            wanted = wanted.where(col(Professional.id).in_(known))
        found = session.exec(
            wanted.order_by(col(Professional.family_name), col(Professional.given_name)).limit(5 * MOST_FOUND)
        )
        people = [
            Colleague(key_of(person), person.full_name, _detail(person, structure), unread.get(key_of(person), 0))
            for person, structure in found
        ]
    here = set(online)
    return sorted(people, key=lambda each: (not each.unread, each.id not in here))[:MOST_FOUND]


def unread_of(platform: Platform, actor: Professional) -> dict[int, int]:
    """How many unread messages there are of each colleague."""
    with platform.reading() as session:
        return _unread(session, actor)


def colleague(session: Session, actor: Professional, other: int) -> Professional:
    """Somebody the actor may write to. Raises: NotFound (nobody, suspended, the administrator), InvalidInput (oneself)."""
    if other == actor.id:
        raise InvalidInput("On ne s'écrit pas à soi-même. Choisissez un confrère.")
    person = session.exec(select(Professional).where(Professional.id == other, _writes())).first()
    if person is None or person.suspended:
        raise NotFound(NOBODY)
    return person


def _writes() -> ColumnElement[bool]:
    return or_(col(Professional.is_requester), col(Professional.is_expert))


def _between(actor: Professional, other: int) -> ColumnElement[bool]:
    return or_(
        (col(DirectMessage.sender_id) == actor.id) & (col(DirectMessage.recipient_id) == other),
        (col(DirectMessage.sender_id) == other) & (col(DirectMessage.recipient_id) == actor.id),
    )


def _replied(session: Session, actor: Professional, to: int) -> int:
    """The dossier of the newest message that was exchanged. Raises: InvalidInput when there is none."""
    wanted = select(DirectMessage.dossier_id).where(_between(actor, to)).order_by(col(DirectMessage.id).desc())
    dossier_id = session.exec(wanted).first()
    if dossier_id is None:
        raise InvalidInput(NO_DOSSIER)
    return dossier_id


def _unread(session: Session, actor: Professional) -> dict[int, int]:
    wanted = (
        select(DirectMessage.sender_id, func.count(col(DirectMessage.id)))
        .where(DirectMessage.recipient_id == actor.id, col(DirectMessage.read_at).is_(None))
        .group_by(col(DirectMessage.sender_id))
    )
    return dict(session.exec(wanted).all())


def _partners(session: Session, actor: Professional) -> set[int]:
    sent = select(DirectMessage.recipient_id).where(DirectMessage.sender_id == actor.id).distinct()
    heard = select(DirectMessage.sender_id).where(DirectMessage.recipient_id == actor.id).distinct()
    return {*session.exec(sent), *session.exec(heard)}


def _said(session: Session, reader: Professional, message: DirectMessage, *, repeated: bool = False) -> Said:
    dossier = session.get_one(Dossier, message.dossier_id)
    return Said(
        id=key_of(message),
        key=message.key if message.sender_id == reader.id else "",
        sender=message.sender_id,
        recipient=message.recipient_id,
        text=message.text,
        at=message.at,
        read=message.read_at is not None,
        dossier=dossier.number if Right.SEE in rights(reader, dossier) else "",
        repeated=repeated,
    )


def _detail(person: Professional, structure: Structure | None) -> str:
    return ", ".join(part for part in (person.qualification, structure.name if structure else "") if part)
