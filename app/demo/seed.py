"""Fill an empty database with the demo: people, dossiers, and documents that pass the same gate as anybody's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial

from sqlmodel import col, select

from app.demo import files
from app.demo.cases import add_cases
from app.demo.people import add_people
from app.documents import reporting, service
from app.documents.models import Document
from app.dossiers.models import Dossier, Step
from app.forms.models import FormKind
from app.forms.service import form_of
from app.french import local
from app.identity.models import Professional
from app.platform import Platform

AUBRY = ("Mme AUBRY Simone", "née le 30/04/1933")
FIRST = "TLM-2026-0001"  # planned today
CLOSED = ("TLM-2026-0003", "dr.martin")


def ensure(platform: Platform) -> bool:
    """Make the demo once, or finish one whose making was interrupted; answers whether anything had to be made."""
    with platform.reading() as session:
        people = {person.login: person for person in session.exec(select(Professional))}
        closed = session.exec(select(Dossier.step).where(Dossier.number == CLOSED[0])).first()
    if closed is Step.CLOSED:  # what is made last
        _bring_to_today(platform)
        return False
    if not people:
        people = _begin(platform)
    asyncio.run(_fill(platform, people))
    return True


def _bring_to_today(platform: Platform) -> None:
    """A demo of yesterday shows appointments of today again: whole days later, as many for all that are to come."""
    with platform.transaction() as session:
        first = session.exec(select(Dossier).where(Dossier.number == FIRST)).one()
        days = (local(platform.now()).date() - local(first.planned_at).date()).days if first.planned_at else 0
        if days <= 0:
            return
        for dossier in session.exec(select(Dossier).where(col(Dossier.step).not_in((Step.CLOSED, Step.CANCELLED)))):
            if dossier.planned_at:
                dossier.planned_at += timedelta(days=days)
                session.add(dossier)


async def fill(platform: Platform) -> dict[str, Professional]:
    """The same on a running event loop: for tests."""
    people = _begin(platform)
    await _fill(platform, people)
    return people


def _begin(platform: Platform) -> dict[str, Professional]:
    with platform.transaction() as session:
        people = add_people(session)
        add_cases(session, people, platform.now())
    return people


async def _fill(platform: Platform, people: dict[str, Professional]) -> None:
    today = local(platform.now()).date()
    present = _present(platform)
    for login, number, filename, make in _documents(today):
        if (number, filename) in present:
            continue
        content = await asyncio.to_thread(make)
        await service.add(platform, people[login], number, filename, iter([content]))
    number, login = CLOSED
    revision = form_of(platform, people[login], number, FormKind.OPINION).revision
    await reporting.sign(platform, people[login], number, revision)
    close = getattr(platform.renderer, "close", None)
    if close is not None:
        await close()


def _present(platform: Platform) -> set[tuple[str, str]]:
    with platform.reading() as session:
        wanted = select(Dossier.number, Document.filename).where(Document.dossier_id == Dossier.id)
        return set(session.exec(wanted))


def _documents(today: date) -> Iterator[tuple[str, str, str, Callable[[], bytes]]]:
    """Who adds what to which dossier, under which name; the content is made when it is needed."""
    yield "dr.petit", "TLM-2026-0001", "Courrier du Dr PETIT.pdf", partial(files.letter, today)
    yield (
        "ide.dubois",
        "TLM-2026-0001",
        f"Biologie du {today - timedelta(days=3):%d-%m-%Y}.hl7",
        partial(files.blood_tests, today),
    )
    yield "dr.petit", "TLM-2026-0001", "Scanner cérébral.dcm", partial(files.head_scan, today)
    yield (
        "ide.dubois",
        "TLM-2026-0001",
        "Photo avant-bras gauche.jpg",
        partial(files.wound_photo, today, site="forearm"),
    )
    yield "ide.dubois", "TLM-2026-0001", "Traitement en cours.pdf", partial(files.treatment, today)
    for days, healing in ((14, 0.0), (7, 0.35), (1, 0.7)):
        day = today - timedelta(days=days)
        yield (
            "ide.dubois",
            "TLM-2026-0002",
            f"Talon droit {day:%d-%m-%Y}.jpg",
            partial(files.wound_photo, day, healing=healing),
        )
    yield "ide.dubois", "TLM-2026-0005", "Traitement en cours.pdf", partial(files.treatment, today, patient=AUBRY)
