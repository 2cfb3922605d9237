"""Files on their way: who sees them in which state, what remains of a refused one, and that none is stuck."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from app.audit.models import AuditEntry
from app.documents import arrivals, examining, flattening, service, upkeep, viewing
from app.documents.arrivals import ArrivalView
from app.documents.models import Arrival, ArrivalState, Document
from app.documents.store import EncryptedFolder
from app.dossiers.models import Dossier, Step
from app.errors import FileRefused, NotFound, TeledossierError, TooManyFiles, WrongStep
from tests.support.people import World, small_world
from tests.unit.documents import samples

NUMBER = "TLM-2026-0001"
LETTER = samples.pdf("Maladie d'Alzheimer")
ACTIVE = samples.pdf_with_object("<</S/JavaScript/JS(app.alert\\(1\\))>>")
EXAMINING, REFUSED, FLATTENING = ArrivalState.EXAMINING, ArrivalState.REFUSED, ArrivalState.FLATTENING


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = small_world(upload_megabytes=3)
    world.platform = replace(world.platform, files=EncryptedFolder(tmp_path, {1: bytes(32)}, 1))
    return world


def files_of(world: World) -> list[Path]:
    return [path for path in world.platform.files._folder.rglob("*") if path.is_file()]  # type: ignore[attr-defined]


def listed(world: World, login: str = "ide.dubois") -> list[ArrivalView]:
    return arrivals.arrivals_of(world.platform, world.people[login], NUMBER)


def journal(world: World) -> list[tuple[str, dict[str, Any]]]:
    with world.platform.reading() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id))  # type: ignore[arg-type]
        return [(row.action, json.loads(row.detail)) for row in rows if row.action.startswith(("file.", "document."))]


async def refused(world: World, content: bytes = ACTIVE, name: str = "Courrier.pdf", login: str = "ide.dubois") -> str:
    """A file that was refused; the reference of its row."""
    with pytest.raises(FileRefused):
        await service.add(world.platform, world.people[login], NUMBER, name, iter([content]))
    return listed(world, login)[-1].reference


class Gated:
    """A renderer whose examinations wait for a word of the test."""

    def __init__(self, real: Any) -> None:
        self._real, self.began, self.go_on = real, asyncio.Event(), asyncio.Event()
        self.running = 0

    async def run(self, task: str, key: str, load: Any, **arguments: Any) -> Any:
        self.began.set()
        self.running += 1
        await self.go_on.wait()
        return await self._real.run(task, key, load, **arguments)


# ---- under examination


async def test_a_file_that_has_come_is_shown_to_everybody_while_it_is_examined(world: World) -> None:
    gated = Gated(world.platform.renderer)
    world.platform = replace(world.platform, renderer=gated)  # type: ignore[arg-type]
    heard: list[object] = []
    world.platform.bus.subscribe("dossier", heard.append)
    adding = asyncio.create_task(service.add(world.platform, world.ide_dubois, NUMBER, "Courrier.pdf", iter([LETTER])))
    await gated.began.wait()
    for login in ("ide.dubois", "dr.petit", "dr.martin"):
        (shown,) = listed(world, login)
        assert (shown.filename, shown.state, shown.may_act) == ("Courrier.pdf", EXAMINING, False)
        assert service.documents_of(world.platform, world.people[login], NUMBER) == []
    assert len(heard) == 1
    gated.go_on.set()
    view = await adding
    assert listed(world) == []
    assert [one.reference for one in service.documents_of(world.platform, world.dr_martin, NUMBER)] == [view.reference]
    assert len(heard) == 2


async def test_who_goes_away_after_the_last_byte_still_gets_the_document(world: World) -> None:
    gated = Gated(world.platform.renderer)
    world.platform = replace(world.platform, renderer=gated)  # type: ignore[arg-type]
    adding = asyncio.create_task(service.add(world.platform, world.ide_dubois, NUMBER, "a.pdf", iter([LETTER])))
    await gated.began.wait()
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    gated.go_on.set()
    await asyncio.gather(*examining._background)
    assert [one.title for one in service.documents_of(world.platform, world.dr_martin, NUMBER)] == ["a"]
    assert listed(world) == []


@pytest.mark.parametrize("login", ["ide.moreau", "dr.leroy", "admin"])
async def test_files_of_a_foreign_dossier_do_not_exist(world: World, login: str) -> None:
    reference = await refused(world)
    for act in (
        lambda: listed(world, login),
        lambda: arrivals.remove(world.platform, world.people[login], reference),
        lambda: arrivals.claim_flattening(world.platform, world.people[login], reference),
    ):
        with pytest.raises(NotFound):
            act()


async def test_one_person_cannot_fill_the_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_OF_ONE_PERSON", 2)
    gated = Gated(world.platform.renderer)
    world.platform = replace(world.platform, renderer=gated)  # type: ignore[arg-type]

    def add(login: str) -> Any:
        return service.add(world.platform, world.people[login], NUMBER, "a.pdf", iter([LETTER]))

    waiting = [asyncio.create_task(add("ide.dubois")) for _ in range(2)]
    while len(listed(world)) < 2:
        await asyncio.sleep(0.01)
    with pytest.raises(TooManyFiles):
        await add("ide.dubois")
    waiting.append(asyncio.create_task(add("dr.petit")))  # others go on
    gated.go_on.set()
    assert len(await asyncio.gather(*waiting)) == 3
    assert len(files_of(world)) == 3


async def test_the_files_of_one_person_are_examined_one_after_the_other(world: World) -> None:
    """So that a pile of slow ones holds up nobody else's."""
    gated = Gated(world.platform.renderer)
    world.platform = replace(world.platform, renderer=gated)  # type: ignore[arg-type]

    def add(login: str, name: str) -> Any:
        return service.add(world.platform, world.people[login], NUMBER, name, iter([LETTER]))

    adding = [asyncio.create_task(add("ide.dubois", f"{number}.pdf")) for number in range(5)]
    while len(listed(world)) < 5:
        await asyncio.sleep(0.01)
    adding.append(asyncio.create_task(add("dr.petit", "autre.pdf")))
    while gated.running < 2:
        await asyncio.sleep(0.01)
    assert len(listed(world)) == 6
    await asyncio.sleep(0)
    assert gated.running == 2  # one of each person
    gated.go_on.set()
    await asyncio.gather(*adding)


