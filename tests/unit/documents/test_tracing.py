"""« Traçabilité » and what is left before the purge: who has read what, who has not, who was refused."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from app.documents import closing, laboratory_typing, reporting, service, tracing, viewing
from app.documents.archive import archive
from app.documents.models import Document
from app.documents.readings import Read, Reader
from app.dossiers.models import Dossier
from app.dossiers.service import open_dossier
from app.errors import NotFound
from tests.support.people import World, small_world
from tests.unit.documents import samples

NUMBER, OPINION_DUE = "TLM-2026-0001", "TLM-2026-0005"
EXPERT, NURSE = "Dr Claire MARTIN", "Nadia DUBOIS"


@pytest.fixture
def world() -> World:
    return small_world()


async def added(world: World, name: str = "Courrier.pdf", login: str = "ide.dubois", number: str = NUMBER) -> str:
    return (await service.add(world.platform, world.people[login], number, name, iter([samples.pdf()]))).reference


async def typed(world: World, replaces: str = "", hour: str = "08:15") -> str:
    row = {"id": "r1", "analysis": "Sodium", "value": "128", "unit": "mmol/L"}
    form = {"day": "2026-11-20", "time": hour, "laboratory": "", "rows": [row]}
    return (await laboratory_typing.enter(world.platform, world.ide_dubois, NUMBER, form, replaces)).reference


async def downloaded(world: World, login: str, reference: str) -> None:
    reading = await viewing.read(world.platform, world.people[login], reference, download=True)
    assert [piece async for piece in reading.chunks]


def cells(
    world: World, number: str = NUMBER, login: str = "dr.martin"
) -> dict[tuple[str, str], tuple[bool, bool, bool]]:
    """(document, person): seen, taken, concerned."""
    trace = tracing.trace_of(world.platform, world.people[login], number)
    return {
        (document.title, cell.reader.name): (bool(cell.seen_at), bool(cell.downloaded_at), cell.concerned)
        for document in trace.documents
        for cell in document.cells
    }


def left(world: World, number: str = NUMBER) -> dict[str, tuple[list[str], list[str]]]:
    """Person: titles not seen, titles not taken."""
    return {
        one.reader.name: ([d.title for d in one.not_seen], [d.title for d in one.not_taken])
        for one in closing.left(world.platform, world.dr_martin, number).participants
    }


async def test_a_document_and_a_person_meet_in_one_cell(world: World) -> None:
    reference = await added(world)
    assert cells(world) == {("Courrier", NURSE): (True, False, True), ("Courrier", EXPERT): (False, False, True)}
    await downloaded(world, "dr.martin", reference)
    assert cells(world)["Courrier", EXPERT] == (True, True, True)


async def test_the_first_sight_and_the_last_download_are_kept(world: World) -> None:
    reference = await added(world)
    world.clock.pass_by(hours=1)
    first = world.clock.now()
    for _ in range(2):
        await downloaded(world, "dr.martin", reference)
        last = world.clock.now()
        world.clock.pass_by(hours=1)
    (document,) = tracing.trace_of(world.platform, world.dr_martin, NUMBER).documents
    (cell,) = (cell for cell in document.cells if cell.reader.name == EXPERT)
    assert (cell.seen_at, cell.downloaded_at) == (first, last)


async def test_requerant_and_requis_come_first_then_whoever_looked(world: World) -> None:
    await added(world, login="dr.martin")
    open_dossier(world.platform, world.dr_petit, NUMBER)
    trace = tracing.trace_of(world.platform, world.dr_martin, NUMBER)
    assert [reader.name for reader in trace.readers] == [NURSE, EXPERT, "Dr Paul PETIT"]
    assert [reader.role for reader in trace.readers] == ["infirmière", "gériatre", "médecin coordonnateur"]
    assert [reader.name for reader in trace.readers if reader.key in trace.participants] == [NURSE, EXPERT]


async def test_who_has_lost_the_right_keeps_the_trace_and_is_asked_nothing(world: World) -> None:
    reference = await added(world)
    await downloaded(world, "dr.martin", reference)
    await added(world, "Suite.pdf")
    with world.platform.transaction() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == NUMBER)).one()
        dossier.expert_id = world.dr_leroy.id
        session.add(dossier)
    seen = cells(world, login="dr.leroy")
    assert seen["Courrier", EXPERT] == (True, True, False)
    assert seen["Suite", EXPERT] == (False, False, False)
    people = closing.left(world.platform, world.dr_leroy, NUMBER).participants
    assert [one.reader.name for one in people] == [NURSE, "Dr Hugo LEROY"]


async def test_refused_attempts_are_shown_with_what_was_asked_for(world: World) -> None:
    reference = await added(world)
    with pytest.raises(NotFound):
        service.open_document(world.platform, world.ide_moreau, reference)
    with pytest.raises(NotFound):
        archive(world.platform, world.dr_leroy, NUMBER)
    trace = tracing.trace_of(world.platform, world.dr_martin, NUMBER)
    assert [(one.who, one.what) for one in trace.attempts] == [
        ("Dr Hugo LEROY", "a demandé ce télédossier sans y avoir droit"),
        ("Karim MOREAU", "a demandé un document sans y avoir droit : Courrier"),
    ]
    assert "Karim MOREAU" not in {reader.name for reader in trace.readers}
    assert [line.refused for line in tracing.journal_of(world.platform, world.dr_martin, NUMBER)][:2] == [True, True]


@pytest.mark.parametrize("login", ["ide.moreau", "dr.leroy", "admin"])
@pytest.mark.parametrize("use_case", [tracing.trace_of, tracing.journal_of, closing.left])
def test_the_trace_of_a_foreign_dossier_does_not_exist(world: World, login: str, use_case: object) -> None:
    with pytest.raises(NotFound):
        use_case(world.platform, world.people[login], NUMBER)  # type: ignore[operator]
    lines = tracing.journal_of(world.platform, world.dr_martin, NUMBER)
    assert lines[0].refused


async def test_a_draft_of_the_opinion_is_traced_for_its_author_alone(world: World) -> None:
    await reporting.make_draft_report(world.platform, world.dr_martin, OPINION_DUE)
    assert [title for title, _who in cells(world, OPINION_DUE)] != []
    assert cells(world, OPINION_DUE, "ide.dubois") == {}
    lines = tracing.journal_of(world.platform, world.ide_dubois, OPINION_DUE)
    assert "a généré un compte rendu : brouillon" in [line.what for line in lines]
    assert all("Compte rendu (brouillon)" not in line.what for line in lines)
    assert left(world, OPINION_DUE) == {}


async def test_the_list_s_hover_knows_everybody_who_read_it(world: World) -> None:
    reference = await added(world)
    await downloaded(world, "dr.martin", reference)
    reads = tracing.readers_by_document(world.platform, world.ide_dubois, NUMBER)[reference]
    assert [(read.reader.name, bool(read.downloaded_at)) for read in reads] == [(NURSE, False), (EXPERT, True)]
    with pytest.raises(NotFound):
        tracing.readers_by_document(world.platform, world.ide_moreau, NUMBER)


async def test_readings_of_others_than_professionals_join_by_their_source(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place where what a guest was shown in the room is to count."""
    await added(world)
    at = world.clock.now()

    def guests(_session: Session, documents: list[Document]) -> list[Read]:
        return [Read(document.id or 0, Reader("g7", "Anne MERCIER", "invitée"), at, None) for document in documents]

    monkeypatch.setattr(tracing, "SOURCES", (*tracing.SOURCES, guests))
    assert cells(world)["Courrier", "Anne MERCIER"] == (True, False, False)
    assert "Anne MERCIER" not in left(world)


