"""What the server says, as JSON-ready values (`docs/signalling.md`). Only fields named there ever leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from app.errors import TeledossierError
from app.platform import Slot
from app.teleconsultation.door import Caller, Guest
from app.teleconsultation.invitations import GuestContext, InvitationView
from app.teleconsultation.lobby import Waiting
from app.teleconsultation.messages import Candidate, Description
from app.teleconsultation.presence import Occupancy, Participant, Person
from app.teleconsultation.service import ChatLine, RoomChoice

Answer = dict[str, Any]


def instant(at: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def caller_person(caller: Caller) -> Person:
    """A professional as the others in the room see them."""
    professional = caller.professional
    structure = caller.structure.name if caller.structure else ""
    return Person(
        key=f"professional:{professional.id}",
        name=professional.full_name,
        label=professional.room_name,
        detail=", ".join(part for part in (professional.qualification, structure) if part),
        role="professional",
        professional=True,
        expert=caller.dossier.expert_id == professional.id,
    )


def guest_person(guest: Guest) -> Person:
    """A guest as the others in the room see them."""
    invitation = guest.invitation
    return Person(
        key=f"invitation:{invitation.id}",
        name=invitation.name,
        label=f"{invitation.name} ({invitation.role.label.lower()})",
        detail=invitation.role.label,
        role=invitation.role.value,
        professional=False,
    )


def hello(person: Person, rooms: list[Answer] | None = None, context: GuestContext | None = None) -> Answer:
    """The first message on a connection (docs/signalling.md)."""
    answer: Answer = {
        "t": "hello",
        "me": {
            "name": person.name,
            "detail": person.detail,
            "role": person.role,
            "professional": person.professional,
        },
    }
    if rooms is not None:
        answer["rooms"] = rooms
    if context is not None:
        answer["appointment"] = appointment(context)
    return answer


def appointment(context: GuestContext) -> Answer:
    """When, with whom, and whom to call."""
    return {
        "doctor": context.doctor,
        "at": instant(context.at) if context.at else None,
        "structure": context.structure,
        "phone": context.phone_dialled,
    }


def room(choice: RoomChoice, occupancy: Occupancy, *, unit: bool) -> Answer:
    """A room to choose, with the names of those inside; `unit` when who enters now goes through the unit."""
    return {
        "id": choice.id,
        "name": choice.name,
        "planned": choice.planned,
        "people": occupancy.people,
        "full": occupancy.full,
        "unit": unit,
    }


def person(participant: Participant) -> Answer:
    """A participant as the others see them."""
    return {
        "id": participant.id,
        "name": participant.person.name,
        "detail": participant.person.detail,
        "role": participant.person.role,
        "camera": participant.camera,
        "microphone": _is_heard(participant),
        "aux": participant.aux,
        "auscultation": participant.auscultation,
        "silenced": participant.silenced,
        "since": instant(participant.since),
    }


def state(participant: Participant) -> Answer:
    """What a participant sends now; of who is silenced, that nobody hears them."""
    return {
        "t": "state",
        "from": participant.id,
        "camera": participant.camera,
        "microphone": _is_heard(participant),
        "aux": participant.aux,
        "auscultation": participant.auscultation,
        "silenced": participant.silenced,
    }


def slots(seats: Iterable[Slot]) -> list[Answer]:
    """Who sits in which m-line of a page's unit connection."""
    return [{"mid": seat.mid, "kind": seat.kind, "from": seat.peer, "source": seat.source} for seat in seats]


def chat(line: ChatLine, sender: str = "", mine: bool | None = None) -> Answer:
    """A line; `sender` is a participant's id, empty for what was written before."""
    return {
        "key": line.key,
        "from": sender,
        "name": line.name,
        "text": line.text,
        "at": instant(line.at),
        "mine": line.mine if mine is None else mine,
    }


def lobby(guests: Iterable[Waiting]) -> list[Answer]:
    """Who waits, for the professionals of the room."""
    return [
        {"id": str(guest.invitation_id), "name": guest.name, "role": guest.role, "since": instant(guest.since)}
        for guest in guests
    ]


def invitations(views: Iterable[InvitationView]) -> list[Answer]:
    """Invitations with their states."""
    answers = []
    for view in views:
        expires_at = view.expires_at
        answer = {**asdict(replace(view, expires_at=None)), "id": str(view.id)}
        del answer["expires_at"]
        answers.append(answer | {"expires": instant(expires_at) if expires_at else ""})
    return answers


def description(value: Description) -> Answer:
    """A session description as the browser wants it."""
    return asdict(value)


def candidate(value: Candidate | None) -> Answer | None:
    """As the browser wrote it: what it left out stays out."""
    if value is None:
        return None
    return {name: kept for name, kept in asdict(value).items() if kept is not None}


def error(refusal: TeledossierError, about: str, key: str | None = None) -> Answer:
    """A refusal, said to the page that asked."""
    answer: Answer = {"t": "error", "code": refusal.code, "message": refusal.message, "about": about}
    if key is not None:
        answer["key"] = key
    return answer


def _is_heard(participant: Participant) -> bool:
    return participant.microphone and not participant.silenced


def doctor_among(people: Iterable[Participant]) -> str:
    """Who of those inside a guest is told about: the requis first."""
    inside = sorted((p.person for p in people if p.person.professional), key=lambda who: not who.expert)
    return inside[0].name if inside else ""
