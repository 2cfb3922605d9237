"""« Montrer » and « Pointer »: one thing that everybody in the call sees, and on which each may point and draw.

A page of a PDF or a picture of the dossier, or a picture that was captured. The server draws it for those in the call, guests included:
that page, as long as it is shown, and nothing else of the document. Pointers and strokes go from page to page
(docs/signalling.md, « Words between the pages ») and name the thing by its id; here is only who has which colour.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.audit import service as audit
from app.documents.models import Document, DocumentKind
from app.documents.viewing import loader
from app.dossiers.access import Right, dossier_for
from app.errors import InvalidInput, NotFound, TeledossierError
from app.identity.models import Professional
from app.platform import Platform, StoredFile, Turn
from app.teleconsultation import files, wire
from app.teleconsultation.asking import asked, place, professional
from app.teleconsultation.files_acts import REFERENCE
from app.teleconsultation.files_stills import Stills
from app.teleconsultation.lines import CallerLine, Line
from app.teleconsultation.parts import Part, part
from app.teleconsultation.presence import Participant
from app.teleconsultation.protocol import VALUED, Pace, register
from app.teleconsultation.schema import Schema, number

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

ADDRESS = "/api/salle/montre"
COLOURS = 8
MOST_PAGES = 100_000
ONE_THING = "Choisissez un document ou une image à montrer."
NO_SUCH_PAGE = "Ce document n'a pas cette page."


@dataclass(frozen=True)
class Show:
    """Show a page (from 1) of a document of the dossier, or a picture that I captured."""

    document: str = ""
    page: int = 1
    picture: str = ""


@dataclass(frozen=True)
class Unshow:
    """Show nothing any more."""


@dataclass(frozen=True)
class Thing:
    """What is shown. `task` draws it; `width` and `height` give its proportions only."""

    id: str
    call: str
    name: str
    by: str
    person: str
    task: str
    stored: StoredFile
    width: float
    height: float
    document: str = ""
    page: int = 1
    pages: int = 1
    still: str = ""


@part
class Shown(Part):
    """At most one thing for each call."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self._things: dict[str, Thing] = {}
        self._colours: dict[str, dict[str, int]] = {}  # call -> person -> number
        self._wishes: dict[str, int] = {}  # call -> how often something was wished to be shown, or taken away

    def joined(self, line: Line, me: Participant) -> dict[str, Any]:
        self._colour(me)
        thing = self._things.get(me.call)
        return {"shown": self.answer_of(thing) if thing else None}

    def entered(self, me: Participant, *, resumed: bool) -> None:
        if (thing := self._things.get(me.call)) is not None and not resumed:
            self.hub.tell_room(me.room, {"t": "shown", "shown": self.answer_of(thing)}, but=me.id)

    def gone(self, participant: Participant, reason: str) -> None:
        """Who shows takes it along, unless they are back already on another page."""
        people = [p for p in self.hub.presence.people(participant.room) if p.call == participant.call]
        if not people:
            self._colours.pop(participant.call, None)
            self._wishes.pop(participant.call, None)
        thing = self._things.get(participant.call)
        if thing is not None and not any(p.person.key == thing.person for p in people):
            self.put(participant, None)

    def wish(self, me: Participant) -> int:
        """The number of a new wish in the call of `me`: it counts until there is a newer one (`is_newest`)."""
        self._wishes[me.call] = self._wishes.get(me.call, 0) + 1
        return self._wishes[me.call]

    def is_newest(self, me: Participant, wish: int) -> bool:
        """Whether nobody in the call has wished anything else since."""
        return self._wishes.get(me.call) == wish

    def put(self, me: Participant, thing: Thing | None) -> None:
        """Show this from now on to everybody in the call of `me`, instead of what was shown."""
        held, former = self.hub.parts.of(Stills).held, self._things.pop(me.call, None)
        if former is not None:
            held.discard(former.still)
        if thing is not None:
            self._things[me.call] = thing
            if thing.still:
                held.add(thing.still)
        if thing is not None or former is not None:
            answer = self.answer_of(thing) if thing else None
            self.hub.tell_room(me.room, {"t": "shown", "shown": answer})

    def visible(self, identity: str, persons: set[str]) -> Thing:
        """What is shown under this id, when one of these persons is in that call. Raises: NotFound."""
        for thing in self._things.values():
            if thing.id == identity and any(
                each.call == thing.call and each.person.key in persons for each in self.hub.presence.everybody()
            ):
                return thing
        raise NotFound

    def answer_of(self, thing: Thing) -> wire.Answer:
        """As pages hear it; colours by participant."""
        colours = self._colours.get(thing.call, {})
        people = [p for p in self.hub.presence.everybody() if p.call == thing.call]
        return {
            "id": thing.id,
            "url": f"{ADDRESS}/{thing.id}",
            "name": thing.name,
            "from": thing.by,
            "width": thing.width,
            "height": thing.height,
            "document": thing.document,
            "page": thing.page,
            "pages": thing.pages,
            "colours": {p.id: colours.get(p.person.key, 0) for p in people},
        }

    def _colour(self, me: Participant) -> None:
        taken = self._colours.setdefault(me.call, {})
        if me.person.key not in taken:
            free = [colour for colour in range(COLOURS) if colour not in taken.values()]
            taken[me.person.key] = free[0] if free else len(taken) % COLOURS


