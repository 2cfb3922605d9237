"""Bring images of a dossier's patient from the PACS of the installation.

A PACS holds everybody: what is answered about people who are plainly not the dossier's patient is counted and not
shown, so that nobody reads the archive by typing names. Every search is journalled, by which traits and not with what
values. What is brought goes through the same gate as a file from the disk.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from app.audit import service as audit
from app.documents import imaging_facts, imaging_identity, imaging_tags, pacs_line, service
from app.documents.entries import DocumentView
from app.documents.imaging_adding import Source
from app.documents.imaging_identity import IdentityCheck, Likeness
from app.documents.imaging_model import FileIdentity
from app.dossiers.access import Right, dossier_for
from app.dossiers.models import Patient
from app.dossiers.service import IdentityTraits, traits_of
from app.errors import InvalidInput, TeledossierError
from app.identity.models import Professional
from app.platform import Platform

MOST_STUDIES, MOST_SERIES = 60, 200
LONGEST_TRAIT = 64
WAITING_PIECES = 16
# What a PACS may leave out unless asked (PS3.18 table 10.6.3-3).
OF_STUDY = "StudyDescription,ModalitiesInStudy,NumberOfStudyRelatedSeries,NumberOfStudyRelatedInstances"
OF_SERIES = "SeriesDescription,SeriesNumber,NumberOfSeriesRelatedInstances"
TOO_LITTLE = "Donnez un identifiant, ou un nom d'au moins deux lettres, pour chercher dans le PACS."
ALREADY = "Un import depuis le PACS est déjà en cours pour vous. Attendez sa fin, ou annulez-le."

_under_way: set[int] = set()  # who is bringing something in this process


@dataclass(frozen=True)
class PacsQuery:
    """What is asked of the PACS; empty parts are not asked."""

    number: str = ""
    name: str = ""
    birth_date: date | None = None
    since: date | None = None
    until: date | None = None

    def asked(self) -> dict[str, str]:
        """As QIDO-RS parameters (PS3.18 10.6.1). Raises: InvalidInput, where it would list anybody."""
        number = re.sub(r"[^A-Za-z0-9._\-]", "", self.number)[:LONGEST_TRAIT]
        # One letter of any kind for each that devices write in their own way: accents, hyphens, apostrophes, spaces.
        name = re.sub(r"[^A-Z0-9]", "?", " ".join(self.name.upper().split()))[:LONGEST_TRAIT]
        if not number and len(name.replace("?", "")) < 2:
            raise InvalidInput(TOO_LITTLE)
        wanted = {}
        if number:
            wanted["PatientID"] = number
        if name:
            wanted["PatientName"] = f"{name}*"
        if self.birth_date:
            wanted["PatientBirthDate"] = f"{self.birth_date:%Y%m%d}"
        if self.since or self.until:
            first, last = (f"{day:%Y%m%d}" if day else "" for day in (self.since, self.until))
            wanted["StudyDate"] = f"{first}-{last}"
        return wanted

    @property
    def by(self) -> list[str]:
        """Which traits it names, for the journal."""
        parts = (("identifiant", self.number), ("nom", self.name), ("date de naissance", self.birth_date))
        return [name for name, value in parts if value]


@dataclass(frozen=True)
class PacsStudy:
    """An examination that the PACS holds, and how its patient stands to the dossier's."""

    uid: str
    taken_on: date | None
    modalities: str
    description: str
    series: int
    images: int
    check: IdentityCheck


@dataclass(frozen=True)
class PacsSeries:
    """A series of an examination; `here`: the dossier has it already."""

    uid: str
    number: int | None
    modality: str
    description: str
    images: int
    here: bool = False


@dataclass(frozen=True)
class PacsAnswer:
    """What may be chosen, newest first; `others`: examinations of other people, `more`: the PACS knows more."""

    studies: tuple[PacsStudy, ...]
    others: int
    more: bool


