"""Rooms (administration): add, name, close to new meetings, open again. A meeting that goes on is not touched."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.administration import rights, values
from app.audit import service as audit
from app.db import key
from app.errors import InvalidInput, NotFound
from app.french import folded
from app.identity.models import Professional
from app.platform import Platform
from app.teleconsultation.models import Room

TAKEN = "Une salle de ce nom existe déjà. Rien n'a été enregistré."
LAST_ONE = "C'est la dernière salle ouverte : ouvrez-en une autre avant de la fermer."


@dataclass(frozen=True)
class RoomRow:
    """A room in the list."""

    id: int
    name: str
    closed: bool


def list_rooms(platform: Platform, actor: Professional) -> list[RoomRow]:
    """Every room in the house's order, closed ones too. Raises: AccessDenied."""
    with rights.looking(platform, actor, "rooms.list") as session:
        rooms = session.exec(select(Room).order_by(col(Room.position), col(Room.id)))
        return [RoomRow(key(room), room.name, room.closed) for room in rooms]


def create_room(platform: Platform, actor: Professional, name: str) -> RoomRow:
    """Add a room at the end of the list. Raises: AccessDenied, InvalidInput (name)."""
    try:
        with rights.changing(platform, actor, "room.create") as session:
            kept = _free_name(session, name)
            last = session.exec(select(func.max(Room.position))).one()
            room = Room(slug=_slug(session, kept), name=kept, position=(last or 0) + 1)
            session.add(room)
            session.flush()
            audit.record(session, platform.now(), actor, "room.created", subject=room.name)
            row = RoomRow(key(room), room.name, room.closed)
    except IntegrityError as taken:
        raise InvalidInput(TAKEN) from taken
    rights.tell(platform, "rooms")
    return row


def rename_room(platform: Platform, actor: Professional, room_id: int, name: str) -> RoomRow:
    """Give a room another name; links and meetings go on. Raises: AccessDenied, NotFound, InvalidInput."""
    try:
        with rights.changing(platform, actor, "room.rename") as session:
            room = _room(session, room_id)
            kept = _free_name(session, name, room_id)
            if kept != room.name:
                detail = {"before": room.name}
                room.name = kept
                session.add(room)
                audit.record(session, platform.now(), actor, "room.renamed", subject=kept, detail=detail)
            row = RoomRow(key(room), room.name, room.closed)
    except IntegrityError as taken:
        raise InvalidInput(TAKEN) from taken
    rights.tell(platform, "rooms")
    return row


def close_room(platform: Platform, actor: Professional, room_id: int, closed: bool = True) -> RoomRow:
    """Take a room from the choice of new meetings, or give it back. Raises: AccessDenied, NotFound, InvalidInput."""
    with rights.changing(platform, actor, "room.close") as session:
        room = _room(session, room_id)
        others = select(Room.id).where(col(Room.closed).is_(False), col(Room.id) != room_id).with_for_update()
        if closed and not session.exec(others).first():
            raise InvalidInput(LAST_ONE)
        if room.closed != closed:
            room.closed = closed
            session.add(room)
            action = "room.closed" if closed else "room.opened"
            audit.record(session, platform.now(), actor, action, subject=room.name)
        row = RoomRow(key(room), room.name, room.closed)
    rights.tell(platform, "rooms")
    return row


def _free_name(session: Session, text: str, own: int = 0) -> str:
    name = values.name(text, "Nom", longest=40)
    for other in session.exec(select(Room).where(col(Room.id) != own)):
        if folded(other.name) == folded(name):
            raise InvalidInput(TAKEN)
    return name


def _slug(session: Session, name: str) -> str:
    """« salle-bleue »; a number behind it where a room of before has it already."""
    base = re.sub(r"[^a-z0-9]+", "-", folded(name)).strip("-")[:40] or "salle"
    taken = set(session.exec(select(Room.slug)))
    number = 2
    slug = base
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def _room(session: Session, room_id: int) -> Room:
    room = session.get(Room, room_id)
    if room is None:
        raise NotFound("Cette salle n'existe pas.")
    return room
