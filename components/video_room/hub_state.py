"""What the in-memory hub keeps: rooms, lines, places, invitations; and how it tells the pages what became of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from components.video_room.places import HubRoom, Line, Message, Place, Visitor, now


@dataclass
class HubState:
    """Fields: see `LocalHub`, which adds what pages may say."""

    rooms: Iterable[HubRoom] = (
        HubRoom("bleue", "Salle Bleue", planned=True),
        HubRoom("verte", "Salle Verte"),
        HubRoom("orange", "Salle Orange"),
    )
    capacity: int = 2
    appointment: Mapping[str, Any] = field(default_factory=dict)
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    hold: float = 20.0
    clock: Callable[[], float] = time.monotonic
    doctor: str = ""

    def __post_init__(self) -> None:
        self.by_room = {room.id: room for room in self.rooms}
        self.lines: list[Line] = []
        self.places: dict[str, Place] = {}
        self.chat: dict[str, list[Message]] = {room: [] for room in self.by_room}
        self.since: dict[str, str] = {}
        self.invitations: list[Message] = []
        self._keys: set[str] = set()

    # ---- places

    def _resumed(self, line: Line, room: HubRoom, resume: Any) -> Place | None:
        """The old place of somebody who can prove that it was theirs, also in a hub that started anew."""
        if not isinstance(resume, Mapping):
            return None
        identity, proof = str(resume.get("id")), str(resume.get("proof"))
        if not hmac.compare_digest(self._proof(identity, room.id, line.visitor), proof):
            return None
        known = self.places.get(identity)
        if known and known.line and known.line is not line:
            known.line.place = None
        return known or Place(identity, room.id, line.visitor, True, True, now(), line)

    def _new_place(self, line: Line, room: HubRoom) -> Place:
        if line.place:
            self._vacate(line.place)
        return Place(secrets.token_hex(6), room.id, line.visitor, True, True, now(), line)

    def _proof(self, identity: str, room: str, visitor: Visitor) -> str:
        words = f"{identity}|{room}|{visitor.name}|{visitor.role}".encode()
        return hmac.new(self.secret, words, hashlib.sha256).hexdigest()

    def _welcome(self, line: Line, place: Place, room: HubRoom, others: list[Place], *, resumed: bool) -> None:
        professional = line.visitor.professional
        line.send(
            "joined",
            id=place.id,
            proof=self._proof(place.id, room.id, line.visitor),
            room={"id": room.id, "name": room.name},
            capacity=self.capacity,
            since=place.since,
            people=[other.person() for other in others],
            chat=[{**said, "mine": said["from"] == place.id} for said in self.chat[room.id]],
            lobby=self._guests() if professional else [],
            invitations=list(self.invitations) if professional else [],
            resumed=resumed,
            route="direct",
            silenced=False,
        )

    def _vacate(self, place: Place) -> None:
        if self.places.pop(place.id, None) is None:
            return
        if place.line:
            place.line.place = None
        self._tell(self._inside(place.room), "left", id=place.id, name=place.visitor.name)
        self._follow_invitation(place.visitor, "left")
        if not self._inside(place.room):
            self.since.pop(place.room, None)
            self.chat[place.room].clear()
        self._tell_rooms()

    def _inside(self, room: str) -> list[Place]:
        return [place for place in self.places.values() if place.room == room]

    def _others(self, place: Place) -> list[Place]:
        return [other for other in self._inside(place.room) if other is not place]

    # ---- news

    def _tell(self, places: Iterable[Place], t: str, **fields: Any) -> None:
        for place in list(places):
            if place.line:
                place.line.send(t, **fields)

    def _tell_rooms(self) -> None:
        states = self._room_states()
        for line in list(self.lines):
            if line.watches and not line.place:
                line.send("rooms", rooms=states)

    def _tell_lobby(self) -> None:
        guests = self._guests()
        for line in list(self.lines):
            if line.visitor.professional and (line.place or line.watches):
                line.send("lobby", guests=guests)

    def _tell_invitations(self) -> None:
        professionals = (place for place in self.places.values() if place.visitor.professional)
        self._tell(professionals, "invitations", invitations=list(self.invitations))

    def _follow_invitation(self, visitor: Visitor, state: str) -> None:
        if visitor.professional:
            return
        for invitation in self.invitations:
            if invitation["name"] == visitor.name and invitation["state"] != "withdrawn":
                invitation["state"] = state
        self._tell_invitations()

    def _guests(self) -> list[Message]:
        waiting = (line for line in self.lines if line.waiting)
        return [
            {"id": line.id, "name": line.visitor.name, "role": line.visitor.role, "since": now()} for line in waiting
        ]

    def _room_states(self) -> list[Message]:
        states = []
        for room in self.by_room.values():
            people = [place.visitor.short for place in self._inside(room.id)]
            full = len(people) >= self.capacity
            states.append(
                {
                    "id": room.id,
                    "name": room.name,
                    "planned": room.planned,
                    "people": people,
                    "full": full,
                    "unit": False,
                }
            )
        return states
