"""Order in a room of many: a professional silences somebody, gives the microphone back, asks to open it.

Who is silenced stays so on whatever page they come back, after a restart of ours or of the unit, until a professional
lifts it or the call is over. The journal is what remembers across a restart (`service.silenced`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import InvalidInput
from app.teleconsultation import messages, service, wire
from app.teleconsultation.entering import place
from app.teleconsultation.lines import CallerLine
from app.teleconsultation.presence import Participant

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

NOT_HERE = "Cette personne n'est plus dans la salle."
NOT_ONESELF = "Ouvrez votre micro avec le bouton « Micro »."


def mute(hub: Hub, line: CallerLine, message: messages.Mute) -> None:
    """Silence somebody of the same room for everybody, or give the microphone back."""
    person = _in_my_room(hub, line, message.person)
    _silence(hub, line, person, message.muted)


def ask(hub: Hub, line: CallerLine, message: messages.Ask) -> None:
    """Ask somebody to open their microphone; no page is ever opened from outside."""
    person = _in_my_room(hub, line, message.person)
    if person.id == line.participant:
        raise InvalidInput(NOT_ONESELF)
    _silence(hub, line, person, False)
    hub.tell(person.id, {"t": "asked", "name": line.person.name})


def _in_my_room(hub: Hub, line: CallerLine, person_id: str) -> Participant:
    """Raises: InvalidInput, NotAuthenticated, NotFound, AccessDenied."""
    me = place(hub, line)
    hub.check(line)
    person = hub.presence.find(person_id)
    if person is None or person.call != me.call:
        raise InvalidInput(NOT_HERE)
    return person


def _silence(hub: Hub, line: CallerLine, person: Participant, silenced: bool) -> None:
    if person.silenced == silenced:
        return
    hub.presence.silence(person, silenced)
    hub.tell_room(person.room, wire.state(person))
    hub.forwarding.mute(person)
    hub.later(
        hub.desk.run(service.keep_silence, line.actor, line.number, person.room, person.person, silenced=silenced)
    )
