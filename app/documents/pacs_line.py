"""Speaking DICOMweb with the PACS of the installation (PS3.18): few questions, bounded answers, always a time limit.

Only the configured host is asked: no redirect is followed, no address in an answer is used. Instances are handed on as
the bytes they are, inside a zip that is made while they arrive, so that the gate meets them like any other archive;
nothing of them is parsed here. dicomweb-client is not used: it reads whole answers into memory, blocks, and parses
instances with pydicom where it runs (docs/decisions).
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import Message
from typing import IO, Any, cast

import httpx
import structlog

from app.documents.imaging_archive import MOST_ENTRIES
from app.documents.zip_sink import ZipSink
from app.errors import PacsUnavailable
from app.settings import Settings

log = structlog.get_logger(__name__)

LARGEST_LIST = 4 << 20  # bytes of an answer to a question
QUESTION_SECONDS = 30.0
SILENCE = httpx.Timeout(20.0, connect=5.0)  # the longest wait for the next bytes
SERIES_SECONDS = 900.0
LONGEST_HEADERS = 16 << 10  # of a part
UID = re.compile(r"[0-9][0-9.]{0,62}[0-9]")
PLAIN_QUERY = re.compile(r"[A-Za-z0-9_.,=&?*\-]*")
# As they are kept, whatever their compression; some archives know only the plain form.
AS_KEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
PLAIN = 'multipart/related; type="application/dicom"'

ASLEEP = (
    "{name} ne répond pas. Rien n'a été ajouté au dossier. Réessayez dans un moment, ou ajoutez l'examen depuis son CD."
)
CLOSED = "{name} refuse notre demande (identification). Rien n'a été ajouté au dossier. Prévenez l'assistance."
STRANGE = "{name} a répondu de façon incompréhensible. Rien n'a été ajouté au dossier. Prévenez l'assistance."
GONE = "{name} ne trouve plus cet examen. Rien n'a été ajouté au dossier. Refaites la recherche."


Put = Callable[[bytes], Awaitable[None]]
Told = Callable[[int, int], None]  # images and bytes so far


class PacsLine:
    """A line to the PACS for one question or one series; use it in `async with open_line(settings)`."""

    def __init__(self, client: httpx.AsyncClient, name: str) -> None:
        self._client, self._name = client, name

    async def ask(self, path: str, **wanted: str) -> list[dict[str, Any]]:
        """QIDO-RS: a list of datasets as DICOM JSON (PS3.18 annex F). Raises: PacsUnavailable."""
        with self._french_errors():
            async with asyncio.timeout(QUESTION_SECONDS):
                headers = {"Accept": "application/dicom+json"}
                # Written out: values hold only what stands in a query as it is, and not every PACS decodes the rest.
                query = "&".join(f"{name}={value}" for name, value in wanted.items())
                if not PLAIN_QUERY.fullmatch(query):
                    raise ValueError("a value that does not belong in a query")
                async with self._client.stream("GET", f"{path}?{query}", headers=headers) as answer:
                    self._check(answer)
                    content = bytearray()
                    async for piece in answer.aiter_raw():
                        content += piece
                        if len(content) > LARGEST_LIST:
                            raise self._refused(STRANGE)
            if answer.status_code == 204 or not content:
                return []
            found = await asyncio.to_thread(json.loads, bytes(content))
        if not isinstance(found, list) or not all(isinstance(dataset, dict) for dataset in found):
            raise self._refused(STRANGE)
        return found

    async def fetch_series(self, study: str, series: str, put: Put, told: Told) -> None:
        """WADO-RS: a series as a zip, handed to `put` while it comes. Raises: PacsUnavailable.

        The size of the whole is bounded by who takes the pieces (`intake.keep`), the number of instances here.
        """
        path = f"studies/{uid(study)}/series/{uid(series)}"
        with self._french_errors():
            async with asyncio.timeout(SERIES_SECONDS):
                for accepted in (AS_KEPT, PLAIN):
                    async with self._client.stream("GET", path, headers={"Accept": accepted}) as answer:
                        if accepted is AS_KEPT and answer.status_code in (400, 406, 415):
                            continue
                        self._check(answer)
                        await self._zip(answer, put, told)
                        return

    async def _zip(self, answer: httpx.Response, put: Put, told: Told) -> None:
        sink = ZipSink()
        count = size = 0
        current: IO[bytes] | None = None
        with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_STORED) as target:
            try:
                async for event in parts(answer.aiter_raw(), boundary_of(answer.headers.get("Content-Type", ""))):
                    if event is PART_BEGINS:
                        count += 1
                        if count > MOST_ENTRIES:
                            raise ValueError("too many parts")
                        current = target.open(zipfile.ZipInfo(f"{count:05}.dcm"), "w")
                    elif event is PART_ENDS:
                        assert current is not None
                        current.close()
                        told(count, size)
                    else:
                        assert current is not None
                        current.write(event)
                        size += len(event)
                        if piece := sink.take():
                            await put(piece)
            finally:
                if current is not None:
                    current.close()  # a zip with an open entry cannot be closed
        if not count:
            raise ValueError("no part")
        await put(sink.take())

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code in (401, 403):
            raise self._refused(CLOSED)
        if answer.status_code in (404, 410):
            raise self._refused(GONE)
        if answer.status_code >= 500:
            raise self._refused(ASLEEP)
        if answer.status_code not in (200, 204) or answer.headers.get("Content-Encoding", "identity") != "identity":
            raise self._refused(STRANGE)

    def _refused(self, words: str) -> PacsUnavailable:
        return PacsUnavailable(words.format(name=self._name))

    def _french_errors(self) -> Any:
        return _Translated(self._name)


class _Translated:
    """What can go wrong on a line, as one French refusal; the log says which, without an address or a name in it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, httpx.TransportError | httpx.StreamError | TimeoutError | ssl.SSLError):
            log.warning("pacs.away", reason=type(error).__name__)
            raise PacsUnavailable(ASLEEP.format(name=self._name)) from error
        if isinstance(error, ValueError | RecursionError | httpx.HTTPError):
            log.warning("pacs.strange", reason=type(error).__name__)
            raise PacsUnavailable(STRANGE.format(name=self._name)) from error