# ---- a process that dies


def left_behind(world: World, content: bytes = LETTER, name: str = "Courrier.pdf") -> int:
    """A row as a process leaves it that dies during the examination."""
    stored = world.platform.files.write("a" * 32, iter([content]))
    return arrivals.begin(world.platform, world.ide_dubois, NUMBER, name, stored)


async def test_a_file_whose_examiner_died_is_examined_again(world: World) -> None:
    arrival_id = left_behind(world)
    assert arrivals.take_over(world.platform) == []  # somebody may still be at it
    assert upkeep.sweep(world.platform, older_than=0, even_many=True).removed == 0  # its bytes are no leftovers
    world.clock.pass_by(seconds=arrivals.LEASE.total_seconds() + 1)
    assert arrivals.take_over(world.platform) == [arrival_id]
    assert arrivals.take_over(world.platform) == []  # once
    view = await examining.examine(world.platform, arrival_id)
    assert (view.author_name, view.title) == ("N. DUBOIS", "Courrier")
    assert listed(world) == []


async def test_a_file_that_means_more_than_itself_is_refused_when_its_examiner_died(world: World) -> None:
    """A correction without what it corrects would stand beside it as true."""
    stored = world.platform.files.write("b" * 32, iter([LETTER]))
    arrival_id = arrivals.begin(world.platform, world.ide_dubois, NUMBER, "Biologie.json", stored, bound=True)
    world.clock.pass_by(minutes=5)
    assert arrivals.take_over(world.platform) == [arrival_id]
    with pytest.raises(FileRefused, match="redémarré pendant l'analyse. Recommencez"):
        await examining.examine(world.platform, arrival_id)
    assert service.documents_of(world.platform, world.dr_martin, NUMBER) == []
    assert files_of(world) == []


async def test_the_watch_takes_over_by_itself(world: World) -> None:
    left_behind(world)
    world.clock.pass_by(minutes=5)
    examining.start(world.platform)
    async with asyncio.timeout(60):
        while not service.documents_of(world.platform, world.dr_martin, NUMBER):
            await asyncio.sleep(0.01)
    assert listed(world) == []
    for task in list(examining._background):
        task.cancel()
    await asyncio.gather(*examining._background, return_exceptions=True)
    assert len(service.documents_of(world.platform, world.dr_martin, NUMBER)) == 1


async def test_a_file_that_three_processes_died_of_is_refused(world: World) -> None:
    arrival_id = left_behind(world)
    for _ in range(arrivals.MOST_ATTEMPTS):
        world.clock.pass_by(minutes=5)
        assert arrivals.take_over(world.platform) == [arrival_id]
    with pytest.raises(FileRefused, match="panne de notre côté"):
        await examining.examine(world.platform, arrival_id)
    assert [one.state for one in listed(world)] == [REFUSED]
    assert files_of(world) == []


