"""« Transférer un document » as words of the room: `send`, `got`; and what a page that enters is told of files.

The bytes go by HTTP (`app.web.room_files`), never by the signalling line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.errors import InvalidInput
from app.teleconsultation import files, wire
from app.teleconsultation.asking import asked, place, professional
from app.teleconsultation.lines import CallerLine, Line
from app.teleconsultation.parts import Part, part
from app.teleconsultation.presence import Participant
from app.teleconsultation.protocol import VALUED, Pace, register
from app.teleconsultation.schema import ID, KEY, Check, MessageRefused, Schema, flag, like

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

ADDRESS = "/api/salle/fichiers"
NOT_HERE = "Cette personne n'est pas, ou n'est plus, dans la salle. Le document n'a pas été envoyé."
NOT_ONESELF = "Choisissez une autre personne que vous-même."
MOST_RECEIVERS = 16
REFERENCE = like(r"[0-9a-f]{32}")


def several(check: Check, most: int) -> Check:
    """A list of one to `most` different values, each as `check` wants it."""

    def each(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise MessageRefused
        kept = tuple(check(one) for one in value)
        if len(set(kept)) != len(kept):
            raise MessageRefused
        return kept

    return each


@dataclass(frozen=True)
class Send:
    """Hand this PDF of the dossier to these participants."""

    document: str
    to: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Got:
    """I have the whole file; `saved`: and kept it on my device."""

    id: str
    saved: bool = False


@part
class Files(Part):
    """Says what was handed over to who enters; nothing of it is kept here, so that a restart loses nothing."""

    def joined(self, line: Line, me: Participant) -> dict[str, Any]:
        with self.hub.platform.reading() as session:
            fields: dict[str, Any] = {
                "files": [_file(each) for each in files.received_by(session, line.actor, line.dossier)]
            }
            if isinstance(line, CallerLine):
                fields["handed"] = [_receipt(each) for each in files.handed_by(session, line.actor, line.dossier)]
                fields["documents"] = f"{ADDRESS}?dossier={line.number}"
        return fields


def send(hub: Hub, asking: Line, message: Send) -> None:
    """Hand a document to people of the same call, and tell everybody in it that this was done."""
    line = professional(asking)
    me = place(hub, line)
    hub.check(line)
    people = [_in_call(hub, me, each) for each in message.to]
    others = hub.others(me)

    async def keep_and_tell() -> None:
        handed = await asked(
            hub,
            line,
            message,
            files.hand_over,
            line.actor,
            line.number,
            me.room,
            message.document,
            [each.person for each in people],
            message.key,
            everybody=len(people) == len(others),
        )
        tell_sender(hub, line.dossier_id, handed)
        if handed.repeated:
            return
        _tell_receivers(hub, me.call, {each.person.key for each in people}, handed.id)
        if handed.line is not None:
            line.tell({"t": "chat", **wire.chat(handed.line, me.id, mine=True)})
            hub.tell_call(me, {"t": "chat", **wire.chat(handed.line, me.id, mine=False)})

    hub.later(keep_and_tell())


def got(hub: Hub, line: Line, message: Got) -> None:
    """Somebody's page has the whole of what was handed to them: their sender learns it."""
    place(hub, line)
    hub.check(line)

    async def keep_and_tell() -> None:
        handed = await asked(hub, line, message, files.confirm, line.actor, message.id, saved=message.saved)
        tell_sender(hub, line.dossier_id, handed)

    hub.later(keep_and_tell())


def tell_sender(hub: Hub, dossier_id: int, handed: files.Handed) -> None:
    """To every page of the sender in a call of this dossier."""
    for each in hub.presence.of_dossier(dossier_id):
        if each.person.key == f"professional:{handed.sender}":
            hub.tell(each.id, {"t": "receipt", **_receipt(handed)})


def _tell_receivers(hub: Hub, call: str, persons: set[str], reference: str) -> None:
    """To their pages in this call as they are now: who came back meanwhile has another place, and `joined` was too early.

    Who has a broken line reads it in `joined`.
    """
    for each in hub.presence.everybody():
        line = hub.line_of(each.id) if each.call == call and each.person.key in persons else None
        if line is None:
            continue
        with hub.platform.reading() as session:
            theirs = files.received_by(session, line.actor, line.dossier)
        for file in theirs:
            if file.id == reference:
                line.tell({"t": "file", **_file(file)})


def _in_call(hub: Hub, me: Participant, identity: str) -> Participant:
    person = hub.presence.find(identity)
    if person is None or person.call != me.call:
        raise InvalidInput(NOT_HERE)
    if person.person.key == me.person.key:
        raise InvalidInput(NOT_ONESELF)
    return person


def _file(received: files.Received) -> wire.Answer:
    return {
        "id": received.id,
        "name": received.name,
        "filename": received.filename,
        "from": received.sender,
        "size": received.size,
        "at": wire.instant(received.at),
        "state": received.state,
        "url": f"{ADDRESS}/{received.id}",
    }


def _receipt(handed: files.Handed) -> wire.Answer:
    people = [{"name": name, "state": state} for name, state in handed.people]
    return {"id": handed.id, "key": handed.key, "name": handed.name, "people": people}


SEND = Pace("send", 0.2, 6)  # each is a row for everybody who gets it, and bytes on everybody's line
register("send", Schema(Send, {"document": REFERENCE, "to": several(ID, MOST_RECEIVERS), "key": KEY}), SEND, send)
register("got", Schema(Got, {"id": REFERENCE}, {"saved": flag}), VALUED, got)