async def draw(platform: Platform, thing: Thing, width: int) -> bytes:
    """What is shown as WebP. Raises: FileRefused."""
    page: dict[str, Any] = {"page": thing.page} if thing.task == "pdf_page" else {}
    load = loader(platform, thing.stored)
    image: bytes = await platform.renderer.run(
        thing.task, thing.stored.file_id, load, turn=Turn(thing.person), width=width, **page
    )
    return image


def show(hub: Hub, asking: Line, message: Show) -> None:
    """Show a page of a document, or a captured picture, to everybody in the call."""
    line = professional(asking)
    me = place(hub, line)
    hub.check(line)
    if bool(message.document) == bool(message.picture):
        raise InvalidInput(ONE_THING)
    shown = hub.parts.of(Shown)
    if message.picture:
        still = hub.parts.of(Stills).find(message.picture, me.person.key)
        if still.dossier_id != me.dossier_id:  # the same person is in a call of another dossier, too
            raise NotFound
        assert still.stored is not None
        thing = _thing(me, still.label, "picture", still.stored, still.width, still.height)
        shown.wish(me)
        shown.put(me, replace(thing, still=still.id))
        hub.later(hub.desk.run(keep_shown, line.actor, line.number, still.id, "picture.shown"))
        return
    hub.later(_show_document(hub, line, me, message, shown.wish(me)))


async def _show_document(hub: Hub, line: CallerLine, me: Participant, message: Show, wish: int) -> None:
    document, stored = await asked(hub, line, message, files.sendable, line.actor, line.number, message.document)
    try:
        thing = await _measured(hub, me, document, stored, message)
    except TeledossierError as refusal:
        hub.refuse(line, refusal, "show")
        return
    # Looking it up may take a while: what was taken away meanwhile, or replaced, must not come back before everybody.
    if hub.presence.find(me.id) is not None and hub.parts.of(Shown).is_newest(me, wish):
        hub.parts.of(Shown).put(me, thing)
        await hub.desk.run(keep_shown, line.actor, line.number, document.reference, "document.shown", thing.page)


async def _measured(hub: Hub, me: Participant, document: Document, stored: StoredFile, message: Show) -> Thing:
    if document.kind is DocumentKind.PICTURE:
        facts = json.loads(document.detail)
        thing = _thing(me, document.title, "picture", stored, facts["width"], facts["height"])
        return replace(thing, document=message.document)
    platform = hub.platform
    facts = await platform.renderer.run("pdf_info", stored.file_id, loader(platform, stored))
    pages = facts["pages"]
    if not 1 <= message.page <= len(pages):
        raise InvalidInput(NO_SUCH_PAGE)
    thing = _thing(me, document.title, "pdf_page", stored, *pages[message.page - 1])
    return replace(thing, document=message.document, page=message.page, pages=len(pages))


def _thing(me: Participant, name: str, task: str, stored: StoredFile, width: float, height: float) -> Thing:
    return Thing(
        id=secrets.token_hex(16),
        call=me.call,
        name=name,
        by=me.person.name,
        person=me.person.key,
        task=task,
        stored=stored,
        width=width,
        height=height,
    )


def unshow(hub: Hub, asking: Line, _message: Unshow) -> None:
    """Show nothing any more; any professional of the call may end it."""
    line = professional(asking)
    me = place(hub, line)
    hub.check(line)
    shown = hub.parts.of(Shown)
    shown.wish(me)
    shown.put(me, None)


def keep_shown(platform: Platform, actor: Professional, number: str, subject: str, action: str, page: int = 1) -> None:
    """Journal that something was shown in the room. Raises: NotFound, AccessDenied."""
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        detail = {"page": page}
        audit.record(session, platform.now(), actor, action, dossier_id=dossier.id, subject=subject, detail=detail)


SHOW = Pace("show", 2, 12)  # a page is drawn for everybody
register(
    "show",
    Schema(Show, {}, {"document": REFERENCE, "page": number(MOST_PAGES), "picture": REFERENCE}),
    SHOW,
    show,
)
register("unshow", Schema(Unshow), VALUED, unshow)
