"""« Tout télécharger »: every document of a dossier as one zip, made while it is sent."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, cast

from sqlmodel import col, select

from app.documents import entries, readings
from app.documents.models import Document, DocumentKind
from app.dossiers.access import dossier_for, journal_refusal
from app.errors import NotFound
from app.french import local
from app.identity.models import Professional
from app.platform import Platform

PACKED = (DocumentKind.PDF, DocumentKind.PICTURE)  # compressed already
FORBIDDEN = str.maketrans({letter: "-" for letter in '<>:"/\\|?*'})  # in Windows' file names


@dataclass(frozen=True)
class Archive:
    """A zip on its way out. Raises, while it is read: FileDamaged."""

    filename: str
    chunks: AsyncIterator[bytes]


def archive(platform: Platform, actor: Professional, number: str) -> Archive:
    """Everything in a dossier that `actor` may see; each document counts as taken home, and is journalled.

    Raises: NotFound (journalled when the dossier is somebody else's).
    """
    try:
        with platform.transaction() as session:
            dossier = dossier_for(session, actor, number)
            wanted = select(Document).where(Document.dossier_id == dossier.id).order_by(col(Document.id))
            documents = [document for document in session.exec(wanted) if entries.is_shown(actor, document)]
            for document in documents:
                readings.mark_downloaded(session, platform.now(), actor, document)
    except NotFound:
        journal_refusal(platform, actor, number)
        raise
    return Archive(f"{number}.zip", _on_threads(_zip(platform, number, documents)))


def _zip(platform: Platform, number: str, documents: Sequence[Document]) -> Iterator[bytes]:
    sink = _Sink()
    with zipfile.ZipFile(cast(IO[bytes], sink), "w") as target:
        for position, document in enumerate(documents, 1):
            entry = zipfile.ZipInfo(
                f"{number}/{position:02} {document.filename.translate(FORBIDDEN)}",
                local(document.created_at).timetuple()[:6],
            )
            entry.compress_type = zipfile.ZIP_STORED if document.kind in PACKED else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            content = platform.files.read(document.file_id, document.wrapped_key, 0, document.size)
            with target.open(entry, "w", force_zip64=document.size > 1 << 31) as file:
                for piece in content:
                    file.write(piece)
                    yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Where zipfile writes; it can't seek, so that sizes follow each file (APPNOTE 4.3.9)."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._written += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


async def _on_threads(source: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, source, None)) is not None:
        if piece:
            yield piece