@asynccontextmanager
async def open_line(settings: Settings) -> AsyncIterator[PacsLine]:
    """A line as the settings say. Raises: PacsUnavailable, where none is set or a certificate cannot be read."""
    if not settings.pacs_url:
        raise PacsUnavailable("Aucun PACS n'est relié à cette installation. Ajoutez l'examen depuis son CD.")
    headers = {"Accept-Encoding": "identity"}
    if token := settings.pacs_token.get_secret_value():
        headers["Authorization"] = f"Bearer {token}"
    auth = (settings.pacs_user, settings.pacs_password.get_secret_value()) if settings.pacs_user else None
    try:
        verify = await asyncio.to_thread(_trust, settings) if settings.pacs_url.startswith("https:") else False
    except (OSError, ssl.SSLError) as error:
        log.error("pacs.certificate", reason=type(error).__name__)
        raise PacsUnavailable(CLOSED.format(name=settings.pacs_name)) from error
    async with httpx.AsyncClient(
        base_url=settings.pacs_url.rstrip("/") + "/",
        headers=headers,
        auth=auth,
        verify=verify,
        timeout=SILENCE,
        follow_redirects=False,
        trust_env=False,  # a proxy of the environment leads outside, the PACS is inside
    ) as client:
        yield PacsLine(client, settings.pacs_name)


def _trust(settings: Settings) -> ssl.SSLContext:
    trust = ssl.create_default_context(cafile=settings.pacs_authority)
    if settings.pacs_certificate:
        trust.load_cert_chain(settings.pacs_certificate)
    return trust


def uid(text: str) -> str:
    """A DICOM unique identifier, which becomes part of an address (PS3.5 9.1). Raises: ValueError."""
    if not UID.fullmatch(text):
        raise ValueError("no UID")
    return text


# ---- multipart/related (RFC 2046 5.1, RFC 2387), while it arrives

PART_BEGINS, PART_ENDS = b"begins", b"ends"  # told apart by identity, never by value


def boundary_of(content_type: str) -> bytes:
    """The boundary between parts. Raises: ValueError, where the answer is no multipart."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary("")
    if header.get_content_type() != "multipart/related" or not 1 <= len(boundary) <= 70:
        raise ValueError("no multipart/related")
    return boundary.encode("ascii", "strict")


async def parts(source: AsyncIterator[bytes], boundary: bytes) -> AsyncIterator[bytes]:
    """`PART_BEGINS`, the pieces of its content, `PART_ENDS`, for each part. Raises: ValueError, also when cut short."""
    delimiter = b"\r\n--" + boundary
    held = b"\r\n"  # so that the first delimiter looks like the others
    inside = ended = False
    async for piece in source:
        held += piece
        while not ended:
            place = held.find(delimiter)
            if place < 0:
                keep = len(delimiter) - 1
                if inside and len(held) > keep:
                    yield held[:-keep]
                    held = held[-keep:]
                if not inside and len(held) > LONGEST_HEADERS:
                    raise ValueError("no part where one must begin")
                break
            after = held[place + len(delimiter) :]
            if len(after) < 2:
                break
            last = after.startswith(b"--")
            headers = 0 if last else after.find(b"\r\n\r\n")
            if headers < 0:
                if len(after) > LONGEST_HEADERS:
                    raise ValueError("headers without end")
                break
            if inside:
                if place:
                    yield held[:place]
                yield PART_ENDS
            inside, ended = not last, last
            if not last:
                _check_part(after[:headers])
                held = after[headers + 4 :]
                yield PART_BEGINS
    if not ended:
        raise ValueError("cut short")


def _check_part(headers: bytes) -> None:
    found = re.search(rb"(?i)\r\ncontent-type:[ \t]*([^;\r\n]+)", headers)
    if found and found[1].strip().lower() != b"application/dicom":
        raise ValueError("a part that is no DICOM")