async def test_a_lease_is_renewed_as_long_as_somebody_is_at_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "LEASE", arrivals.LEASE / 200)
    arrival_id = left_behind(world)
    async with examining.lease(world.platform, arrival_id):
        before = world.clock.now() + arrivals.LEASE
        world.clock.pass_by(seconds=60)
        async with asyncio.timeout(60):
            while True:
                with world.platform.reading() as session:
                    if session.get_one(Arrival, arrival_id).busy_until > before:
                        break
                await asyncio.sleep(0.01)
        assert arrivals.take_over(world.platform) == []


# ---- refused


async def test_a_refusal_stays_with_its_reason_for_its_author_and_colleagues(world: World) -> None:
    await refused(world, samples.pdf_with_password(), "secret.pdf")
    for login in ("ide.dubois", "dr.petit"):
        (shown,) = listed(world, login)
        assert (shown.state, shown.can_flatten, shown.may_act) == (REFUSED, False, True)
        assert shown.reason.startswith("il est protégé par un mot de passe.")
    assert listed(world, "dr.martin") == []  # it is none of the expert's business
    assert files_of(world) == []
    ((action, detail),) = journal(world)
    assert action == "file.refused"
    assert detail["reason"].startswith("il est protégé")
    assert set(detail) == {"reason", "sha256", "size"}


async def test_what_is_refused_and_removed_is_gone(world: World) -> None:
    reference = await refused(world)
    assert len(files_of(world)) == 1  # it could be flattened
    number, file_id = arrivals.remove(world.platform, world.dr_petit, reference)
    assert (number, listed(world)) == (NUMBER, [])
    assert file_id is not None
    world.platform.files.delete(file_id)
    assert [action for action, _detail in journal(world)] == ["file.refused", "file.removed"]
    with pytest.raises(NotFound):
        arrivals.remove(world.platform, world.ide_dubois, reference)


async def test_a_refusal_is_forgotten_after_a_day_and_its_bytes_too(world: World) -> None:
    await refused(world)
    world.clock.pass_by(hours=23)
    assert arrivals.forget_old(world.platform) == []
    world.clock.pass_by(hours=2)
    (file_id,) = arrivals.forget_old(world.platform)
    assert listed(world) == []
    assert [path.stem for path in files_of(world)] == [file_id]


async def test_only_so_many_refusals_of_a_dossier_are_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_REFUSALS", 3)
    for number in range(5):
        await refused(world, name=f"{number}.pdf")
    assert [one.filename for one in listed(world)] == ["2.pdf", "3.pdf", "4.pdf"]
    assert len(files_of(world)) == 3


async def test_a_fault_of_ours_is_said_as_one(world: World) -> None:
    class Broken:
        async def run(self, *_arguments: Any, **_more: Any) -> Any:
            raise RuntimeError("no memory")

    world.platform = replace(world.platform, renderer=Broken())  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        await service.add(world.platform, world.ide_dubois, NUMBER, "a.pdf", iter([LETTER]))
    (shown,) = listed(world)
    assert (shown.state, shown.reason) == (REFUSED, examining.FAULT)
    assert files_of(world) == []


async def test_a_dossier_closed_during_the_examination_takes_the_file_no_more(world: World) -> None:
    gated = Gated(world.platform.renderer)
    world.platform = replace(world.platform, renderer=gated)  # type: ignore[arg-type]
    adding = asyncio.create_task(service.add(world.platform, world.ide_dubois, NUMBER, "a.pdf", iter([LETTER])))
    await gated.began.wait()
    step(world, Step.CANCELLED)
    gated.go_on.set()
    with pytest.raises(WrongStep):
        await adding
    (shown,) = listed(world)
    assert (shown.state, shown.may_act, files_of(world)) == (REFUSED, False, [])


def step(world: World, step: Step) -> None:
    with world.platform.transaction() as session:
        dossier = session.exec(select(Dossier).where(Dossier.number == NUMBER)).one()
        dossier.step, dossier.closed_at = step, world.clock.now() if step is Step.CLOSED else None
        session.add(dossier)


# ---- flattened


async def test_an_active_pdf_can_be_added_as_pictures_of_its_pages(world: World) -> None:
    reference = await refused(world, name="Courrier.pdf")
    view = await flattening.flatten(world.platform, world.dr_petit, reference)
    assert (view.title, view.filename, view.author_name) == (
        "Courrier (aplati)",
        "Courrier (aplati).pdf",
        "Dr P. PETIT",
    )
    assert view.detail == {"pages": 1, "text": False, "signed": False, "flattened": True}
    assert (listed(world), len(files_of(world))) == ([], 1)
    reading = await viewing.read(world.platform, world.dr_martin, view.reference)
    content = b"".join([piece async for piece in reading.chunks])
    assert b"JavaScript" not in content
    _action, detail = next(row for row in journal(world) if row[0] == "document.flattened")
    assert detail["sha256"] == view.sha256 != detail["original_sha256"]
    assert "JavaScript" in detail["reason"]