@dataclass(frozen=True)
class Progress:
    """How far an import is: series done of all, images and bytes of the one under way."""

    done: int
    of: int
    images: int
    size: int


@dataclass(frozen=True)
class Brought:
    """What an import added, and in words what it did not."""

    documents: tuple[DocumentView, ...]
    refusals: tuple[str, ...]


def query_for(patient: IdentityTraits) -> PacsQuery:
    """What to ask first for a patient: name and birth date; the PACS may know other numbers than the INS."""
    return PacsQuery(name=patient.birth_name, birth_date=patient.birth_date)


async def search(platform: Platform, actor: Professional, number: str, query: PacsQuery) -> PacsAnswer:
    """Examinations that the PACS has of the dossier's patient. Journalled.

    Raises: NotFound, AccessDenied, WrongStep, InvalidInput, PacsUnavailable.
    """
    service.may_add(platform, actor, number)
    asked = query.asked()
    async with pacs_line.open_line(platform.settings) as line:
        found = await line.ask("studies", **asked, limit=str(MOST_STUDIES + 1), includefield=OF_STUDY)
    more, found = len(found) > MOST_STUDIES, found[:MOST_STUDIES]
    with platform.transaction() as session:
        dossier = dossier_for(session, actor, number, Right.ADD_DOCUMENT)
        traits = traits_of(session.get_one(Patient, dossier.patient_id))
        every = [study for study in (_study(dataset, traits) for dataset in found) if study]
        ours = [study for study in every if study.check.likeness is not Likeness.OTHER]
        audit.record(
            session,
            platform.now(),
            actor,
            "pacs.searched",
            dossier_id=dossier.id,
            subject=number,
            detail={"by": query.by, "found": len(ours), "others": len(every) - len(ours)},
        )
    ours.sort(key=lambda study: str(study.taken_on or ""), reverse=True)
    return PacsAnswer(tuple(ours), len(every) - len(ours), more)


async def series_of(platform: Platform, actor: Professional, number: str, study: PacsStudy) -> tuple[PacsSeries, ...]:
    """The series of an examination. Raises: NotFound, AccessDenied, WrongStep, PacsUnavailable."""
    service.may_add(platform, actor, number)
    async with pacs_line.open_line(platform.settings) as line:
        path = f"studies/{pacs_line.uid(study.uid)}/series"
        found = await line.ask(path, limit=str(MOST_SERIES), includefield=OF_SERIES)
    had = {document.detail.get("series") for document in service.documents_of(platform, actor, number)}
    read = [series for series in map(_series, found[:MOST_SERIES]) if series]
    every = [replace(series, here=series.uid in had) for series in read]
    return tuple(sorted(every, key=lambda series: (series.number is None, series.number or 0, series.uid)))


async def bring(
    platform: Platform,
    actor: Professional,
    number: str,
    study: PacsStudy,
    chosen: Sequence[PacsSeries],
    confirmed: bool,
    told: Callable[[Progress], None],
) -> Brought:
    """Add series of an examination to a dossier, one after the other; cancelling keeps those that are whole.

    `confirmed`: the person vouches for an identity that differs in one trait. One import at a time for each person.
    Raises: NotFound, AccessDenied, WrongStep, InvalidInput; what happens to one series is told in `Brought.refusals`.
    """
    service.may_add(platform, actor, number)
    if (actor.id or 0) in _under_way:
        raise InvalidInput(ALREADY)
    _under_way.add(actor.id or 0)
    documents: list[DocumentView] = []
    refusals: list[str] = []
    try:
        for done, series in enumerate(chosen[:MOST_SERIES]):

            def tell(images: int, size: int, done: int = done) -> None:
                told(Progress(done, len(chosen), images, size))

            tell(0, 0)
            download = _Download(platform, study.uid, series.uid, tell)
            try:
                source = Source(from_pacs=True, confirmed=confirmed)
                documents.append(
                    await service.add(platform, actor, number, "PACS.zip", download.pieces(), source=source)
                )
            except TeledossierError as refusal:
                name = series.description or imaging_facts.modality_name(series.modality) or "Série"
                refusals.append(f"{name} : {refusal.message}")
            finally:
                await download.stop()
    finally:
        _under_way.discard(actor.id or 0)
    return Brought(tuple(documents), tuple(refusals))


