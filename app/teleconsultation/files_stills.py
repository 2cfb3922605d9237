"""« Capture d'écran »: a picture at the full resolution of a camera, asked of the page that has the camera.

    still ──> asked page: notice, picture, upload ──> picture (to who asked) ──> thrown away | into the dossier

A stream is a small picture of what the camera could give; so the page that has the camera takes one and sends it by
HTTP. Who asked may also bring a picture of their own page (what is shown, or a drawing over it). Pictures wait in the encrypted
store for ten minutes at most; what goes into the dossier passes the gate of `app.documents` like any other file.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from app.audit import service as audit
from app.db import key as key_of
from app.documents import antivirus, gate, intake
from app.documents import service as documents
from app.documents.intake import Chunks
from app.documents.models import Document
from app.documents.viewing import loader
from app.dossiers.access import Right, dossier_for
from app.errors import AccessDenied, FileRefused, InvalidInput, NotFound
from app.french import local
from app.identity.models import Professional
from app.platform import Platform, StoredFile, Turn
from app.teleconsultation import wire
from app.teleconsultation.asking import place, professional
from app.teleconsultation.lines import CallerLine, Line
from app.teleconsultation.parts import Part, part
from app.teleconsultation.presence import Participant
from app.teleconsultation.protocol import VALUED, Pace, register
from app.teleconsultation.schema import ID, KEY, Schema, like

if TYPE_CHECKING:
    from app.teleconsultation.hub import Hub

ADDRESS = "/api/salle/images"
TO_ARRIVE = timedelta(seconds=60)
TO_BE_KEPT = timedelta(minutes=10)
LARGEST = 16  # megabytes
MOST = 12  # of one person at a time; the oldest goes
MEDIA_TYPES = {"image/jpeg": "jpg", "image/png": "png"}
NO_PICTURE = "seule une image JPEG ou PNG peut être une capture."
NOT_HERE = "Cette personne n'est plus dans la salle."
NOTHING_SHOWN = {
    "camera": "La caméra de cette personne est coupée : il n'y a rien à capturer.",
    "aux": "Cette personne ne montre plus d'autre image : il n'y a rien à capturer.",
}
NOT_TAKEN = "L'appareil de cette personne n'a pas pu prendre la photographie."
UNDER_WAY = "Une photographie est déjà demandée à cette personne. Patientez un instant."


@dataclass(frozen=True)
class AskStill:
    """Let this participant's page take a picture of its camera, or of what it shows beside (`aux`)."""

    person: str
    source: str
    key: str


@dataclass(frozen=True)
class NoStill:
    """My page cannot take the picture that was asked for."""

    id: str


@dataclass(frozen=True)
class Still:
    """A picture that was asked for or brought; `stored` once it is here. `asked` and `owner` are keys of persons."""

    id: str
    call: str
    dossier_id: int
    number: str
    owner: str
    asked: str
    label: str
    source: str
    key: str
    at: datetime
    full: bool = False  # everything that the device says it can
    arriving: bool = False
    stored: StoredFile | None = None
    media_type: str = ""
    width: int = 0
    height: int = 0


