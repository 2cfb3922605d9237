"""What seeing a page costs the database and the web process: asked for at every page, it must stay little."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.documents import entries, rendering_tasks, service, viewing
from app.errors import NotFound
from app.platform import Turn, Urgency
from tests.support.people import World, small_world
from tests.unit.documents import samples

NUMBER = "TLM-2026-0001"
LETTER = samples.pdf("Maladie d'Alzheimer", "page deux")


@pytest.fixture
def world() -> World:
    return small_world()


async def added(world: World) -> str:
    return (await service.add(world.platform, world.ide_dubois, NUMBER, "Courrier.pdf", iter([LETTER]))).reference


@contextmanager
def questions(world: World) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement.split()[0])

    event.listen(world.platform.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(world.platform.engine, "before_cursor_execute", note)


async def test_a_document_seen_before_is_opened_with_one_question(world: World) -> None:
    reference = await added(world)
    first = entries.opened(world.platform, world.dr_martin, reference)
    with questions(world) as asked:
        again = entries.opened(world.platform, world.dr_martin, reference)
    assert [each for each in asked if each != "BEGIN"] == ["SELECT"]
    assert again == first
    assert again.view.seen_at == world.clock.now()


async def test_an_opened_document_is_drawn_without_asking_again(world: World) -> None:
    opening = entries.opened(world.platform, world.dr_martin, await added(world))
    with questions(world) as asked:
        await viewing.page_image(world.platform, world.dr_martin, opening, 1, 380)
        await viewing.words_json(world.platform, world.dr_martin, opening, 1)
        await viewing.search(world.platform, world.dr_martin, opening, "alzheimer")
    assert asked == []


async def test_a_right_that_has_gone_is_noticed_at_the_next_page(world: World) -> None:
    reference = await added(world)
    entries.opened(world.platform, world.dr_martin, reference)
    with world.platform.transaction() as session:
        _document, dossier = entries.find(session, world.dr_martin, reference)
        dossier.expert_id = None
        session.add(dossier)
    with pytest.raises(NotFound):
        entries.opened(world.platform, world.dr_martin, reference)


async def test_each_job_says_for_whom_and_how_urgent_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opening = entries.opened(world.platform, world.dr_martin, await added(world))
    turns: list[tuple[str, Turn]] = []
    run = world.platform.renderer.run

    async def watched(task: str, *args: Any, turn: Turn, **arguments: Any) -> Any:
        turns.append((task, turn))
        return await run(task, *args, turn=turn, **arguments)

    monkeypatch.setattr(world.platform.renderer, "run", watched)
    platform, actor = world.platform, world.dr_martin
    await viewing.page_image(platform, actor, opening, 1, 760)
    await viewing.page_image(platform, actor, opening, 2, 760, ahead=True)
    await viewing.page_image(platform, actor, opening, 2, viewing.THUMBNAIL)
    await viewing.search(platform, actor, opening, "alzheimer")
    theirs = [(task, turn) for task, turn in turns if turn.person == "dr.martin"]  # beside what is drawn at arrival
    assert theirs == [
        ("pdf_page", Turn("dr.martin", Urgency.SEEN)),
        ("pdf_page", Turn("dr.martin", Urgency.AHEAD)),
        ("pdf_page", Turn("dr.martin", Urgency.AHEAD)),
        ("pdf_search", Turn("dr.martin", Urgency.SOUGHT)),
    ]


async def test_a_search_goes_on_where_its_slice_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.documents.rendering_search.SLICE_SECONDS", 0.0)  # one page each
    long = samples.pdf(*(f"Page {number} : constante" for number in range(1, 6)))
    view = await service.add(world.platform, world.ide_dubois, NUMBER, "Long.pdf", iter([long]))
    places = await viewing.search(world.platform, world.dr_martin, view.reference, "constante")
    assert [place["page"] for place in places] == [1, 2, 3, 4, 5]
    monkeypatch.setattr(viewing, "MOST_HITS", 3)
    places = await viewing.search(world.platform, world.dr_martin, view.reference, "constante")
    assert [place["page"] for place in places] == [1, 2, 3]


async def test_a_search_that_does_not_move_on_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = await added(world)

    async def taken_over(*_args: Any, **_arguments: Any) -> Any:
        return {"places": [], "next": 1}

    monkeypatch.setattr(world.platform.renderer, "run", taken_over)
    assert await viewing.search(world.platform, world.dr_martin, reference, "alzheimer") == []


def test_half_a_word_is_marked_as_half_a_word() -> None:
    whole, half = (
        rendering_tasks.run("pdf_search", "half", LETTER, {"text": text})["places"][0]["boxes"][0]
        for text in ("alzheimer", "alzhei")
    )
    assert half[0] == whole[0]
    assert half[2] < whole[2]