class _Download:
    """A series on its way, in a task of its own: a time limit belongs to one task, and who reads changes tasks."""

    def __init__(self, platform: Platform, study: str, series: str, told: pacs_line.Told) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(WAITING_PIECES)
        self._task = asyncio.create_task(self._fetch(platform, study, series, told))

    async def pieces(self) -> AsyncIterator[bytes]:
        """What has come, in order. Raises: PacsUnavailable."""
        while not (self._task.done() and self._queue.empty()):
            getting = asyncio.ensure_future(self._queue.get())
            try:
                await asyncio.wait({getting, self._task}, return_when=asyncio.FIRST_COMPLETED)
                if getting.done():
                    yield getting.result()
            finally:
                getting.cancel()
        self._task.result()

    async def stop(self) -> None:
        """Nobody wants the rest."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # told to whoever read the pieces

    async def _fetch(self, platform: Platform, study: str, series: str, told: pacs_line.Told) -> None:
        async with pacs_line.open_line(platform.settings) as line:
            await line.fetch_series(study, series, self._queue.put, told)


# ---- DICOM JSON (PS3.18 annex F): what is there and of the right kind, nothing else


def _study(dataset: dict[str, Any], patient: IdentityTraits) -> PacsStudy | None:
    uid = _text(dataset, "0020000D")
    if not pacs_line.UID.fullmatch(uid):
        return None
    modalities = dict.fromkeys(imaging_facts.modality_name(code) for code in _texts(dataset, "00080061"))
    return PacsStudy(
        uid=uid,
        taken_on=_day(dataset, "00080020"),
        modalities=", ".join(modalities),
        description=_text(dataset, "00081030"),
        series=_count(dataset, "00201206"),
        images=_count(dataset, "00201208"),
        check=imaging_identity.compare(_identity(dataset), patient),
    )


def _series(dataset: dict[str, Any]) -> PacsSeries | None:
    uid = _text(dataset, "0020000E")
    if not pacs_line.UID.fullmatch(uid):
        return None
    number = _text(dataset, "00200011")
    return PacsSeries(
        uid=uid,
        number=int(number) if re.fullmatch(r"\d{1,9}", number) else None,
        modality=_text(dataset, "00080060"),
        description=_text(dataset, "0008103E"),
        images=_count(dataset, "00201209"),
    )


def _identity(dataset: dict[str, Any]) -> FileIdentity:
    written = next(iter(_values(dataset, "00100010")), "")
    name = str(written.get("Alphabetic", "")) if isinstance(written, dict) else str(written)
    family, _caret, rest = name.partition("^")
    number = _text(dataset, "00100020")
    return FileIdentity(
        imaging_tags.clean(family, LONGEST_TRAIT),
        imaging_tags.clean(rest.partition("^")[0], LONGEST_TRAIT),
        _day(dataset, "00100030"),
        _text(dataset, "00100040")[:1].upper(),
        (number,) if number else (),
    )


def _values(dataset: dict[str, Any], tag: str) -> list[Any]:
    element = dataset.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values[:32] if isinstance(values, list) else []


def _texts(dataset: dict[str, Any], tag: str) -> list[str]:
    return [imaging_tags.clean(value, 80) for value in _values(dataset, tag) if isinstance(value, str | int | float)]


def _text(dataset: dict[str, Any], tag: str) -> str:
    return next(iter(_texts(dataset, tag)), "")


def _count(dataset: dict[str, Any], tag: str) -> int:
    text = _text(dataset, tag)
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 0


def _day(dataset: dict[str, Any], tag: str) -> date | None:
    try:
        return datetime.strptime(_text(dataset, tag), "%Y%m%d").date()
    except ValueError:
        return None
