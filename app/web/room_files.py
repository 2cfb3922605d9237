"""What travels beside the call over HTTP: documents handed over, captured pictures, what is shown in the room.

A person is a professional (login cookie) or an invited person (invitation cookie); a browser may hold both. Rights are
asked in `app.teleconsultation`; for what a room holds only in memory, in the hub of this process.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from app.documents import service as documents
from app.documents.entries import DocumentView
from app.documents.models import DocumentKind
from app.documents.store_threads import pieces
from app.documents.viewing import loader
from app.errors import InvitationInvalid, NotAuthenticated, NotFound, TeledossierError
from app.platform import StoredFile
from app.server.rooms import hub_of
from app.teleconsultation import door, files, files_acts, files_stills, shown
from app.teleconsultation.files_stills import Still, Stills, answer_of, own_place
from app.teleconsultation.hub import Hub
from app.teleconsultation.schema import text
from app.teleconsultation.shown import Shown
from app.web.files import REFERENCE, Incoming, Outgoing, disposition
from app.web.guest_cookie import guest_secrets
from app.web.room_pace import Paced
from app.web.signalling import NUMBER

T = TypeVar("T")
LONGEST_CAPTION, LONGEST_SITE = 120, 60
TOO_LONG = "Cette légende est trop longue. Raccourcissez-la. Rien n'a été ajouté au dossier."


class Visitor(Paced):
    """Who asks: not only people with an account."""

    public = True

    @property
    def hub(self) -> Hub:
        return hub_of(self.application)

    def people(self) -> list[files.Receiving]:
        """Everybody whom this browser's cookies name. Raises: NotAuthenticated, InvitationInvalid."""
        found: list[files.Receiving] = [self.current_user] if self.current_user is not None else []
        refusal: TeledossierError = NotAuthenticated()
        for secret in guest_secrets(self):
            try:
                with self.platform.reading() as session:
                    found.append(door.guest(session, self.platform, secret).invitation)
            except InvitationInvalid as error:
                refusal = error
        if not found:
            raise refusal
        return found

    def keys(self) -> set[str]:
        """The same as the rooms know them."""
        return {files.key_of_actor(person) for person in self.people()}

    def for_one(self, use_case: Callable[[files.Receiving], T]) -> tuple[files.Receiving, T]:
        """Do it for the one of them who may. Raises: what the last one heard."""
        refusal: TeledossierError = NotFound()
        for person in self.people():
            try:
                return person, use_case(person)
            except TeledossierError as error:
                refusal = error
        raise refusal


class RoomFiles(Paced, Incoming):
    """`/api/salle/fichiers?dossier=…`: GET the PDFs that may be handed over; PUT (`&nom=…`) one from a disk.

    What is put becomes a document of the dossier, through the same gate; to hand it over is said to the room (`send`).
    """

    of_rooms = True

    def begin(self, chunks: AsyncIterator[bytes]) -> Coroutine[Any, Any, DocumentView]:
        number = self.argument_matching("dossier", NUMBER)
        own_place(hub_of(self.application), self.actor, number)
        documents.may_add(self.platform, self.actor, number)
        self.count(files.key_of_actor(self.actor))
        name = self.get_query_argument("nom", "")
        chunks = files.no_archive(chunks)
        return documents.add(self.platform, self.actor, number, name, chunks, within=files.must_be_pdf)

    async def put(self) -> None:
        document = await self.whole()
        self.send_json({"reference": document.reference, "title": document.title})

    def get(self) -> None:
        number = self.argument_matching("dossier", NUMBER)
        own_place(hub_of(self.application), self.actor, number)
        found = documents.documents_of(self.platform, self.actor, number)
        kinds = (DocumentKind.PDF, DocumentKind.PICTURE)
        self.send_json(
            {
                "documents": [
                    {"reference": each.reference, "title": each.title, "kind": each.kind.value, "size": each.size}
                    for each in found
                    if each.kind in kinds and not each.detail.get("draft")
                ]
            }
        )


class RoomFile(Visitor, Outgoing):
    """`GET /api/salle/fichiers/<id>`: a document that was handed to whoever asks, whole."""

    of_rooms = True

    async def get(self, reference: str) -> None:
        person, (file, stored) = self.for_one(lambda actor: files.open_file(self.platform, actor, reference))
        self.set_header("Content-Type", "application/pdf")
        self.set_header("Content-Disposition", disposition("attachment", file.filename))
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
        self.set_header("Content-Length", str(stored.size))
        await self.stream(self._until_the_last(person, reference, stored))

    async def _until_the_last(
        self, person: files.Receiving, reference: str, stored: StoredFile
    ) -> AsyncIterator[bytes]:
        held = b""
        async for piece in pieces(self.platform.files.read(stored.file_id, stored.wrapped_key, 0, stored.size)):
            if held:
                yield held
            held = piece
        # Everything before has been written out. Kept before the last piece goes: once a page has it, it says `got` at once.
        await self.hub.desk.run(files.fetched, person, reference)
        yield held


