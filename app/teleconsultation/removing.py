"""« Faire sortir »: somebody is put out of a call and does not come back to it.

A guest's link is dead from then on (`Invitation.removed_at`). A professional stays out until this call is over; the
dossier remains theirs, and so does the next call. The journal is what remembers, so that a restart of the server changes
nothing. Nobody puts themselves out: that is « Quitter ».
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.audit.models import AuditEntry
from app.dossiers.access import Right, dossier_for
from app.dossiers.calls import STEP_CHANGED
from app.dossiers.models import Dossier, Step
from app.errors import InvalidInput, PutOut
from app.identity.models import Professional
from app.platform import Platform
from app.teleconsultation.asking import asked, place, professional
from app.teleconsultation.lines import CallerLine, GuestLine, Line
from app.teleconsultation.models import Invitation, Room
from app.teleconsultation.parts import Part, part
from app.teleconsultation.presence import Person
from app.teleconsultation.protocol import VALUED, register
from app.teleconsultation.schema import ID, Schema
from app.teleconsultation.sending import tell_changed

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

REMOVED = "participant.removed"
REASON = "removed"  # of a departure

NOT_HERE = "Cette personne n'est plus dans la salle."
NOT_ONESELF = "Pour sortir vous-même, utilisez « Quitter la téléconsultation »."
GUEST_OUT = "Un professionnel vous a fait sortir de la téléconsultation. Pour toute question, appelez l'établissement."


@dataclass(frozen=True)
class Remove:
    """Put this participant out of the call, for good."""

    person: str


def remove(hub: Hub, asking: Line, message: Remove) -> None:
    """Put somebody else of the same room out; kept first, so that whoever is out stays out."""
    line = professional(asking)
    me = place(hub, line)
    hub.check(line)
    found = hub.presence.find(message.person)
    if found is None or found.call != me.call:
        raise InvalidInput(NOT_HERE)
    person = found.person
    if person.key == line.person.key:
        raise InvalidInput(NOT_ONESELF)

    async def keep_and_put_out() -> None:
        await asked(hub, line, message, keep, line.actor, line.number, me.room, person)
        said = PutOut.by(line.person.name).message if person.professional else GUEST_OUT
        # Whatever page they are on by now, and in whichever room of this dossier.
        for inside in hub.presence.of_dossier(line.dossier_id):
            if inside.person.key != person.key:
                continue
            departure = hub.presence.leave(inside.id, hub.platform.now())
            if departure is not None:
                hub.departed(departure, REASON, said)
        for theirs in tuple(hub.lines):
            if isinstance(theirs, GuestLine) and theirs.person.key == person.key:
                hub.cut_unless_welcome(theirs)

    hub.later(keep_and_put_out())


def keep(platform: Platform, actor: Professional, number: str, room: str, person: Person) -> None:
    """Journal that somebody was put out, and kill a guest's link.

    A guest is named by the invitation alone: it may be the patient. Raises: NotFound, AccessDenied.
    """
    invitation: Invitation | None = None
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        if not person.professional:
            invitation = session.get_one(Invitation, int(person.key.removeprefix("invitation:")))
            invitation.removed_at = invitation.removed_at or platform.now()
            session.add(invitation)
        subject = person.label if person.professional else person.detail
        detail = {"person": person.key, "room": room}
        audit.record(session, platform.now(), actor, REMOVED, dossier_id=dossier.id, subject=subject, detail=detail)
    if invitation is not None:
        tell_changed(platform, invitation)


def who_is_out(session: Session, dossier: Dossier) -> dict[str, str]:
    """Who was put out of the call that goes on, and by whom (key of the person -> name), out of the journal."""
    wanted = (
        select(AuditEntry)
        .where(AuditEntry.dossier_id == dossier.id, col(AuditEntry.action).in_((REMOVED, STEP_CHANGED)))
        .order_by(col(AuditEntry.id))
    )
    out: dict[str, str] = {}
    for entry in session.exec(wanted):
        detail = json.loads(entry.detail)
        if entry.action == REMOVED:
            out[detail["person"]] = entry.actor_name
        elif detail["to"] != Step.IN_CALL.value:  # that call was over
            out.clear()
    return out


@part
class Removed(Part):
    """Keeps out who was put out."""

    def check_entry(self, session: Session, line: Line, room: Room) -> None:
        """A guest's link is looked at by the door; here is a professional's. Raises: PutOut."""
        if isinstance(line, CallerLine) and (by := who_is_out(session, line.dossier).get(line.person.key)):
            raise PutOut.by(by)


register("remove", Schema(Remove, {"person": ID}), VALUED, remove)
