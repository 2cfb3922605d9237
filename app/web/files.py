"""Documents over HTTP: files in, files and pages out, all streamed. Rights and journal are in `app.documents`."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from typing import Any
from urllib.parse import quote

import structlog
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, stream_request_body

from app.documents import archive, service, viewing
from app.documents.entries import DocumentView, opened
from app.documents.intake import MEGABYTE
from app.documents.models import DocumentKind
from app.errors import FileStalled, FileTooLarge, TooManyFiles
from app.web.base import Handler

log = structlog.get_logger(__name__)

# Pixels: few widths, so that they are drawn once; a quarter of the viewer's sheet, so that they are sharp at each zoom.
WIDTH_STEP, WIDEST = 190, 2280
WAITING_CHUNKS = 16
UPLOADS_AT_ONCE = 4  # of one person: each holds a thread that writes, however slowly it sends
SILENCE = 60.0  # seconds without a byte, and an upload is over
NUMBER = r"(TLM-\d{4}-\d{4,})"
REFERENCE = r"([0-9a-f]{32})"


@stream_request_body
class Incoming(Handler):
    """A body that is handed on as it arrives, by `PUT`; who is refused hears why before it is read."""

    _adding: asyncio.Task[Any] | None = None
    _complete = False  # the last byte has come: whoever sent it may go
    _under_way: Counter[str] = Counter()  # by person, in this process
    _counted = ""  # whose this one is, while it is under way

    @property
    def limit(self) -> int:
        """Megabytes (of 1 000 000 bytes)."""
        return self.platform.settings.upload_megabytes

    def begin(self, chunks: AsyncIterator[bytes]) -> Coroutine[Any, Any, Any]:
        """Check whoever sends, now; answer what takes the chunks. Raises: TeledossierError."""
        raise NotImplementedError

    def prepare(self) -> None:
        limit = self.limit
        # First of all: who is refused must still hear why. What comes without a length is counted on the way.
        self.request.connection.set_max_body_size(limit * MEGABYTE + MEGABYTE)  # type: ignore[union-attr]
        super().prepare()
        if self.request.method != "PUT":
            return
        if int(self.request.headers.get("Content-Length", "0")) > limit * MEGABYTE:
            raise FileTooLarge(limit)
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_CHUNKS)
        self._adding = asyncio.create_task(self.begin(self._received()))
        # Who went away, or fell silent, hears of no failure; it must not be logged as never retrieved.
        self._adding.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def data_received(self, chunk: bytes) -> None:
        await self._hand_on(chunk)

    async def whole(self) -> Any:
        """The body has come: what became of it. Raises: TeledossierError."""
        assert self._adding is not None
        self._complete = True
        await self._hand_on(None)
        return await self._adding

    def on_connection_close(self) -> None:
        if not self._complete:  # else it is kept: who was cut off after the last byte has sent a whole file
            self._uncount()
            if self._adding is not None:
                self._adding.cancel()
        super().on_connection_close()

    def on_finish(self) -> None:
        self._uncount()

    def count(self, person: str) -> None:
        """One upload more of somebody, by their key (`presence.Person`). Raises: TooManyFiles."""
        if self._under_way[person] >= UPLOADS_AT_ONCE:
            raise TooManyFiles
        self._under_way[person] += 1
        self._counted = person

    def _uncount(self) -> None:
        person, self._counted = self._counted, ""
        if person:
            self._under_way[person] -= 1
            if not self._under_way[person]:
                del self._under_way[person]

    async def _received(self) -> AsyncIterator[bytes]:
        while (chunk := await self._next()) is not None:
            yield chunk

    async def _next(self) -> bytes | None:
        """What has come, waited for by the thread that writes it. Raises: FileStalled, said to who sends as well."""
        try:
            async with asyncio.timeout(SILENCE):
                return await self._chunks.get()
        except TimeoutError:
            stalled = FileStalled()
            if not self._finished:
                self.refuse(stalled)  # the rest is not waited for: the line is closed with the answer
            raise stalled from None

    async def _hand_on(self, chunk: bytes | None) -> None:
        """Wait for room, but not for somebody who has given up."""
        assert self._adding is not None
        putting = asyncio.ensure_future(self._chunks.put(chunk))
        await asyncio.wait([putting, self._adding], return_when=asyncio.FIRST_COMPLETED)
        putting.cancel()


class Upload(Incoming):
    """`PUT /api/dossiers/<number>/documents?nom=…`: the body is the file. Answers `{reference, title, said}`."""

    def begin(self, chunks: AsyncIterator[bytes]) -> Coroutine[Any, Any, DocumentView]:
        number, name = self.path_args[0], self.get_query_argument("nom", "")
        service.may_add(self.platform, self.actor, number)
        self.count(f"professional:{self.actor.id}")
        return service.add(self.platform, self.actor, number, name, chunks)

    async def put(self, _number: str) -> None:
        document = await self.whole()
        self.send_json({"reference": document.reference, "title": document.title, "said": document.said})


class Outgoing(Handler):
    """What the handlers below share: streaming out, and a job that ends with its reader."""

    _job: asyncio.Task[Any] | None = None
    _gone = False

    def compute_etag(self) -> str | None:
        return None

    async def unless_gone(self, work: Any) -> Any:
        """Do some work; when the reader goes away first, it is not done in vain."""
        self._job = asyncio.ensure_future(work)
        try:
            return await self._job
        except asyncio.CancelledError:
            if self._gone:
                raise StreamClosedError from None
            raise

    def on_connection_close(self) -> None:
        self._gone = True
        if self._job is not None:
            self._job.cancel()

    async def stream(self, chunks: AsyncIterator[bytes]) -> None:
        """Send chunks. What breaks before the first is answered as an error, later the line is cut: no half file."""
        first = await anext(chunks, b"")
        try:
            self.write(first)
            await self.flush()
            async for chunk in chunks:
                self.write(chunk)
                await self.flush()
            self.finish()
        except StreamClosedError:
            return
        except Exception:
            log.exception("document.broken_off", path=self.request.path)
            self._auto_finish = False
            self.request.connection.stream.close()  # type: ignore[union-attr]

    def not_modified(self, etag: str) -> bool:
        """Name the answer's version; whether the browser holds it already (then this was the answer)."""
        self.set_header("Etag", f'"{etag}"')
        self.set_header("Cache-Control", "private, no-cache")  # asked again each time: the right may have gone
        if not self.check_etag_header():
            return False
        self.set_status(304)
        self.finish()
        return True

    def wanted_width(self) -> int:
        """`?l=`, rounded up to the next step."""
        text = self.get_query_argument("l", "760")
        if not re.fullmatch(r"\d{1,5}", text):
            raise HTTPError(404)
        return min(max(-(-int(text) // WIDTH_STEP), 1) * WIDTH_STEP, WIDEST)


class Download(Outgoing):
    """`GET /api/documents/<ref>`: the file, whole or a range of it. `?enregistrer=1`: to be kept, and counted so."""

    async def get(self, reference: str) -> None:
        save = self.get_query_argument("enregistrer", "") == "1"
        document = service.document_of(self.platform, self.actor, reference)
        self.set_header("Content-Type", document.media_type)
        self.set_header("Content-Disposition", disposition("attachment" if save else "inline", document.filename))
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
        self.set_header("Etag", f'"{document.sha256}"')
        self.set_header("Accept-Ranges", "bytes")
        start, stop = self._range(document)
        self.set_header("Content-Length", str(stop - start))
        if self.request.method == "HEAD":
            self.finish()
            return
        reading = await viewing.read(self.platform, self.actor, reference, start, stop, download=save and start == 0)
        await self.stream(reading.chunks)

    head = get

    def _range(self, document: DocumentView) -> tuple[int, int]:
        """The bytes wanted (RFC 9110, 14): one range; several, or another version's, mean the whole."""
        whole, header = (0, document.size), self.request.headers.get("Range", "")
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
        current = self.request.headers.get("If-Range", f'"{document.sha256}"') == f'"{document.sha256}"'
        if not found or not any(found.groups()) or not current:
            return whole
        first, last = found.groups()
        start = int(first) if first else max(document.size - int(last), 0)
        stop = min(int(last) + 1, document.size) if first and last else document.size
        if start >= stop:
            self.set_header("Content-Range", f"bytes */{document.size}")
            raise _Unsatisfiable
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{document.size}")
        return start, stop

    def _handle_request_exception(self, error: BaseException) -> None:
        if isinstance(error, _Unsatisfiable):
            self.set_status(416)
            for name in ("Content-Type", "Content-Disposition", "Content-Length"):
                self.clear_header(name)
            self.finish()
            return
        super()._handle_request_exception(error)


class _Unsatisfiable(Exception):
    """A range outside of the file."""


class Informations(Outgoing):
    """`GET /api/documents/<ref>/infos`: what a viewer needs before the first page."""

    async def get(self, reference: str) -> None:
        opening = opened(self.platform, self.actor, reference)
        document = opening.view
        answer: dict[str, Any] = {"reference": reference, "kind": document.kind.value, "title": document.title}
        if document.kind is DocumentKind.PDF:
            answer |= await self.unless_gone(viewing.pages(self.platform, self.actor, opening))
        else:
            answer |= document.detail
        self.send_json(answer)


class PageImage(Outgoing):
    """`GET /api/documents/<ref>/pages/<n>.webp?l=<width>`: a page of a PDF; `&avance=1`: nobody looks at it yet."""

    async def get(self, reference: str, page: str) -> None:
        width, ahead = self.wanted_width(), self.get_query_argument("avance", "") == "1"
        opening = opened(self.platform, self.actor, reference)
        if self.not_modified(f"{opening.view.sha256[:32]}-{int(page)}-{width}"):
            return
        image = viewing.page_image(self.platform, self.actor, opening, int(page), width, ahead=ahead)
        self.set_header("Content-Type", "image/webp")
        self.finish(await self.unless_gone(image))


class PageWords(Outgoing):
    """`GET /api/documents/<ref>/pages/<n>/mots`: the words of a page and where they stand."""

    async def get(self, reference: str, page: str) -> None:
        opening = opened(self.platform, self.actor, reference)
        if self.not_modified(f"{opening.view.sha256[:32]}-{int(page)}-mots"):
            return
        words = await self.unless_gone(viewing.words_json(self.platform, self.actor, opening, int(page)))
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(words)


class Search(Outgoing):
    """`GET /api/documents/<ref>/recherche?q=…`: where a text stands."""

    async def get(self, reference: str) -> None:
        text = self.get_query_argument("q", "")
        self.send_json(await self.unless_gone(viewing.search(self.platform, self.actor, reference, text)))


class PictureImage(Outgoing):
    """`GET /api/documents/<ref>/image?l=<width>`: a picture at the width it is shown."""

    async def get(self, reference: str) -> None:
        width = self.wanted_width()
        opening = opened(self.platform, self.actor, reference)
        if self.not_modified(f"{opening.view.sha256[:32]}-{width}"):
            return
        self.set_header("Content-Type", "image/webp")
        self.finish(await self.unless_gone(viewing.picture(self.platform, self.actor, opening, width)))


class PictureTile(Outgoing):
    """`GET /api/documents/<ref>/tuiles/<level>/<column>-<row>.webp`: a piece of a picture, at level 0 all its points."""

    async def get(self, reference: str, level: str, column: str, row: str) -> None:
        opening = opened(self.platform, self.actor, reference)
        if self.not_modified(f"{opening.view.sha256[:32]}-{int(level)}-{int(column)}-{int(row)}"):
            return
        place = (int(level), int(column), int(row))
        tile = viewing.picture_tile(self.platform, self.actor, opening, *place)
        self.set_header("Content-Type", "image/webp")
        self.finish(await self.unless_gone(tile))


class Printing(Outgoing):
    """`POST /api/documents/<ref>/impression` `{"first", "last"}`: pages are about to be printed; kept in the journal."""

    def post(self, reference: str) -> None:
        asked = self.json_body()
        first, last = asked.get("first"), asked.get("last")
        if type(first) is not int or type(last) is not int:
            raise HTTPError(400)
        viewing.print_pages(self.platform, self.actor, reference, first, last)
        self.set_status(204)
        self.finish()


class ImagingFrame(Outgoing):
    """`GET /api/documents/<ref>/coupes/<n>`: a frame of an imaging study, from 0, as little-endian int16."""

    async def get(self, reference: str, frame: str) -> None:
        opening = opened(self.platform, self.actor, reference)
        if self.not_modified(f"{opening.view.sha256[:32]}-coupe-{int(frame)}"):
            return
        pixels = viewing.imaging_frame(self.platform, self.actor, opening, int(frame))
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(await self.unless_gone(pixels))


class Archive(Outgoing):
    """`GET /api/dossiers/<number>/archive.zip`: « Tout télécharger »."""

    async def get(self, number: str) -> None:
        made = archive.archive(self.platform, self.actor, number)
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", disposition("attachment", made.filename))
        await self.stream(made.chunks)


def disposition(kind: str, filename: str) -> str:
    """Content-Disposition with a name in any letters (RFC 6266, 4.3 and appendix D)."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", filename)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