@part
class Stills(Part):
    """The pictures of this process's rooms; none survives it (`documents.remove_leftovers` sweeps the files)."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self._stills: dict[str, Still] = {}
        self.held: set[str] = set()  # shown at this moment (`shown`): not thrown away

    def joined(self, line: Line, me: Participant) -> dict[str, Any]:
        return {"pictures": f"{ADDRESS}?dossier={line.number}"} if isinstance(line, CallerLine) else {}

    # -- asked for

    def ask(self, me: Participant, number: str, person: Participant, source: str, key: str) -> Still:
        """Remember that a picture was asked of `person`. Raises: InvalidInput."""
        if any(s.asked == person.person.key and s.source == source and self._is_awaited(s) for s in self._all()):
            raise InvalidInput(UNDER_WAY)
        return self._add(me, number, person.person.key, person.person.name, source, key)

    def bring(self, me: Participant, number: str) -> Still:
        """Room for a picture of one's own page."""
        return replace(self._add(me, number, me.person.key, me.person.name, "own", ""))

    def awaited(self, identity: str, persons: set[str]) -> Still:
        """The picture that one of these persons was asked for, not later than a minute ago, not sent yet.

        Raises: NotFound, whatever the reason.
        """
        still = self._stills.get(identity)
        if still is None or still.asked not in persons or not self._is_awaited(still) or still.arriving:
            raise NotFound
        return still

    def receive(self, still: Still, chunks: Chunks) -> Coroutine[Any, Any, Still]:
        """Take the picture in, through the gate. Whatever goes wrong, who asked is told, and nothing remains.

        From this call on it is on its way: a second one is not awaited. Raises: FileRefused, FileTooLarge, NotFound (too
        late).
        """
        self._stills[still.id] = replace(still, arriving=True)
        return self._receive(still, chunks)

    async def _receive(self, still: Still, chunks: Chunks) -> Still:
        platform = self.hub.platform
        try:
            stored, found = await _examined(platform, chunks, still)
            if still.id not in self._stills:
                await intake.forget(platform, stored.file_id)
                raise NotFound
        except BaseException:
            self.fail(still)
            raise
        size = {"width": found.detail["width"], "height": found.detail["height"]}
        kept = replace(still, stored=stored, media_type=found.media_type, at=platform.now(), **size)
        self._stills[still.id] = kept
        if still.asked != still.owner:
            self._tell_owner(kept, {"t": "picture", **answer_of(kept)})
        return kept

    def fail(self, still: Still) -> None:
        """No picture will come: who asked goes on with what they see."""
        if self._stills.pop(still.id, None) is not None and still.asked != still.owner:
            self._tell_owner(still, wire.error(InvalidInput(NOT_TAKEN), "still", still.key))

    # -- here

    def find(self, identity: str, owner: str) -> Still:
        """A picture that is here, for who asked for it. Raises: NotFound."""
        still = self._stills.get(identity)
        if still is None or still.stored is None or still.owner != owner:
            raise NotFound
        return still

    # -- what time and people do

    def tick(self, now: datetime) -> None:
        for still in self._all():
            if still.stored is None and now - still.at > TO_ARRIVE:
                self.fail(still)
            elif still.stored is not None and now - still.at > TO_BE_KEPT and still.id not in self.held:
                self._drop(still)

    def gone(self, participant: Participant, reason: str) -> None:
        people = {p.person.key for p in self.hub.presence.of_dossier(participant.dossier_id)}
        for still in self._all():
            if still.dossier_id != participant.dossier_id:
                continue
            if still.stored is None and still.asked == participant.person.key and still.asked not in people:
                self.fail(still)
            elif still.owner == participant.person.key and still.owner not in people:
                self._drop(still)

    async def close(self) -> None:
        for still in self._all():
            if still.stored is not None:
                await intake.forget(self.hub.platform, still.stored.file_id)
        self._stills.clear()

    # -- inside

    def _all(self) -> tuple[Still, ...]:
        return tuple(self._stills.values())

    def _is_awaited(self, still: Still) -> bool:
        return still.stored is None and self.hub.platform.now() - still.at <= TO_ARRIVE

    def _add(self, me: Participant, number: str, asked: str, label: str, source: str, key: str) -> Still:
        theirs = [still for still in self._all() if still.owner == me.person.key and still.id not in self.held]
        for oldest in theirs[: max(0, len(theirs) - MOST + 1)]:
            self._drop(oldest)
        identity, now = secrets.token_hex(16), self.hub.platform.now()
        still = Still(identity, me.call, me.dossier_id, number, me.person.key, asked, label, source, key, now)
        self._stills[identity] = still
        return still

    def _drop(self, still: Still) -> None:
        self._stills.pop(still.id, None)
        if still.stored is not None:
            self.hub.later(intake.forget(self.hub.platform, still.stored.file_id))

    def _tell_owner(self, still: Still, message: wire.Answer) -> None:
        for each in self.hub.presence.of_dossier(still.dossier_id):
            if each.person.key == still.owner:
                self.hub.tell(each.id, message)


def answer_of(still: Still) -> wire.Answer:
    """A picture that is here, for who asked for it."""
    return {
        "id": still.id,
        "key": still.key,
        "width": still.width,
        "height": still.height,
        "full": still.full,
        "url": f"{ADDRESS}/{still.id}",
    }


