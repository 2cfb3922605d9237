"""Who is in which room: plain values and rules, no clock, no socket, no database.

    (outside) ── enter ──> present ── lose ──> lost ── GRACE ──> (outside, told)
                              │  ^               │
                              │  └─── enter ─────┘  with `resume`: same id, nothing to negotiate anew
                              └── leave ──> (outside)

A room belongs to the dossier of whoever came first, until the last one is out. Somebody whose socket closed keeps
the place for a while: lines break, and a call between two browsers lives on without us. After the web process was
killed nothing is known any more: a page then shows the id and the proof it was given, and has its place back.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.errors import RoomFull
from app.teleconsultation.messages import Resume
from app.teleconsultation.routes import call_name

GRACE = timedelta(seconds=10)  # before `left` is told of somebody whose line broke
STILL_HEARD = timedelta(minutes=1)  # the same, while their voice still arrives: on a flooded line words drown first
ABANDONED = timedelta(minutes=2)  # guests alone for so long are out: the room is needed
DISMISSED = timedelta(seconds=15)  # the same, when the last professional hung up; enough to reload a page
RETURNING = timedelta(minutes=2)  # after `left`, while who only lost their line gets the same place back
REMEMBERED = 10_000  # ids that were told to have left


class RoomTaken(RoomFull):
    """People of another dossier are inside."""

    code = "salle-occupee"


@dataclass(frozen=True)
class Topology:
    """How many people a room holds, and what is said to who finds it full."""

    capacity: int
    full: str

    def is_full(self, people: int) -> bool:
        return people >= self.capacity


EIGHT = Topology(capacity=8, full="La salle est complète : huit personnes au plus.")


@dataclass(frozen=True)
class Person:
    """Somebody who may be in a room.

    `key` names them across pages: « professional:12 », « invitation:34 ». `role` is « professional » for everybody
    with an account, else the guest's; `expert` marks the dossier's requis.
    """

    key: str
    name: str
    label: str
    detail: str
    role: str
    professional: bool
    expert: bool = False


@dataclass
class Participant:
    """One page in a call. `lost_at` is set while its socket is closed and its place kept.

    `microphone` is what the page says; who is `silenced` by a professional is heard by nobody, whatever it says.
    """

    id: str
    room: str
    dossier_id: int
    person: Person
    camera: bool
    microphone: bool
    since: datetime
    lost_at: datetime | None = None
    silenced: bool = False
    aux: str = ""  # what the second picture is: « screen », « camera »; empty: there is none
    auscultation: bool = False  # whether a stethoscope is sent beside the voice

    @property
    def call(self) -> str:
        """The call they are in: the people of one dossier in one room."""
        return call_name(self.room, self.dossier_id)


@dataclass(frozen=True)
class Entry:
    """What came of an attempt to enter.

    `resumed`: the others still know this id, a living call goes on. `kept`: the place was never given up.
    `replaced`: an older page of the same person, which gives way.
    """

    participant: Participant
    resumed: bool
    kept: bool
    replaced: Participant | None = None


@dataclass(frozen=True)
class Departure:
    """Somebody who is out. `unattended`: no professional is left in the room; `over`: nor anywhere for the dossier."""

    participant: Participant
    unattended: bool
    over: bool


@dataclass(frozen=True)
class Occupancy:
    """A room as the list shows it to people of one dossier."""

    people: list[str]
    full: bool


class Presence:
    """The rooms of one process. Every method takes the instant it happens at."""

    def __init__(self, secret: str, topology: Topology = EIGHT) -> None:
        self._key = hmac.digest(secret.encode(), b"teleconsultation.presence", "sha256")
        self.topology = topology
        self._inside: dict[str, Participant] = {}
        self._departed: OrderedDict[str, datetime | None] = OrderedDict()  # until when the place may be taken back
        self._unattended: dict[str, datetime] = {}  # room -> when its guests must go
        self._silenced: dict[int, set[str]] = {}  # dossier -> keys of persons

    # -- who is where

    def find(self, participant_id: str) -> Participant | None:
        return self._inside.get(participant_id)

    def people(self, room: str) -> list[Participant]:
        """Everybody in a room, first come first; who has lost the line is still there."""
        return [inside for inside in self._inside.values() if inside.room == room]

    def everybody(self) -> list[Participant]:
        return list(self._inside.values())

    def of_dossier(self, dossier_id: int) -> list[Participant]:
        return [inside for inside in self._inside.values() if inside.dossier_id == dossier_id]

    def occupied_dossiers(self) -> set[int]:
        return {inside.dossier_id for inside in self._inside.values()}

    def is_empty(self) -> bool:
        return not self._inside

    def occupancy(self, room: str, dossier_id: int) -> Occupancy:
        """Names of professionals for everybody; a guest's name only to people of the same dossier."""
        people = self.people(room)
        labels = [p.person.label for p in people if p.person.professional or p.dossier_id == dossier_id]
        if strangers := len(people) - len(labels):
            labels.append("1 invité" if strangers == 1 else f"{strangers} invités")
        return Occupancy(labels, self.topology.is_full(len(people)))

    # -- coming

    def enter(
        self,
        room: str,
        dossier_id: int,
        person: Person,
        now: datetime,
        *,
        camera: bool,
        microphone: bool,
        resume: Resume | None = None,
    ) -> Entry:
        """Take a place, or take the former one back.

        A claim that doesn't hold (wrong proof, somebody else's, already told to have left) is an ordinary entry. Who
        is inside on an older page takes that page's place.

        Raises: RoomFull, RoomTaken.
        """
        former = self._claimed(room, dossier_id, person, resume)
        if former and (kept := self._inside.get(former)):
            kept.camera, kept.microphone, kept.lost_at = camera, microphone, None
            return Entry(kept, resumed=True, kept=True)
        older = next((p for p in self.people(room) if p.person.key == person.key), None)
        self._check_room(room, dossier_id, without=older)
        resumed = former is not None and self._may_return(former, now)
        identity = former if former and resumed else _new_id(now)
        entered = Participant(identity, room, dossier_id, person, camera, microphone, _since(identity))
        entered.silenced = person.key in self._silenced.get(dossier_id, ())
        self._inside[identity] = entered
        self._departed.pop(identity, None)
        if older:
            self._forget(older)
        return Entry(entered, resumed=resumed, kept=False, replaced=older)

    def would_resume(self, room: str, dossier_id: int, person: Person, resume: Resume | None) -> bool:
        """Whether a claim to a former place that was never told to be left holds."""
        former = self._claimed(room, dossier_id, person, resume)
        return former is not None and former not in self._departed

    def is_attended(self, room: str, dossier_id: int) -> bool:
        """Whether a professional of this dossier is in the room."""
        return _attended(p for p in self.people(room) if p.dossier_id == dossier_id)

    def beside(self, participant: Participant, aux: str, auscultation: bool) -> tuple[str, bool]:
        """What of a page's second picture and sound is taken: of a guest only a screen, while a professional is there."""
        if participant.person.professional:
            return aux, auscultation
        attended = self.is_attended(participant.room, participant.dossier_id)
        return (aux if aux == "screen" and attended else ""), False

    def proof(self, participant: Participant) -> str:
        """What lets this page, and nobody else, come back to this place, in this room, for this dossier."""
        return self._proof(participant.id, participant.room, participant.dossier_id, participant.person.key)

    # -- who may be heard

    def silence(self, participant: Participant, silenced: bool) -> None:
        """Silence a person, on every page they come back with until the call is over; or lift it."""
        keys = self._silenced.setdefault(participant.dossier_id, set())
        (keys.add if silenced else keys.discard)(participant.person.key)
        participant.silenced = silenced

    def knows_silenced(self, dossier_id: int) -> bool:
        """Whether somebody was inside for this dossier since we started, so that we know who is silenced."""
        return dossier_id in self._silenced

    def restore_silenced(self, dossier_id: int, keys: set[str]) -> None:
        """After a restart: these persons were silenced in the call that goes on."""
        self._silenced[dossier_id] = set(keys)

    # -- going

    def lose(self, participant_id: str, now: datetime) -> None:
        """The socket closed; the place is kept for `GRACE`."""
        if inside := self._inside.get(participant_id):
            inside.lost_at = now

    def leave(self, participant_id: str, now: datetime) -> Departure | None:
        """Out, at once, by one's own will or somebody else's."""
        departure = self._take_out(participant_id)
        if departure and departure.participant.person.professional and departure.unattended:
            self._unattended[departure.participant.room] = now + DISMISSED
        return departure

    def expire(self, now: datetime, heard: Collection[str] = ()) -> list[Departure]:
        """Take out who has been lost for too long, and guests whom every professional has left.

        `heard`: participants who are known to be there although their line to us is broken.
        """
        lost = [(p.id, now - p.lost_at) for p in self._inside.values() if p.lost_at is not None]
        gone = [identity for identity, time in lost if time >= (STILL_HEARD if identity in heard else GRACE)]
        departures = [departure for identity in gone if (departure := self._take_out(identity))]
        self._departed.update((d.participant.id, now + RETURNING) for d in departures)
        for room in {p.room for p in self._inside.values()} | self._unattended.keys():
            people = self.people(room)
            if not people or _attended(people):
                self._unattended.pop(room, None)
            elif now >= self._unattended.setdefault(room, now + ABANDONED):
                departures += [departure for p in people if (departure := self._take_out(p.id))]
        return departures

    # -- inside

    def _take_out(self, participant_id: str) -> Departure | None:
        inside = self._inside.get(participant_id)
        if inside is None:
            return None
        self._forget(inside)
        unattended = not _attended(self.people(inside.room))
        over = inside.person.professional and not _attended(self.of_dossier(inside.dossier_id))
        return Departure(inside, unattended, over)

    def _check_room(self, room: str, dossier_id: int, without: Participant | None) -> None:
        people = self.people(room)
        if any(p.dossier_id != dossier_id for p in people):
            raise RoomTaken
        if self.topology.is_full(len(people) - (without is not None)):
            raise RoomFull(self.topology.full)

    def _may_return(self, former: str, now: datetime) -> bool:
        """Whether this id is still its owner's: never told to have left, or a moment ago for a broken line only.

        The others may still see and hear them directly: with the same id that goes on as if nothing had been.
        """
        until = self._departed.get(former, now) if former in self._departed else now
        return until is not None and now <= until

    def _claimed(self, room: str, dossier_id: int, person: Person, resume: Resume | None) -> str | None:
        if resume is None:
            return None
        expected = self._proof(resume.id, room, dossier_id, person.key)
        return resume.id if hmac.compare_digest(expected, resume.proof) else None

    def _proof(self, *claim: object) -> str:
        digest = hmac.digest(self._key, json.dumps(claim).encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _forget(self, participant: Participant) -> None:
        del self._inside[participant.id]
        if not self.of_dossier(participant.dossier_id) and participant.dossier_id in self._silenced:
            self._silenced[participant.dossier_id].clear()  # the call is over
        self._departed[participant.id] = None
        if len(self._departed) > REMEMBERED:
            self._departed.popitem(last=False)


def _attended(people: Iterable[Participant]) -> bool:
    return any(p.person.professional for p in people)


def _new_id(now: datetime) -> str:
    # The instant of entry travels in the id, under the proof: it must survive the process.
    return f"{secrets.token_hex(8)}.{int(now.timestamp() * 1000):x}"


def _since(identity: str) -> datetime:
    return datetime.fromtimestamp(int(identity.rpartition(".")[2], 16) / 1000, UTC)
