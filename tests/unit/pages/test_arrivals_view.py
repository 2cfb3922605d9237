"""Files on their way, in the words of the list, and what its buttons do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app.documents import arrivals, examining, service
from app.documents.store import EncryptedFolder
from app.errors import FileRefused, NotFound
from app.pages import arrivals_view
from app.pages.context import PageContext
from tests.support.people import World, small_world
from tests.unit.documents import samples

NUMBER = "TLM-2026-0001"
ACTIVE = samples.pdf_with_object("<</S/Launch/F(calc.exe)>>")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = small_world()
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path, {1: bytes(32)}, 1))
    return world


async def refused(world: World, content: bytes = ACTIVE) -> str:
    with pytest.raises(FileRefused):
        await service.add(world.platform, world.ide_dubois, NUMBER, "Courrier.pdf", iter([content]))
    return arrivals.arrivals_of(world.platform, world.ide_dubois, NUMBER)[-1].reference


async def test_a_refused_file_says_its_motive_and_offers_what_can_be_done(world: World) -> None:
    await refused(world)
    await refused(world, samples.pdf_with_password())
    active, locked = arrivals_view.listed(PageContext(world.platform, world.ide_dubois), NUMBER)
    assert active.state_label == "Refusé\u00a0:"
    assert active.reason.startswith("il lance un autre programme.")
    assert (active.actions, locked.actions) == (("flatten", "dismiss"), ("dismiss",))
    assert active.origin.startswith("N. DUBOIS · ")
    assert arrivals_view.listed(PageContext(world.platform, world.dr_martin), NUMBER) == []


async def test_a_file_under_way_says_how_far_it_is(world: World) -> None:
    reference = await refused(world)
    context = PageContext(world.platform, world.dr_martin)
    arrival_id = arrivals.claim_flattening(world.platform, world.ide_dubois, reference)
    (begun,) = arrivals_view.listed(context, NUMBER)
    arrivals.note_progress(world.platform, arrival_id, 3, 12)
    (shown,) = arrivals_view.listed(context, NUMBER)
    assert (begun.state_label, begun.progress) == ("Mise en images", 0.0)
    assert (shown.state_label, shown.progress, shown.actions) == ("Mise en images : page 3 sur 12", 0.25, ())


async def test_both_buttons_do_what_they_say(world: World, tmp_path: Path) -> None:
    context = PageContext(world.platform, world.ide_dubois)
    first, second = await refused(world), await refused(world)
    arrivals_view.act(context, "dismiss", first)
    with pytest.raises(NotFound):
        arrivals_view.act(context, "dismiss", first)
    arrivals_view.act(context, "flatten", second)
    await asyncio.gather(*examining._background)
    assert [one.title for one in service.documents_of(world.platform, world.dr_martin, NUMBER)] == ["Courrier (aplati)"]
    async with asyncio.timeout(60):
        while len([path for path in tmp_path.rglob("*") if path.is_file()]) != 1:
            await asyncio.sleep(0.01)


async def test_only_whom_a_refusal_concerns_may_act(world: World) -> None:
    reference = await refused(world)
    for login in ("dr.martin", "ide.moreau", "admin"):
        for action in ("dismiss", "flatten"):
            with pytest.raises(NotFound):
                arrivals_view.act(PageContext(world.platform, world.people[login]), action, reference)