# ---- before the purge


async def test_a_file_is_to_be_taken_by_everybody_but_who_brought_it(world: World) -> None:
    reference = await added(world)
    assert left(world) == {NURSE: ([], []), EXPERT: (["Courrier"], ["Courrier"])}
    service.open_document(world.platform, world.dr_martin, reference)
    assert left(world)[EXPERT] == ([], ["Courrier"])
    await downloaded(world, "dr.martin", reference)
    assert closing.left(world.platform, world.dr_martin, NUMBER).is_done


async def test_what_was_typed_here_is_to_be_taken_by_its_author_too(world: World) -> None:
    reference = await typed(world)
    title = "Biologie du 20/11/2026"
    assert left(world)[NURSE] == ([], [title])
    await downloaded(world, "ide.dubois", reference)
    assert left(world)[NURSE] == ([], [])


async def test_replaced_and_withdrawn_reports_are_left_to_nobody(world: World) -> None:
    old = await typed(world)
    new = await typed(world, replaces=old, hour="09:00")
    found = closing.left(world.platform, world.dr_martin, NUMBER)
    assert found.count == 1
    laboratory_typing.withdraw(world.platform, world.ide_dubois, new, "autre résident")
    assert closing.left(world.platform, world.dr_martin, NUMBER).participants == ()
    assert {document.holds for document in tracing.trace_of(world.platform, world.dr_martin, NUMBER).documents} == {
        False
    }


async def test_an_archive_takes_everything_home(world: World) -> None:
    await added(world)
    await typed(world)
    for login in ("dr.martin", "ide.dubois"):
        chunks = archive(world.platform, world.people[login], NUMBER).chunks
        assert [piece async for piece in chunks]
    assert closing.left(world.platform, world.dr_martin, NUMBER).is_done


def test_an_export_is_journalled(world: World) -> None:
    tracing.journal_export(world.platform, world.dr_martin, NUMBER)
    assert tracing.journal_of(world.platform, world.dr_martin, NUMBER)[0].what == "a exporté la traçabilité"
    with pytest.raises(NotFound):
        tracing.journal_export(world.platform, world.ide_moreau, NUMBER)
