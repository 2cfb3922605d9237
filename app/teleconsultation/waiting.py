"""The waiting room: a guest at the door, let in or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.errors import InvalidInput, RoomFull
from app.teleconsultation import invitations, messages, turn
from app.teleconsultation.asking import asked, place, professional
from app.teleconsultation.lines import GuestLine, Line
from app.teleconsultation.models import Room
from app.teleconsultation.returning import may_come_back

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

ONLY_FOR_GUESTS = "Seule une personne invitée attend d'être admise. Entrez directement dans la salle."
NO_LONGER_WAITING = "Cette personne n'attend plus. Son lien reste valable : elle peut revenir."


def wait(hub: Hub, line: Line, _message: messages.Wait) -> None:
    """Put a guest into the waiting room."""
    if not isinstance(line, GuestLine):
        raise InvalidInput(ONLY_FOR_GUESTS)
    hub.check(line)
    let_wait(hub, line)


def let_wait(hub: Hub, line: GuestLine) -> None:
    """Put a guest at the door, or straight in when they were let in and a professional is there."""
    invitation = line.guest.invitation
    if is_let_in(hub, line) and (room := _attended_room(hub, line)):
        line.waits = False
        hub.lobby.leave(line.invitation_id)
        _tell_admitted(hub, line, room)
        return
    older = hub.line_of_guest(line.invitation_id)
    if older is not None and older is not line:
        older.waits = False
        hub.detach(older)
    known = hub.lobby.find(line.invitation_id) is not None
    line.waits = True
    hub.lobby.wait(line.invitation_id, line.dossier_id, invitation.name, invitation.role.value, hub.platform.now())
    hub.tell_waiting(line)
    if not known:
        hub.guests_changed(line.dossier_id)


def _attended_room(hub: Hub, line: GuestLine) -> str | None:
    """The room into which this guest was let, when a professional of the dossier is in it."""
    with hub.platform.reading() as session:
        room = session.get_one(Room, line.guest.invitation.room_id)
    return room.slug if hub.presence.is_attended(room.slug, line.dossier_id) else None


def is_let_in(hub: Hub, line: GuestLine) -> bool:
    """Whether a guest need not wait: let in, or back in time from a broken line."""
    invitation = line.guest.invitation
    if invitation.is_admitted or invitation.left_at is None:
        return invitation.is_admitted
    with hub.platform.reading() as session:
        return may_come_back(session, hub.platform.now(), invitation)


def relays(hub: Hub, line: GuestLine) -> dict[str, Any]:
    """The page of a guest has credentials for its device check alone; those of the call are for who was let in."""
    person = f"invitation {line.invitation_id}"
    return {"iceServers": turn.ice_servers(hub.platform.settings, person, hub.platform.now())}


def _tell_admitted(hub: Hub, line: GuestLine, room: str) -> None:
    unit = hub.will_be_on_unit(room, line.dossier_id)
    line.tell({"t": "admitted", "room": room, "unit": unit, **relays(hub, line)})


def admit(hub: Hub, asking: Line, message: messages.Admit) -> None:
    """Let a waiting guest in, when there is a place."""
    line = professional(asking)
    guest = message.guest
    me = place(hub, line)
    hub.check(line)
    waiting = hub.lobby.find(guest)
    if waiting is None or waiting.dossier_id != line.dossier_id:
        raise InvalidInput(NO_LONGER_WAITING)
    if hub.presence.topology.is_full(len(hub.presence.people(me.room))):
        raise RoomFull(f"{hub.presence.topology.full} {waiting.name} attend : faites sortir quelqu'un d'abord.")

    async def let_in() -> None:
        await asked(hub, line, message, invitations.admit, line.actor, line.number, me.room, guest)
        hub.lobby.leave(guest)
        hub.guests_changed(line.dossier_id)
        # Not at the door any more: the page learns it when it comes back and asks to wait.
        if (door := hub.line_of_guest(guest)) is not None:
            door.waits = False
            _tell_admitted(hub, door, me.room)

    hub.later(let_in())


def refuse(hub: Hub, asking: Line, message: messages.Refuse) -> None:
    """Don't let a guest in; the bus tells their page (`hub_events.py`), wherever it is connected."""
    line = professional(asking)
    place(hub, line)
    hub.check(line)
    waiting = hub.lobby.find(message.guest)
    if waiting is None or waiting.dossier_id != line.dossier_id:
        raise InvalidInput(NO_LONGER_WAITING)
    hub.later(asked(hub, line, message, invitations.refuse, line.actor, line.number, message.guest))
