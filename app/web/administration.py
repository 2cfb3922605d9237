"""What `/administration` does outside of its Panel page: importing people from a file, and files out of it.

`/administration/import` is a plain page that works without JavaScript: choose a file, read the report of each line,
import. Nothing goes through the page's websocket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Any

import structlog
from tornado.httputil import HTTPFile, parse_body_arguments
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, stream_request_body

from app.administration import csv_reading, import_csv, journal, rights
from app.administration.journal import JournalQuery
from app.errors import NotAuthenticated, TeledossierError
from app.french import local
from app.web.base import Handler
from app.web.files import disposition
from app.web.rendering import render

log = structlog.get_logger(__name__)

LARGEST_BODY = 4 * csv_reading.LARGEST  # what is too large is still read so far, to be told in words
CSV = "text/csv; charset=utf-8"


class AdministrationHandler(Handler):
    """Only for administrators; refused before a body is read."""

    act = ""

    def prepare(self) -> Any:
        super().prepare()
        rights.check(self.platform, self.actor, self.act)


@stream_request_body
class Import(AdministrationHandler):
    """`/administration/import`: the form, the report of a file, the import."""

    act = "people.import"

    def prepare(self) -> Any:
        self._body = bytearray()
        self.request.connection.set_max_body_size(LARGEST_BODY)  # type: ignore[union-attr]
        super().prepare()

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk

    def get(self) -> None:
        self._page()

    async def post(self) -> None:
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[HTTPFile]] = {}
        kind = self.request.headers.get("Content-Type", "")
        parse_body_arguments(kind, bytes(self._body), arguments, files)
        token = arguments.get("jeton", [b""])[0].decode(errors="replace")
        try:
            if token:
                imported = await asyncio.to_thread(import_csv.import_people, self.platform, self.actor, token)
                self._page(imported=imported)
                return
            content = files["fichier"][0]["body"] if files.get("fichier") else b""
            report = await asyncio.to_thread(import_csv.try_import, self.platform, self.actor, content)
            self._page(report=report)
        except NotAuthenticated:
            raise
        except TeledossierError as refusal:
            self._page(refusal=refusal)

    def refuse(self, error: TeledossierError) -> None:
        """Who is no administrator is told so on a page."""
        if isinstance(error, NotAuthenticated) or not self.wants_page():
            super().refuse(error)
            return
        self.clear_after_refusal()
        self._page(refusal=error, allowed=False)

    def _page(self, **shown: Any) -> None:
        refusal: TeledossierError | None = shown.get("refusal")
        values: dict[str, Any] = {"report": None, "imported": None, "allowed": True, "person": self.actor}
        values |= {"most": csv_reading.MOST_LINES, "columns": csv_reading.TEMPLATE}
        status = refusal.status if refusal else 200
        words = {"refusal": refusal.message if refusal else ""}
        render(self, "administration_import.html", status=status, **values | shown | words)


class Template(AdministrationHandler):
    """`/api/administration/modele.csv`: the file to start from."""

    act = "people.import"

    def get(self) -> None:
        self.set_header("Content-Type", CSV)
        self.set_header("Content-Disposition", disposition("attachment", "modele-personnes.csv"))
        self.finish(import_csv.template())


class Export(AdministrationHandler):
    """`/api/administration/journal.csv?du=…&au=…&personne=…&action=…&dossier=…&texte=…`: streamed, and journalled."""

    act = "journal.export"

    async def get(self) -> None:
        if self.request.headers.get("Sec-Fetch-Site") == "cross-site":  # a link elsewhere must not export anything
            raise HTTPError(403)
        query = self._query()
        pieces = await asyncio.to_thread(journal.export_journal, self.platform, self.actor, query)
        name = f"journal-{local(self.platform.now()):%Y-%m-%d-%H%M}.csv"
        self.set_header("Content-Type", CSV)
        self.set_header("Content-Disposition", disposition("attachment", name))
        await self._stream(pieces)

    async def _stream(self, pieces: Iterator[bytes]) -> None:
        try:
            while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                self.write(piece)
                await self.flush()
            self.finish()
        except StreamClosedError:
            return
        except Exception:  # half a file must not look like a whole one
            log.exception("journal.export_broken_off")
            self._auto_finish = False
            self.request.connection.stream.close()  # type: ignore[union-attr]

    def _query(self) -> JournalQuery:
        return JournalQuery(
            first_day=self._day("du"),
            last_day=self._day("au"),
            person=self.get_query_argument("personne", ""),
            action=self.get_query_argument("action", ""),
            dossier=self.get_query_argument("dossier", ""),
            text=self.get_query_argument("texte", ""),
        )

    def _day(self, name: str) -> date | None:
        text = self.get_query_argument(name, "")
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise HTTPError(404) from None
