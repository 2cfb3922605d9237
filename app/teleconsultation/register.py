"""Who is connected to this process, where everybody is, and how they are told.

Signalling between two web processes is to come: `presence`, `lobby` and the `tell_*` methods are what a bus will
have to carry.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque

from sqlmodel import Session

from app.platform import Platform
from app.teleconsultation import invitations, wire
from app.teleconsultation.lines import REPLACED, CallerLine, GuestLine, Line
from app.teleconsultation.lobby import Lobby
from app.teleconsultation.presence import Participant, Presence, Topology
from app.teleconsultation.routes import Routes, call_name

MISSED = 200  # messages kept for somebody whose line is broken
GUESTS_ASKED = "guests.asked"  # bus topic: a page wants to hear `guests_topic` (dossier 0: `WAITING`)
WAITING = "guests.waiting"  # bus topic: how many wait for each dossier, the whole of it at every change
KEPT = ("entered", "sdp", "ice", "published")  # what begins or carries a call
ELSEWHERE = "Vous avez ouvert la salle dans une autre page : celle-ci est fermée. Rien n'est perdu."


def guests_topic(dossier_id: int) -> str:
    """Bus topic of one dossier: where its guests are now, or something was written."""
    return f"guests.{dossier_id}"


class Register:
    """The open lines, the rooms, the waiting rooms."""

    def __init__(self, platform: Platform, topology: Topology) -> None:
        self.platform = platform
        self.presence = Presence(platform.settings.cookie_secret.get_secret_value(), topology)
        self.routes = Routes()
        self.lobby = Lobby()
        self.lines: set[Line] = set()
        self._at: dict[str, Line] = {}  # participant -> the line on which they are
        self._last: dict[str, Line] = {}  # participant -> the last line they had
        self._missed: dict[str, deque[wire.Answer]] = defaultdict(lambda: deque(maxlen=MISSED))
        self._rooms_due = False

    # -- lines and places

    def attach(self, line: Line, participant: Participant) -> None:
        """From now on this participant speaks on this line; an older page of theirs is told to stop."""
        older = self._at.get(participant.id)
        if older is not None and older is not line:
            self.detach(older)
        line.participant = participant.id
        self._at[participant.id] = self._last[participant.id] = line

    def holders(self) -> set[Line]:
        """The open lines, and the last one of each who has a place and no line: a right that ends, ends for them, too."""
        lost = (self._last.get(person.id) for person in self.presence.everybody() if person.lost_at is not None)
        return self.lines | {line for line in lost if line is not None}

    def place_of(self, line: Line) -> str | None:
        """The participant who speaks on a line, or spoke on it last and has their place still."""
        lost = (person.id for person in self.presence.everybody() if person.lost_at is not None)
        return line.participant or next((identity for identity in lost if self._last.get(identity) is line), None)

    def unhook(self, line: Line) -> None:
        """This page speaks for nobody any more."""
        if line.participant is not None:
            self._at.pop(line.participant, None)
            line.participant = None

    def forget(self, participant_id: str) -> tuple[Line | None, Line | None]:
        """A participant is out; answers the line they are on, and the last one they had: who they were."""
        self._missed.pop(participant_id, None)
        line, last = self._at.get(participant_id), self._last.pop(participant_id, None)
        if line is not None:
            self.unhook(line)
        return line, last

    def detach(self, line: Line) -> None:
        """This page's place went to another page of the same person."""
        self.unhook(line)
        line.tell({"t": "removed", "message": ELSEWHERE})
        line.cut(REPLACED, "replaced")

    def replaced(self, older: Participant, by: Line) -> None:
        """Somebody entered anew from another page: the older page gives way, the others forget it."""
        line, _last = self.forget(older.id)
        if line is not None and line is not by:
            self.detach(line)
        self.tell_room(older.room, {"t": "left", "id": older.id, "name": older.person.name}, but=by.participant)

    def others(self, me: Participant) -> list[Participant]:
        """Everybody else in the room."""
        return [other for other in self.presence.people(me.room) if other.id != me.id]

    # -- telling

    def tell(self, participant_id: str, message: wire.Answer) -> None:
        """Tell one participant; what begins or carries a call is kept while the line is broken."""
        line = self._at.get(participant_id)
        if line is not None:
            line.tell(message)
        elif self.presence.find(participant_id) and message["t"] in KEPT:
            self._missed[participant_id].append(message)

    def tell_missed(self, participant_id: str) -> None:
        for message in self._missed.pop(participant_id, ()):
            self.tell(participant_id, message)

    def tell_room(self, room: str, message: wire.Answer, but: str | None = None) -> None:
        for participant in self.presence.people(room):
            if participant.id != but:
                self.tell(participant.id, message)

    def tell_call(self, me: Participant, message: wire.Answer) -> None:
        """Tell the others of somebody's call. Of the call, not of the room: what was written down first may come when
        the people of another dossier have already taken the room."""
        for other in self.presence.people(me.room):
            if other.call == me.call and other.id != me.id:
                self.tell(other.id, message)

    def tell_rooms(self) -> None:
        """Tell everybody who follows the rooms, once, after what is being done now."""
        if not self._rooms_due:
            self._rooms_due = True
            asyncio.get_running_loop().call_soon(self._tell_rooms_now)

    def _tell_rooms_now(self) -> None:
        self._rooms_due = False
        for line in tuple(self.lines):
            if isinstance(line, CallerLine) and line.follows_rooms:
                line.tell({"t": "rooms", "rooms": self.rooms_for(line)})

    def tell_lobby(self, dossier_id: int) -> None:
        """Tell the professionals of a dossier who waits: in its rooms, in the device check, on its page."""
        message = {"t": "lobby", "guests": wire.lobby(self.lobby.of_dossier(dossier_id))}
        for line in self._callers(dossier_id):
            if line.participant or line.follows_rooms:
                line.tell(message)

    def tell_invitations(self, dossier_id: int) -> None:
        """Tell the professionals of a dossier's rooms what became of its invitations."""
        self.tell_pages(dossier_id)
        listeners = [line for line in self._callers(dossier_id) if line.participant or line.follows_invitations]
        if not listeners:
            return
        with self.platform.reading() as session:
            message = {"t": "invitations", "invitations": self.invitations_for(session, listeners[0])}
        for line in listeners:
            line.tell(message)

    def tell_pages(self, dossier_id: int) -> None:
        """Tell the pages of a dossier, in whatever process, where its guests are (invitation -> place); no names."""
        places = {str(invitation): place for invitation, place in self.whereabouts(dossier_id).items()}
        self.platform.bus.publish(guests_topic(dossier_id), {"places": places})
        waiting = {str(dossier): count for dossier, count in self.lobby.counts().items()}
        self.platform.bus.publish(WAITING, {"waiting": waiting})

    def tell_waiting(self, line: GuestLine) -> None:
        doctor = wire.doctor_among(self.presence.of_dossier(line.dossier_id))
        line.tell({"t": "waiting", "doctor": doctor} if doctor else {"t": "waiting"})

    def guests_changed(self, dossier_id: int) -> None:
        """Somebody came to the door, went in, or left it."""
        self.tell_lobby(dossier_id)
        self.tell_invitations(dossier_id)

    def rooms_for(self, line: CallerLine) -> list[wire.Answer]:
        return [
            wire.room(
                room,
                self.presence.occupancy(room.id, line.dossier_id),
                unit=self.will_be_on_unit(room.id, line.dossier_id),
            )
            for room in line.rooms
        ]

    def will_be_on_unit(self, room: str, dossier_id: int) -> bool:
        """Whether who enters this room next will see the others through the forwarding unit."""
        return self.routes.will_be_on_unit(call_name(room, dossier_id), len(self.presence.people(room)))

    def invitations_for(self, session: Session, line: CallerLine) -> list[wire.Answer]:
        views = invitations.invitations_for(
            session, self.platform.now(), line.caller.dossier, self.whereabouts(line.dossier_id)
        )
        return wire.invitations(views)

    def whereabouts(self, dossier_id: int) -> dict[int, str]:
        """Where a dossier's guests are at this moment, by invitation."""
        places = {guest.invitation_id: "waiting" for guest in self.lobby.of_dossier(dossier_id)}
        return places | dict.fromkeys(self.guests_inside(dossier_id), "inside")

    def guests_inside(self, dossier_id: int) -> list[int]:
        people = self.presence.of_dossier(dossier_id)
        return [int(p.person.key.removeprefix("invitation:")) for p in people if not p.person.professional]

    def is_inside(self, invitation_id: int) -> bool:
        """Whether the holder of an invitation has a place in a room now."""
        key = f"invitation:{invitation_id}"
        return any(inside.person.key == key for inside in self.presence.everybody())

    def line_of(self, participant_id: str) -> Line | None:
        """The page of somebody inside; None while their line is broken."""
        return self._at.get(participant_id)

    def line_of_guest(self, invitation_id: int) -> GuestLine | None:
        """The page on which a guest waits."""
        waiting = (line for line in self.lines if isinstance(line, GuestLine) and line.waits)
        return next((line for line in waiting if line.invitation_id == invitation_id), None)

    def _callers(self, dossier_id: int) -> list[CallerLine]:
        return [line for line in self.lines if isinstance(line, CallerLine) and line.dossier_id == dossier_id]