class RoomFileFacts(Visitor, Outgoing):
    """`GET /api/salle/fichiers/<id>/infos`: sizes of its pages, for who looks at it in place."""

    async def get(self, reference: str) -> None:
        _person, (_file, stored) = self.for_one(lambda actor: files.open_file(self.platform, actor, reference))
        facts = self.platform.renderer.run("pdf_info", stored.file_id, loader(self.platform, stored))
        self.send_json({"pages": (await self.unless_gone(facts))["pages"]})


class RoomFilePage(Visitor, Outgoing):
    """`GET /api/salle/fichiers/<id>/pages/<n>.webp?l=<width>`: one of its pages, drawn here."""

    async def get(self, reference: str, page: str) -> None:
        width = self.wanted_width()
        _person, (_file, stored) = self.for_one(
            lambda actor: files.open_file(self.platform, actor, reference, look=True)
        )
        drawing = self.platform.renderer.run(
            "pdf_page", stored.file_id, loader(self.platform, stored), page=int(page), width=width
        )
        self.set_header("Content-Type", "image/webp")
        self.finish(await self.unless_gone(drawing))


class BroughtPicture(Paced, Incoming):
    """`PUT /api/salle/images?dossier=…`: a picture of one's own page. Answers `{id, key, width, height, url}`."""

    of_rooms = True

    @property
    def limit(self) -> int:
        return files_stills.LARGEST

    def begin(self, chunks: AsyncIterator[bytes]) -> Coroutine[Any, Any, Still]:
        number = self.argument_matching("dossier", NUMBER)
        hub = hub_of(self.application)
        stills, me = hub.parts.of(Stills), own_place(hub, self.actor, number)
        self.count(me.person.key)
        return stills.receive(stills.bring(me, number), chunks)

    async def put(self) -> None:
        self.send_json(answer_of(await self.whole()))


class AskedPicture(Visitor, Incoming):
    """`/api/salle/images/<id>`: PUT the picture that one was asked for; GET it, by who asked.

    `?plein=1` on PUT: it has everything that the device says it can.
    """

    of_rooms = True

    @property
    def limit(self) -> int:
        return files_stills.LARGEST

    def begin(self, chunks: AsyncIterator[bytes]) -> Coroutine[Any, Any, Still]:
        stills = self.hub.parts.of(Stills)
        still = stills.awaited(self.path_args[0], self.keys())
        self.count(still.asked)
        return stills.receive(replace(still, full=self.get_query_argument("plein", "") == "1"), chunks)

    async def put(self, _identity: str) -> None:
        await self.whole()
        self.send_json({})

    async def get(self, identity: str) -> None:
        still = self.hub.parts.of(Stills).find(identity, files.key_of_actor(self.actor))
        assert still.stored is not None
        stored = still.stored
        self.set_header("Content-Type", still.media_type)
        self.set_header("Content-Length", str(stored.size))
        async for piece in pieces(self.platform.files.read(stored.file_id, stored.wrapped_key, 0, stored.size)):
            self.write(piece)
            await self.flush()
        self.finish()


class KeptPicture(Paced):
    """`POST /api/salle/images/<id>/dossier` `{legende, site}`: into the dossier. Answers `{reference, title}`."""

    of_rooms = True

    async def post(self, identity: str) -> None:
        still = hub_of(self.application).parts.of(Stills).find(identity, files.key_of_actor(self.actor))
        said = self.json_body()
        caption = text(LONGEST_CAPTION, too_long=TOO_LONG)(said.get("legende", "")).strip()
        site = text(LONGEST_SITE, too_long=TOO_LONG)(said.get("site", "")).strip()
        document = await files_stills.keep(self.platform, self.actor, still, caption, site)
        self.send_json({"reference": document.reference, "title": document.title})


class ShownImage(Visitor, Outgoing):
    """`GET /api/salle/montre/<id>?l=<width>`: what is shown in the room, drawn for who is in it."""

    of_rooms = True

    async def get(self, identity: str) -> None:
        width = self.wanted_width()
        thing = self.hub.parts.of(Shown).visible(identity, self.keys())
        self.set_header("Content-Type", "image/webp")
        self.finish(await self.unless_gone(shown.draw(self.platform, thing, width)))


ROUTES = [
    (files_acts.ADDRESS, RoomFiles),
    (rf"{files_acts.ADDRESS}/{REFERENCE}", RoomFile),
    (rf"{files_acts.ADDRESS}/{REFERENCE}/infos", RoomFileFacts),
    (rf"{files_acts.ADDRESS}/{REFERENCE}/pages/(\d{{1,5}})\.webp", RoomFilePage),
    (files_stills.ADDRESS, BroughtPicture),
    (rf"{files_stills.ADDRESS}/{REFERENCE}", AskedPicture),
    (rf"{files_stills.ADDRESS}/{REFERENCE}/dossier", KeptPicture),
    (rf"{shown.ADDRESS}/{REFERENCE}", ShownImage),
]
