"""Order in a room of many: a professional silences somebody, gives the microphone back, asks to open it.

Who is silenced stays so on whatever page they come back, after a restart of ours or of the unit, until a professional
lifts it or the call is over. Only somebody else lifts it: who could give themselves the microphone back was never
silenced. On the direct route the sound does not pass through us, so a silence brings the forwarding unit. The journal is what remembers across a restart (`service.silenced`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.errors import InvalidInput
from app.teleconsultation import service, wire
from app.teleconsultation.asking import place, professional
from app.teleconsultation.lines import CallerLine, Line
from app.teleconsultation.presence import Participant
from app.teleconsultation.protocol import VALUED, register
from app.teleconsultation.schema import ID, Schema, flag

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

NOT_HERE = "Cette personne n'est plus dans la salle."
NOT_ONESELF = "Ouvrez votre micro avec le bouton « Micro »."


@dataclass(frozen=True)
class Mute:
    """Silence this participant for everybody, or give the microphone back."""

    person: str
    muted: bool


@dataclass(frozen=True)
class Ask:
    """Ask this participant to open the microphone."""

    person: str


def mute(hub: Hub, asking: Line, message: Mute) -> None:
    """Silence somebody else of the same room for everybody, or give the microphone back."""
    line = professional(asking)
    _silence(hub, line, _somebody_else(hub, line, message.person), message.muted)


def ask(hub: Hub, asking: Line, message: Ask) -> None:
    """Ask somebody to open their microphone; no page is ever opened from outside."""
    line = professional(asking)
    person = _somebody_else(hub, line, message.person)
    _silence(hub, line, person, False)
    hub.tell(person.id, {"t": "asked", "name": line.person.name})


def _somebody_else(hub: Hub, line: CallerLine, person_id: str) -> Participant:
    person = _in_my_room(hub, line, person_id)
    if person.person.key == line.person.key:
        raise InvalidInput(NOT_ONESELF)
    return person


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
    hub.forwarding.changed(hub.forwarding.recount(person.call))
    hub.later(
        hub.desk.run(service.keep_silence, line.actor, line.number, person.room, person.person, silenced=silenced)
    )


register("mute", Schema(Mute, {"person": ID, "muted": flag}), VALUED, mute)
register("ask", Schema(Ask, {"person": ID}), VALUED, ask)
