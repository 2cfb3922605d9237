"""The server's side of the signalling, in memory: for notebooks, demonstrations and tests.

It speaks docs/signalling.md, for two people and without a forwarding unit, over anything that can carry a message:
`LocalHub.connect` gives a `Line`, whose `receive` takes what a page says and whose `send` is how the page hears. One
process, no clock of its own: silent lines are noticed when somebody else speaks, or by `sweep`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from components.video_room.hub_state import HubState
from components.video_room.places import (
    HubRoom,
    Line,
    Message,
    Place,
    Refused,
    Visitor,
    need_place,
    need_professional,
    now,
    parsed,
    second,
)

__all__ = ["HubRoom", "LocalHub", "Visitor"]

# What the server knows and a room of notebooks does not: one name a line.
ABSENT = (
    "ask",
    "check",
    "extend",
    "facts",
    "got",
    "link",
    "measure",
    "mute",
    "nostill",
    "remove",
    "resend",
    "send",
    "show",
    "still",
    "unshow",
)

_SILENCE = 5.0
_RELAYED = {"sdp": ("description",), "ice": ("candidate",)}
_REFUSED = "Le professionnel ne vous a pas fait entrer. Pour en savoir plus, appelez l'établissement."
_NO_UNIT = "Cette salle d'essai relie deux personnes directement, sans relais vidéo."
_ABSENT = "Cette salle d'essai ne le permet pas. Rien n'a changé."
_FULL = "Cette salle est complète. Choisissez une autre salle ou attendez qu'une place se libère."


class LocalHub(HubState):
    """Rooms, places, waiting room, chat and invitations of one télédossier, in memory.

    `secret` signs the proofs of places: a hub that starts anew with the same secret gives people their places back.
    `hold` is how many seconds a place is kept for a line that broke without saying goodbye.
    """

    # ---- lines

    def connect(self, visitor: Visitor, deliver: Callable[[Message], None]) -> Line:
        """A page opened its line; it hears `hello` first."""
        line = Line(self, visitor, deliver, secrets.token_hex(6), self.clock())
        self.lines.append(line)
        me = {
            "name": visitor.name,
            "role": visitor.role,
            "professional": visitor.professional,
            "detail": visitor.detail,
        }
        extra: Message = (
            {"rooms": self._room_states()} if visitor.professional else {"appointment": dict(self.appointment)}
        )
        line.send("hello", me=me, **extra)
        return line

    def disconnect(self, line: Line, *, gone: bool = True) -> None:
        """A line ended; a place whose page only lost its line waits for it."""
        if line.closed:
            return
        place, room = line.place, line.waiting or line.admitted
        line.closed = True
        self.lines.remove(line)
        if place:
            place.line = None
            place.lost = self.clock()
            if gone:
                self._vacate(place)
        elif room:
            self._tell_lobby()

    def sweep(self) -> None:
        """Notice who has fallen silent, and whose place has been held long enough."""
        instant = self.clock()
        for line in [each for each in self.lines if instant - each.heard > _SILENCE]:
            self.disconnect(line, gone=False)
        for place in list(self.places.values()):
            if place.line is None and place.lost is not None and instant - place.lost > self.hold:
                self._vacate(place)

    def receive(self, line: Line, said: str | Mapping[str, Any]) -> None:
        """One message of a page, as text or already parsed."""
        if line.closed:
            return
        line.heard = self.clock()
        self.sweep()
        message = parsed(said)
        about = message.get("t", "")
        act = getattr(self, f"_on_{about}", None) if isinstance(about, str) and about.isidentifier() else None
        if act is None and about in ABSENT:
            line.send("error", code="indisponible", message=_ABSENT, about=about, **_key(message))
            return
        if act is None:
            line.send("error", code="inconnu", message="Ce message n'est pas compris.", about=str(about))
            return
        try:
            act(line, message)
        except Refused as refusal:
            line.send("error", code=refusal.code, message=str(refusal), about=about, **_key(message))

    # ---- what pages say

    def _on_ping(self, line: Line, _message: Message) -> None:
        line.send("pong")

    def _on_rooms(self, line: Line, _message: Message) -> None:
        need_professional(line)
        line.watches = True
        line.send("rooms", rooms=self._room_states())
        if not line.place and (guests := self._guests()):
            line.send("lobby", guests=guests)

    def _on_join(self, line: Line, message: Message) -> None:
        room = self.by_room.get(str(message.get("room")))
        if room is None:
            raise Refused("salle-inconnue", "Cette salle n'existe pas.")
        resumed = self._resumed(line, room, message.get("resume"))
        if resumed is None and not line.visitor.professional and line.admitted != room.id:
            raise Refused("non-admis", "Un professionnel doit d'abord vous faire entrer.")
        others = [place for place in self._inside(room.id) if place is not resumed]
        if len(others) >= self.capacity:
            line.send("full", room=room.id, message=_FULL)
            return
        aux, auscultation = second(message)
        place = resumed or self._new_place(line, room)
        place.aux, place.auscultation = aux, auscultation
        place.line, place.lost, line.place = line, None, place
        place.camera, place.microphone = bool(message.get("camera")), bool(message.get("microphone"))
        self.places[place.id] = place
        line.waiting = None
        self.since.setdefault(room.id, now())
        self._welcome(line, place, room, others, resumed=resumed is not None)
        entered: Message = {"person": place.person(), "resumed": resumed is not None}
        if isinstance(message.get("offer"), str) and len(others) == 1:
            entered["offer"] = message["offer"]
        self._tell(others, "entered", **entered)
        self._follow_invitation(line.visitor, "inside")
        self._tell_rooms()
        self._tell_lobby()

    def _on_wait(self, line: Line, _message: Message) -> None:
        if line.visitor.professional:
            raise Refused("acces-refuse", "Un professionnel entre directement en salle.")
        if line.refused:
            line.send("refused", message=_REFUSED)
            return
        line.waiting = next((room.id for room in self.by_room.values() if room.planned), next(iter(self.by_room)))
        line.send("waiting", **({"doctor": self.doctor} if self.doctor else {}))
        self._follow_invitation(line.visitor, "waiting")
        self._tell_lobby()

    def _on_sdp(self, line: Line, message: Message) -> None:
        self._relay(line, message)

    def _on_ice(self, line: Line, message: Message) -> None:
        self._relay(line, message)

    def _on_blocked(self, line: Line, _message: Message) -> None:
        need_place(line)  # there is no other way here: the page goes on trying

    def _on_unpublish(self, line: Line, _message: Message) -> None:
        need_place(line)

    def _on_publish(self, line: Line, _message: Message) -> None:
        need_place(line)
        raise Refused("relais-indisponible", _NO_UNIT)

    def _on_state(self, line: Line, message: Message) -> None:
        place = need_place(line)
        place.aux, place.auscultation = second(message)
        place.camera, place.microphone = bool(message.get("camera")), bool(message.get("microphone"))
        self._tell(self._others(place), "state", **{"from": place.id}, **place.sends())

    def _on_chat(self, line: Line, message: Message) -> None:
        place = need_place(line)
        text, key = str(message.get("text", "")).strip(), str(message.get("key", ""))
        if not 1 <= len(text) <= 2000 or not key:
            raise Refused("saisie", "Un message compte de 1 à 2000 signes.")
        said = {"key": key, "from": place.id, "name": place.visitor.name, "text": text, "at": now()}
        known = next((each for each in self.chat[place.room] if each["key"] == key), None)
        if known is None:
            self.chat[place.room].append(said)
            self._tell(self._others(place), "chat", **said, mine=False)
        line.send("chat", **(known or said), mine=True)

    def _on_admit(self, line: Line, message: Message) -> None:
        place, guest = self._guest(line, message)
        if len(self._inside(place.room)) >= self.capacity:
            raise Refused("salle-complete", "La salle est complète : personne ne peut entrer pour l'instant.")
        guest.waiting, guest.admitted = None, place.room
        guest.send("admitted", room=place.room, unit=False)
        self._tell_lobby()

    def _on_refuse(self, line: Line, message: Message) -> None:
        _place, guest = self._guest(line, message)
        guest.waiting, guest.refused = None, True
        guest.send("refused", message=_REFUSED)
        self._tell_lobby()

    def _on_invite(self, line: Line, message: Message) -> None:
        need_professional(line)
        key, address, name = (str(message.get(each, "")).strip() for each in ("key", "address", "name"))
        if key in self._keys:
            return
        if message.get("channel") != "email" or "@" not in address or not name:
            raise Refused("saisie", "L'adresse et le nom sont nécessaires.")
        self._keys.add(key)
        role = message.get("role") if message.get("role") in ("patient", "caregiver", "professional") else "caregiver"
        invitation = {"id": secrets.token_hex(6), "key": key, "name": name, "role": role, "address": address}
        self.invitations.append({**invitation, "state": "sent", "message": ""})
        self._tell_invitations()

    def _on_withdraw(self, line: Line, message: Message) -> None:
        need_professional(line)
        for invitation in self.invitations:
            if invitation["id"] == message.get("invitation"):
                invitation["state"] = "withdrawn"
        self._tell_invitations()

    def _on_leave(self, line: Line, _message: Message) -> None:
        if line.place:
            self._vacate(line.place)
        line.waiting = line.admitted = None
        self._tell_lobby()

    def _relay(self, line: Line, message: Message) -> None:
        place = need_place(line)
        other = self.places.get(str(message.get("to")))
        if other is None or other.room != place.room or other.line is None:
            return
        fields = {name: message.get(name) for name in _RELAYED[message["t"]]}
        other.line.send(message["t"], **{"from": place.id}, **fields)

    def _guest(self, line: Line, message: Message) -> tuple[Place, Line]:
        need_professional(line)
        place = need_place(line)
        guest = next((each for each in self.lines if each.id == message.get("guest") and each.waiting), None)
        if guest is None:
            raise Refused("introuvable", "Cette personne n'attend plus.")
        return place, guest


def _key(message: Message) -> Message:
    """The page's own key, to be given back with a refusal."""
    return {"key": message["key"]} if isinstance(message.get("key"), str) else {}
