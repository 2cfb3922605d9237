"""« Tout télécharger »: every document of a dossier as one zip, made while it is sent, with an index to open first.

Memory stays bounded whatever the dossier weighs. A document counts as taken home just before its first byte leaves, and
the right is asked again then. What is damaged must not spoil the rest: a document is read to its end before any of it
is sent (those beyond `HELD` twice, the others are kept in memory meanwhile), and a damaged one is left out, named in
the index, in a text in its place, in the journal and on the page of whoever downloads.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import zipfile
from collections.abc import AsyncIterator, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO, cast

from sqlmodel import col, select

from app.audit import service as audit
from app.documents import archive_index, archive_results, entries, laboratory_typing, readings
from app.documents.archive_index import Line, document_path
from app.documents.laboratory_dossier import Sourced, analysis_of, merged
from app.documents.models import Document, DocumentKind
from app.documents.store_threads import in_thread
from app.documents.viewing import loader
from app.documents.zip_sink import ZipSink
from app.dossiers.access import dossier_for, journal_refusal
from app.dossiers.service import DossierView, announce, view_of
from app.errors import FileDamaged, FileRefused, NotFound
from app.french import local
from app.identity.models import Professional
from app.platform import Platform, StoredFile

PACKED = (DocumentKind.PDF, DocumentKind.PICTURE)  # compressed already
HELD = 8 << 20  # bytes of a document that is kept in memory instead of being read twice
INDEX, RESULTS, SUMS = "index.html", "biologies.html", "SOMME-SHA256.txt"
HOLDS = laboratory_typing.TypedState()
TOPIC = "archive"  # of the bus: `{number, actor, damaged}`, references of what an archive had to leave out


@dataclass(frozen=True)
class Archive:
    """A zip on its way out. Raises, while it is read: NotFound (the right has gone), FileDamaged (while being sent)."""

    filename: str
    chunks: AsyncIterator[bytes]


def archive(platform: Platform, actor: Professional, number: str) -> Archive:
    """Everything in a dossier that `actor` may see; each document counts as taken home, and is journalled.

    Raises: NotFound (journalled when the dossier is somebody else's).
    """
    try:
        with platform.reading() as session:
            dossier = dossier_for(session, actor, number)
            wanted = select(Document).where(Document.dossier_id == dossier.id).order_by(col(Document.id))
            documents = [document for document in session.exec(wanted) if entries.is_shown(actor, document)]
            theirs = readings.of(session, actor, documents)
            states = laboratory_typing.states_in(session, dossier.id or 0)
            lines = archive_index.lines_of(documents, theirs, states)
            view = view_of(session, actor, dossier)
            held = {document.reference for document in documents if states.get(document.reference, HOLDS).holds}
    except NotFound:
        journal_refusal(platform, actor, number)
        raise
    made = _Zip(platform, actor, view, list(zip(documents, lines, strict=True)), held)
    return Archive(f"{number}.zip", made.sent())


class _Zip:
    """One archive while it is made: `pieces` runs on threads, one step at a time."""

    def __init__(
        self,
        platform: Platform,
        actor: Professional,
        dossier: DossierView,
        parts: Sequence[tuple[Document, Line]],
        held: Collection[str],
    ) -> None:
        self._platform, self._actor, self._dossier, self._parts = platform, actor, dossier, parts
        self._held = held  # references of what no newer version replaces, and nobody has withdrawn
        self._results: list[Sourced] = []
        self._sink = ZipSink()
        self._lines: list[Line] = []
        self._sums: list[tuple[str, str]] = []
        self.damaged: list[str] = []

    async def sent(self) -> AsyncIterator[bytes]:
        """The zip's bytes; afterwards, pages are told what was taken and what was left out."""
        pieces = self.pieces()
        try:
            await self._read_results()
            while (piece := await in_thread(next, pieces, None)) is not None:
                if piece:
                    yield piece
        finally:
            with contextlib.suppress(
                ValueError
            ):  # whoever went away left it in the middle of a piece: it ends by itself
                await asyncio.shield(in_thread(pieces.close))
            announce(self._platform, self._dossier.number)
        told = {"number": self._dossier.number, "actor": self._actor.id, "damaged": self.damaged}
        self._platform.bus.publish(TOPIC, told)

    def pieces(self) -> Generator[bytes, None, None]:
        at = self._platform.now()
        with zipfile.ZipFile(cast(IO[bytes], self._sink), "w") as target:
            for document, line in self._parts:
                yield from self._add(target, document, line)
            for name, content in self._pages(at):
                target.writestr(self._entry(name, at), content, zipfile.ZIP_DEFLATED)
                yield self._sink.take()
        yield self._sink.take()

    def _pages(self, at: datetime) -> Iterator[tuple[str, bytes]]:
        """The pages of our own, the sums of everything last. Results are those of documents that are in the archive."""
        taken = {
            document.reference: line
            for (document, _line), line in zip(self._parts, self._lines, strict=True)
            if line.path
        }
        results = merged([one for one in self._results if one.report.reference in taken])
        index = archive_index.page(self._dossier, self._actor, at, self._lines, RESULTS if results else "")
        pages = {INDEX: index} | ({RESULTS: archive_results.page(self._dossier, results, taken)} if results else {})
        for name, page in pages.items():
            content = page.encode()
            self._sums.append((hashlib.sha256(content).hexdigest(), name))
            yield name, content
        yield SUMS, "".join(f"{digest}  {path}\n" for digest, path in self._sums).encode()

    async def _read_results(self) -> None:
        """Read the laboratory reports, the newest first, as far as one page holds them; one that cannot be read is in
        its file only."""
        for document, _line in reversed(self._parts):
            if len(self._results) > archive_results.MOST_SHOWN:
                return
            if document.kind is not DocumentKind.LABORATORY or document.reference not in self._held:
                continue
            stored = StoredFile(document.file_id, document.size, document.sha256, document.wrapped_key)
            load = loader(self._platform, stored)
            try:
                found = await self._platform.renderer.run("laboratory_results", stored.file_id, load)
            except (FileDamaged, FileRefused):
                continue
            report = entries.view_of(document, self._dossier.number, None)
            self._results += [Sourced(result, report, analysis_of(result)) for result in found]

    def _add(self, target: zipfile.ZipFile, document: Document, line: Line) -> Iterator[bytes]:
        held: bytes | None = None
        try:
            if document.size <= HELD:
                held = b"".join(self._checked(document))
            else:
                for _piece in self._checked(document):
                    yield b""  # so that whoever goes away is heard between two pieces
        except FileDamaged:
            yield from self._leave_out(target, document, line)
            return
        if not self._take(document):
            self._lines.append(replace(line, path="", note="Retiré du dossier pendant le téléchargement."))
            return
        entry = self._entry(line.path, document.created_at)
        entry.compress_type = zipfile.ZIP_STORED if document.kind in PACKED else zipfile.ZIP_DEFLATED
        with target.open(entry, "w", force_zip64=document.size > 1 << 31) as file:
            for piece in [held] if held is not None else self._checked(document):
                file.write(piece)
                yield self._sink.take()
        self._lines.append(line)
        self._sums.append((document.sha256, line.path))

    def _checked(self, document: Document) -> Iterator[bytes]:
        """The content. Raises: FileDamaged, after the last piece too when the whole is not what was kept."""
        digest = hashlib.sha256()
        for piece in self._platform.files.read(document.file_id, document.wrapped_key, 0, document.size):
            digest.update(piece)
            yield piece
        if digest.hexdigest() != document.sha256:
            raise FileDamaged

    def _take(self, document: Document) -> bool:
        """Journal a document as taken home; false when it has left the dossier. Raises: NotFound (the right has)."""
        with self._platform.transaction() as session:
            dossier_for(session, self._actor, self._dossier.number)
            try:
                current, _dossier = entries.find(session, self._actor, document.reference)
            except NotFound:
                return False
            readings.mark_downloaded(session, self._platform.now(), self._actor, current)
        return True

    def _leave_out(self, target: zipfile.ZipFile, document: Document, line: Line) -> Iterator[bytes]:
        self.damaged.append(document.reference)
        with self._platform.transaction() as session:
            audit.record(
                session,
                self._platform.now(),
                self._actor,
                "document.damaged",
                dossier_id=document.dossier_id,
                subject=document.reference,
            )
        path = document_path(line.position, len(self._parts), f"ENDOMMAGÉ {document.title}.txt")
        self._lines.append(replace(line, path="", damaged=True))
        content = archive_index.in_place_of(line).encode()
        target.writestr(self._entry(path, document.created_at), content, zipfile.ZIP_DEFLATED)
        self._sums.append((hashlib.sha256(content).hexdigest(), path))
        yield self._sink.take()

    def _entry(self, path: str, at: datetime) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(f"{self._dossier.number}/{path}", local(at).timetuple()[:6])
        entry.external_attr = 0o600 << 16
        return entry
