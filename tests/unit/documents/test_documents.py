"""Documents of a dossier: who may add, see and take them, and that nothing half done remains."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.audit.service import verify
from app.documents import intake, report, reporting, service, tracing, viewing
from app.documents.archive import archive
from app.documents.counting import counts
from app.documents.entries import DocumentView
from app.documents.models import Document, DocumentKind
from app.documents.store import EncryptedFolder
from app.dossiers.models import Dossier, Step
from app.errors import (
    AccessDenied,
    FileDamaged,
    FileRefused,
    FileTooLarge,
    InvalidInput,
    Locked,
    NotFound,
    StaleDraft,
    TeledossierError,
    WrongStep,
)
from app.teleconsultation import service as room
from tests.support.people import World, small_world
from tests.unit.documents import samples

NUMBER = "TLM-2026-0001"
CLOSED, CANCELLED, DRAFT, OPINION_DUE = "TLM-2026-0003", "TLM-2026-0004", "TLM-2026-0008", "TLM-2026-0005"
LETTER = samples.pdf("Maladie d'Alzheimer", "page deux")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = small_world(upload_megabytes=1)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path, {1: bytes(32)}, 1))
    return world


def files_of(world: World) -> list[Path]:
    return [path for path in world.platform.files._folder.rglob("*") if path.is_file()]  # type: ignore[attr-defined]


def journal(world: World, action: str = "document.") -> list[tuple[str, int | None, str]]:
    with world.platform.reading() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id))  # type: ignore[arg-type]
        return [(row.action, row.actor_id, row.subject) for row in rows if row.action.startswith(action)]


def documents(world: World) -> int:
    with world.platform.reading() as session:
        return len(session.exec(select(Document)).all())


async def added(world: World, login: str = "ide.dubois", number: str = NUMBER, name: str = "Courrier.pdf",
                content: bytes = LETTER) -> DocumentView:  # fmt: skip
    return await service.add(world.platform, world.people[login], number, name, iter([content]))


async def content_of(world: World, login: str, reference: str) -> bytes:
    reading = await viewing.read(world.platform, world.people[login], reference)
    return b"".join([piece async for piece in reading.chunks])


# ---- adding


async def test_a_document_that_was_added_is_there_whole_named_and_journalled(world: World) -> None:
    view = await added(world, name="C:\\Bureau\\Courrier_du Dr PETIT.pdf")
    assert (view.title, view.filename, view.kind) == (
        "Courrier du Dr PETIT",
        "Courrier_du Dr PETIT.pdf",
        DocumentKind.PDF,
    )
    assert view.detail == {"pages": 2, "text": True, "signed": False}
    assert view.sha256 == hashlib.sha256(LETTER).hexdigest()
    assert (view.author_name, view.created_at) == ("N. DUBOIS", world.clock.now())
    assert await content_of(world, "dr.martin", view.reference) == LETTER
    assert journal(world)[0] == ("document.added", world.ide_dubois.id, view.reference)
    with world.platform.reading() as session:
        assert verify(session) is None
        dossier = session.exec(select(Dossier).where(Dossier.number == NUMBER)).one()
        assert counts(session, [dossier.id or 0]) == {dossier.id: 1}
        titles = tracing.titles_of(session, world.dr_martin, dossier.id or 0)
        assert titles == {view.reference: "Courrier du Dr PETIT"}


async def test_the_journal_names_no_file(world: World) -> None:
    await added(world, name="MERCIER Jeanne.pdf")
    with world.platform.reading() as session:
        assert all("MERCIER" not in row.subject + row.detail for row in session.exec(select(AuditEntry)))


async def test_a_photograph_is_kept_upright_without_its_place_and_with_its_time(world: World) -> None:
    view = await added(world, name="talon.jpg", content=samples.photo(orientation=6, placed=True))
    assert (view.detail["width"], view.detail["height"]) == (480, 640)
    assert view.dated_at is not None
    assert view.dated_at.isoformat() == "2026-11-23T14:31:05+01:00"
    kept = await content_of(world, "dr.martin", view.reference)
    assert hashlib.sha256(kept).hexdigest() == view.sha256
    assert b"Fabricant" not in kept
    assert len(files_of(world)) == 1  # the original has gone


WHO_MAY_ADD: dict[tuple[str, str], type[TeledossierError] | None] = {
    ("ide.dubois", NUMBER): None,
    ("dr.petit", NUMBER): None,
    ("dr.martin", NUMBER): None,
    ("dr.leroy", NUMBER): NotFound,
    ("ide.moreau", NUMBER): NotFound,
    ("admin", NUMBER): NotFound,
    ("ide.dubois", DRAFT): None,
    ("dr.leroy", DRAFT): NotFound,
    ("ide.dubois", CLOSED): WrongStep,
    ("dr.martin", CLOSED): WrongStep,
    ("ide.dubois", CANCELLED): WrongStep,
    ("ide.dubois", "TLM-2026-9999"): NotFound,
}


@pytest.mark.parametrize(("login", "number"), WHO_MAY_ADD)
async def test_who_may_add_a_document(world: World, login: str, number: str) -> None:
    expected = WHO_MAY_ADD[login, number]
    if expected is None:
        await added(world, login, number)
        return
    with pytest.raises(expected):
        await added(world, login, number)
    assert files_of(world) == []


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("vide.pdf", b"", FileRefused),
        ("photo.pdf", samples.photo(), FileRefused),
        ("gros.pdf", bytes(1_000_001), FileTooLarge),
        ("secret.pdf", samples.pdf_with_password(), FileRefused),
    ],
)
async def test_what_is_refused_leaves_nothing(world: World, name: str, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        await added(world, name=name, content=content)
    assert (files_of(world), documents(world), journal(world)) == ([], 0, [])


async def test_a_sender_who_goes_away_leaves_nothing(world: World) -> None:
    began = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield LETTER[:1000]
        began.set()
        await asyncio.sleep(60)

    adding = asyncio.create_task(service.add(world.platform, world.ide_dubois, NUMBER, "a.pdf", half()))
    await began.wait()
    await asyncio.sleep(0.05)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert (files_of(world), documents(world), journal(world)) == ([], 0, [])


async def test_a_broken_line_leaves_nothing(world: World) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield LETTER[:1000]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await service.add(world.platform, world.ide_dubois, NUMBER, "a.pdf", broken())
    assert (files_of(world), documents(world)) == ([], 0)


async def test_a_database_that_fails_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("app.audit.service.record", fail)
    with pytest.raises(RuntimeError):
        await added(world)
    assert (files_of(world), documents(world)) == ([], 0)


async def test_a_dossier_closed_while_the_file_was_arriving_takes_it_no_more(world: World) -> None:
    def chunks() -> Iterator[bytes]:
        with world.platform.transaction() as session:
            dossier = session.exec(select(Dossier).where(Dossier.number == NUMBER)).one()
            dossier.step = Step.CANCELLED
            session.add(dossier)
        yield LETTER

    with pytest.raises(WrongStep):
        await service.add(world.platform, world.ide_dubois, NUMBER, "a.pdf", chunks())
    assert (files_of(world), documents(world)) == ([], 0)


# ---- seeing and taking home


async def test_the_list_tells_each_person_what_they_have_seen_and_taken(world: World) -> None:
    view = await added(world)
    before = service.documents_of(world.platform, world.dr_martin, NUMBER)
    assert [(document.seen_at, document.downloaded_at) for document in before] == [(None, None)]
    world.clock.pass_by(minutes=5)
    assert service.open_document(world.platform, world.dr_martin, view.reference).seen_at == world.clock.now()
    world.clock.pass_by(minutes=5)
    reading = await viewing.read(world.platform, world.dr_martin, view.reference, download=True)
    assert b"".join([piece async for piece in reading.chunks]) == LETTER
    (after,) = service.documents_of(world.platform, world.dr_martin, NUMBER)
    assert after.seen_at is not None
    assert after.downloaded_at == world.clock.now()
    assert after.seen_at < after.downloaded_at
    (other,) = service.documents_of(world.platform, world.dr_petit, NUMBER)
    assert (other.seen_at, other.downloaded_at) == (None, None)
    (author,) = service.documents_of(world.platform, world.ide_dubois, NUMBER)
    assert author.seen_at == author.created_at


async def test_seeing_is_journalled_once_and_taking_home_each_time(world: World) -> None:
    view = await added(world)
    for _ in range(3):
        service.open_document(world.platform, world.dr_martin, view.reference)
        await viewing.page_image(world.platform, world.dr_martin, view.reference, 1, 200)
        await viewing.read(world.platform, world.dr_martin, view.reference, download=True)
    actions = [action for action, actor, _subject in journal(world) if actor == world.dr_martin.id]
    assert actions == ["document.seen"] + ["document.downloaded"] * 3


@pytest.mark.parametrize("how", ["page_image", "words", "search", "pages", "read"])
async def test_no_content_without_a_trace(world: World, how: str) -> None:
    view = await added(world)
    more = {"page_image": (1, 200), "words": (1,), "search": ("alzheimer",)}.get(how, ())
    await getattr(viewing, how)(world.platform, world.dr_martin, view.reference, *more)
    assert ("document.seen", world.dr_martin.id, view.reference) in journal(world)


@pytest.mark.parametrize("login", ["ide.moreau", "dr.leroy", "admin"])
@pytest.mark.parametrize("how", ["open_document", "document_of", "read", "page_image", "words", "search", "pages"])
async def test_a_foreign_document_does_not_exist_and_the_attempt_is_journalled(
    world: World, login: str, how: str
) -> None:
    view = await added(world)
    more = {"page_image": (1, 200), "words": (1,), "search": ("alzheimer",)}.get(how, ())
    use_case = getattr(service, how, None) or getattr(viewing, how)
    with pytest.raises(NotFound):
        answer = use_case(world.platform, world.people[login], view.reference, *more)
        await answer
    assert journal(world)[-1] == ("document.refused", world.people[login].id, view.reference)


async def test_a_foreign_list_and_archive_do_not_exist(world: World) -> None:
    for use_case in (service.documents_of, archive):
        with pytest.raises(NotFound):
            use_case(world.platform, world.ide_moreau, NUMBER)
    assert len(journal(world, "dossier.refused")) == 2


async def test_a_reference_that_never_was_is_not_journalled(world: World) -> None:
    with pytest.raises(NotFound):
        service.open_document(world.platform, world.dr_martin, "0" * 32)
    assert journal(world) == []


async def test_a_document_shows_as_what_it_is_and_nothing_else(world: World) -> None:
    view = await added(world, name="talon.jpg", content=samples.photo())
    with pytest.raises(NotFound):
        await viewing.page_image(world.platform, world.dr_martin, view.reference, 1, 200)
    assert (await viewing.picture(world.platform, world.dr_martin, view.reference, 200))[8:12] == b"WEBP"


async def test_a_search_wants_two_letters(world: World) -> None:
    view = await added(world)
    for text in ("", " a ", "x" * 201):
        with pytest.raises(InvalidInput):
            await viewing.search(world.platform, world.dr_martin, view.reference, text)


async def test_a_damaged_file_says_so(world: World) -> None:
    view = await added(world)
    (path,) = files_of(world)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FileDamaged):
        await content_of(world, "dr.martin", view.reference)


# ---- reports


async def test_a_draft_report_is_its_authors_alone_and_replaces_the_one_before(world: World) -> None:
    first = await reporting.make_draft_report(world.platform, world.dr_martin, OPINION_DUE)
    second = await reporting.make_draft_report(world.platform, world.dr_martin, OPINION_DUE)
    (shown,) = service.documents_of(world.platform, world.dr_martin, OPINION_DUE)
    assert (shown.reference, shown.is_report, shown.title) == (second, True, "Compte rendu (brouillon)")
    assert service.documents_of(world.platform, world.ide_dubois, OPINION_DUE) == []
    with pytest.raises(NotFound):
        service.open_document(world.platform, world.ide_dubois, second)
    with pytest.raises(NotFound):
        service.open_document(world.platform, world.dr_martin, first)
    assert len(files_of(world)) == 1
    assert [action for action, _who, _what in journal(world)] == ["document.reported"] * 2


@pytest.mark.parametrize(
    ("login", "error"), [("ide.dubois", AccessDenied), ("ide.moreau", NotFound), ("admin", NotFound)]
)
async def test_who_may_not_make_a_report(world: World, login: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await reporting.make_draft_report(world.platform, world.people[login], OPINION_DUE)
    with pytest.raises(error):
        await reporting.sign(world.platform, world.people[login], OPINION_DUE, 1)
    assert (files_of(world), documents(world)) == ([], 0)


async def test_signing_keeps_the_report_of_the_very_revision_for_everybody(world: World) -> None:
    await reporting.make_draft_report(world.platform, world.dr_martin, OPINION_DUE)
    _complete(world)
    signed = await reporting.sign(world.platform, world.dr_martin, OPINION_DUE, 2)
    (report,) = service.documents_of(world.platform, world.ide_dubois, OPINION_DUE)
    assert (report.is_report, report.detail["draft"], report.title) == (True, False, reporting.TITLE)
    found = await viewing.search(
        world.platform, world.ide_dubois, report.reference, "Dr Claire MARTIN (RPPS 99700000011)"
    )
    assert found
    assert signed.number == OPINION_DUE
    assert len(files_of(world)) == 1


@pytest.mark.parametrize("met", [True, False])
async def test_the_signed_report_tells_the_journal_s_call_and_not_the_appointment(world: World, met: bool) -> None:
    platform = world.platform
    room.enter(platform, world.ide_dubois, OPINION_DUE, "salle-bleue")
    if met:
        world.clock.pass_by(minutes=7)
        room.enter(platform, world.dr_martin, OPINION_DUE, "salle-bleue")
        world.clock.pass_by(minutes=20)
        room.leave(platform, world.dr_martin, OPINION_DUE, "salle-bleue", over=False)
    world.clock.pass_by(minutes=5)
    room.leave(platform, world.ide_dubois, OPINION_DUE, "salle-bleue", over=True)
    _complete(world)
    await reporting.sign(platform, world.dr_martin, OPINION_DUE, 2)
    (report,) = service.documents_of(platform, world.ide_dubois, OPINION_DUE)
    # The appointment was the day before at 16:30.
    wanted = "24 novembre 2026, de 10:19 à 10:39" if met else "Aucune : personne ne s'est réuni"
    assert await viewing.search(platform, world.ide_dubois, report.reference, wanted)


async def test_a_signature_that_fails_leaves_neither_report_nor_seal(world: World) -> None:
    _complete(world)
    with pytest.raises(StaleDraft):
        await reporting.sign(world.platform, world.dr_martin, OPINION_DUE, 1)
    assert (files_of(world), documents(world)) == ([], 0)


async def test_a_draft_that_is_ready_only_after_the_signature_is_not_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = report.render

    async def slow(*asked: Any) -> tuple[bytes, int]:
        monkeypatch.setattr(report, "render", render)
        drawn = await render(*asked)
        await reporting.sign(world.platform, world.dr_martin, OPINION_DUE, 2)
        return drawn

    _complete(world)
    monkeypatch.setattr(report, "render", slow)
    with pytest.raises(Locked):
        await reporting.make_draft_report(world.platform, world.dr_martin, OPINION_DUE)
    (kept,) = service.documents_of(world.platform, world.dr_martin, OPINION_DUE)
    assert kept.title == reporting.TITLE
    assert len(files_of(world)) == 1


@pytest.mark.parametrize(("number", "error"), [(CLOSED, Locked), (CANCELLED, WrongStep)])
async def test_a_dossier_that_is_over_takes_no_draft_report(
    world: World, number: str, error: type[TeledossierError]
) -> None:
    with pytest.raises(error):
        await reporting.make_draft_report(world.platform, world.dr_martin, number)
    assert (files_of(world), documents(world)) == ([], 0)


async def test_a_report_goes_when_its_transaction_does(world: World) -> None:
    async def keep_then_fail() -> None:
        async with intake.keeping(world.platform, LETTER) as stored:
            with world.platform.transaction() as session:
                service.add_report(
                    world.platform, session, world.dr_martin, OPINION_DUE, stored, "Avis", pages=2, draft=False
                )
                assert len(files_of(world)) == 1
                raise RuntimeError

    with pytest.raises(RuntimeError):
        await keep_then_fail()
    assert (files_of(world), documents(world)) == ([], 0)


def _complete(world: World) -> None:
    from app.forms.models import FormKind
    from app.forms.service import form_of, save_draft

    view = form_of(world.platform, world.dr_martin, OPINION_DUE, FormKind.OPINION)
    answers = dict(view.answers)
    for item in view.questionnaire.questions():
        if item.required and item.link_id not in answers:
            answers[item.link_id] = (
                True if item.type == "boolean" else item.options[0].code if item.options else "Réponse"
            )
    assert (
        save_draft(world.platform, world.dr_martin, OPINION_DUE, FormKind.OPINION, answers, view.revision).revision == 2
    )
    assert json.dumps(answers)