async def _examined(platform: Platform, chunks: Chunks, still: Still) -> tuple[StoredFile, gate.Inspected]:
    """A picture in the store, looked at by antivirus and gate, without its metadata.

    Raises: FileRefused, FileTooLarge; then nothing of it remains.
    """
    stored = await intake.keep(platform, chunks, LARGEST)
    try:
        await antivirus.check(platform.settings, loader(platform, stored), stored.size)
        found: gate.Inspected = await platform.renderer.run(
            "inspect", stored.file_id, loader(platform, stored), turn=Turn(still.owner), filename=""
        )
        if found.archive is not None or found.media_type not in MEDIA_TYPES:
            raise FileRefused(NO_PICTURE)
        if found.replacement is not None:
            original, stored = stored, await intake.keep(platform, iter([found.replacement]))
            await intake.forget(platform, original.file_id)
    except BaseException:
        await asyncio.shield(intake.forget(platform, stored.file_id))
        raise
    return stored, found


async def keep(
    platform: Platform, actor: Professional, still: Still, caption: str, site: str
) -> documents.DocumentView:
    """Put a picture into the dossier, with a caption and the part of the body that it shows.

    Raises: NotFound, AccessDenied, WrongStep, InvalidInput (no caption), FileRefused.
    """
    if not caption:
        raise InvalidInput("Écrivez une légende : elle dira ce que montre l'image. Rien n'a été ajouté au dossier.")
    assert still.stored is not None
    stored = still.stored
    at = local(platform.now())
    filename = f"Capture {at:%Y-%m-%d %Hh%M}.{MEDIA_TYPES[still.media_type]}"
    about = {"captured": still.label, "source": still.source} | ({"site": site} if site else {})

    def describe(_session: Session, document: Document) -> None:
        document.title = f"{caption} ({site})" if site else caption
        detail = json.loads(document.detail) | about
        document.detail = json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    content = platform.files.read(stored.file_id, stored.wrapped_key, 0, stored.size)
    return await documents.add(platform, actor, still.number, filename, content, within=describe)


def keep_asked(platform: Platform, actor: Professional, number: str, person: Participant, source: str) -> None:
    """Journal that a picture was asked of somebody. Raises: NotFound, AccessDenied."""
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.ENTER_ROOM)
        whom = person.person.label if person.person.professional else person.person.detail
        detail = {"person": person.person.key, "source": source}
        audit.record(
            session,
            platform.now(),
            actor,
            "picture.asked",
            dossier_id=key_of(dossier),
            subject=whom,
            detail=detail,
        )


def ask_still(hub: Hub, asking: Line, message: AskStill) -> None:
    """Ask somebody else's page for a picture; the person sees a notice, and their camera is never opened."""
    line = professional(asking)
    me = place(hub, line)
    hub.check(line)
    person = hub.presence.find(message.person)
    if person is None or person.call != me.call or person.id == me.id:
        raise InvalidInput(NOT_HERE)
    if not (person.camera if message.source == "camera" else person.aux):
        raise InvalidInput(NOTHING_SHOWN[message.source])
    still = hub.parts.of(Stills).ask(me, line.number, person, message.source, message.key)
    url = f"{ADDRESS}/{still.id}"
    hub.tell(person.id, {"t": "still", "id": still.id, "from": line.person.name, "source": message.source, "url": url})
    hub.later(hub.desk.run(keep_asked, line.actor, line.number, person, message.source))


def no_still(hub: Hub, line: Line, message: NoStill) -> None:
    """The page that was asked cannot: who asked need not wait."""
    me, stills = place(hub, line), hub.parts.of(Stills)
    stills.fail(stills.awaited(message.id, {me.person.key}))


def own_place(hub: Hub, actor: Professional, number: str) -> Participant:
    """The place that a professional has in a call of this dossier. Raises: AccessDenied."""
    for each in hub.presence.everybody():
        if each.person.key == f"professional:{actor.id}":
            with hub.platform.reading() as session:
                if dossier_for(session, actor, number, Right.ENTER_ROOM).id == each.dossier_id:
                    return each
    raise AccessDenied("Entrez d'abord dans la salle. Rien n'a été envoyé.")


SOURCE = like("camera|aux")
STILL = Pace("still", 0.5, 5)  # each makes somebody's device take a picture and send megabytes
register("still", Schema(AskStill, {"person": ID, "source": SOURCE, "key": KEY}), STILL, ask_still)
register("nostill", Schema(NoStill, {"id": like(r"[0-9a-f]{32}")}), VALUED, no_still)
