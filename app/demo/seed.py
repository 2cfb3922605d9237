"""Fill an empty database with the demo: people, dossiers, and documents that pass the same gate as anybody's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta

from sqlmodel import select

from app.demo import files
from app.demo.cases import add_cases
from app.demo.people import add_people
from app.documents import reporting, service
from app.forms.models import FormKind
from app.forms.service import form_of
from app.french import local
from app.identity.models import Professional, Structure
from app.platform import Platform

AUBRY = ("Mme AUBRY Simone", "née le 30/04/1933")
CLOSED = ("TLM-2026-0003", "dr.martin")


def ensure(platform: Platform) -> bool:
    """Make the demo once; answers whether it had to be made."""
    with platform.reading() as session:
        if session.exec(select(Structure).limit(1)).first() is not None:
            return False
    with platform.transaction() as session:
        people = add_people(session)
        add_cases(session, people, platform.now())
    asyncio.run(_fill(platform, people))
    return True


async def fill(platform: Platform) -> dict[str, Professional]:
    """The same on a running event loop: for tests."""
    with platform.transaction() as session:
        people = add_people(session)
        add_cases(session, people, platform.now())
    await _fill(platform, people)
    return people


async def _fill(platform: Platform, people: dict[str, Professional]) -> None:
    today = local(platform.now()).date()
    for login, number, filename, content in _documents(today):
        await service.add(platform, people[login], number, filename, iter([content]))
    number, login = CLOSED
    revision = form_of(platform, people[login], number, FormKind.OPINION).revision
    await reporting.sign(platform, people[login], number, revision)
    close = getattr(platform.renderer, "close", None)
    if close is not None:
        await close()


def _documents(today: date) -> Iterator[tuple[str, str, str, bytes]]:
    yield "dr.petit", "TLM-2026-0001", "Courrier du Dr PETIT.pdf", files.letter(today)
    yield (
        "ide.dubois",
        "TLM-2026-0001",
        f"Biologie du {today - timedelta(days=3):%d-%m-%Y}.hl7",
        files.blood_tests(today),
    )
    yield "dr.petit", "TLM-2026-0001", "Scanner cérébral.dcm", files.head_scan(today)
    yield "ide.dubois", "TLM-2026-0001", "Photo avant-bras gauche.jpg", files.wound_photo(today, site="forearm")
    yield "ide.dubois", "TLM-2026-0001", "Traitement en cours.pdf", files.treatment(today)
    for days, healing in ((14, 0.0), (7, 0.35), (1, 0.7)):
        day = today - timedelta(days=days)
        yield "ide.dubois", "TLM-2026-0002", f"Talon droit {day:%d-%m-%Y}.jpg", files.wound_photo(day, healing=healing)
    yield "ide.dubois", "TLM-2026-0005", "Traitement en cours.pdf", files.treatment(today, patient=AUBRY)