async def test_pages_keep_their_order_size_and_turn(world: World) -> None:
    import pymupdf

    with pymupdf.open(stream=samples.pdf("un", "deux", "trois"), filetype="pdf") as source:
        source[1].set_rotation(90)
        source[2].set_cropbox(pymupdf.Rect(0, 0, 300, 400))
        source.embfile_add("autre.bin", b"autre")
        content = source.tobytes()
    reference = await refused(world, content)
    view = await flattening.flatten(world.platform, world.ide_dubois, reference)
    assert await viewing.pages(world.platform, world.dr_martin, view.reference) == {
        "pages": [[595.0, 842.0], [842.0, 595.0], [300.0, 400.0]],
        "text": False,
    }


REFUSALS: dict[str, type[TeledossierError]] = {"gone": NotFound, "not flattenable": NotFound, "closed": WrongStep}


@pytest.mark.parametrize("how", REFUSALS)
async def test_what_cannot_be_flattened_is_not(world: World, how: str) -> None:
    reference = await refused(world, samples.pdf_with_password() if how == "not flattenable" else ACTIVE)
    if how == "gone":
        arrivals.remove(world.platform, world.ide_dubois, reference)
    if how == "closed":
        step(world, Step.CLOSED)
    with pytest.raises(REFUSALS[how]):
        flattening.start(world.platform, world.ide_dubois, reference)


async def test_two_people_cannot_flatten_the_same_file(world: World) -> None:
    reference = await refused(world)
    first = flattening.start(world.platform, world.ide_dubois, reference)
    with pytest.raises(NotFound):
        flattening.start(world.platform, world.dr_petit, reference)
    with pytest.raises(NotFound):
        arrivals.remove(world.platform, world.dr_petit, reference)
    await first
    with world.platform.reading() as session:
        assert len(session.exec(select(Document)).all()) == 1


async def test_flattening_that_fails_says_why_and_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flattening, "MOST_PAGES", 2)
    with_files = samples.pdf_with_attachment(3)
    reference = await refused(world, with_files)
    with pytest.raises(FileRefused):
        await flattening.flatten(world.platform, world.ide_dubois, reference)
    (shown,) = listed(world)
    assert (shown.state, shown.can_flatten) == (REFUSED, False)
    assert shown.reason == flattening.FAILED.format(reason=flattening.TOO_MANY_PAGES)
    assert files_of(world) == []


async def test_flattening_whose_process_died_can_be_asked_for_again(world: World) -> None:
    reference = await refused(world)
    arrivals.claim_flattening(world.platform, world.ide_dubois, reference)
    assert [one.state for one in listed(world)] == [FLATTENING]
    world.clock.pass_by(minutes=5)
    assert arrivals.take_over(world.platform) == []
    (shown,) = listed(world)
    assert (shown.state, shown.can_flatten) == (REFUSED, True)
    assert (await flattening.flatten(world.platform, world.ide_dubois, reference)).title == "Courrier (aplati)"


LIES = {
    "no jpeg": (1, b"%PDF", 10, 10, 100.0, 100.0),
    "too large": (1, b"\xff\xd8\xff", 60_000, 60_000, 100.0, 100.0),
    "no page": (0, b"\xff\xd8\xff", 10, 10, 100.0, 100.0),
    "text": "(1)",
    "short": (1, b"\xff\xd8\xff"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_rendering_process_that_lies_is_not_believed(world: World, lie: str) -> None:
    reference = await refused(world)

    class Liar:
        async def run(self, *_arguments: Any, **_more: Any) -> Any:
            return LIES[lie]

    world.platform = replace(world.platform, renderer=Liar())  # type: ignore[arg-type]
    with pytest.raises(FileRefused):
        await flattening.flatten(world.platform, world.ide_dubois, reference)
    assert files_of(world) == []


async def test_progress_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flattening, "TOLD_EVERY", 0.0)
    reference = await refused(world, samples.pdf_with_attachment(3))
    told: list[tuple[int, int]] = []
    world.platform.bus.subscribe("dossier", lambda _m: told.extend((one.done, one.pages) for one in listed(world)))
    await flattening.flatten(world.platform, world.ide_dubois, reference)
    assert told == [(0, 0), (1, 3), (2, 3), (3, 3)]
